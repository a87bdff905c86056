// Ticking a page of people one by one is a morning's work: a button ticks all, or nobody again.
// Without script each box is ticked by hand.
// @ts-check

for (const button of document.querySelectorAll("button[data-tick]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const { tick = "", all = "", none = "" } = button.dataset;
  /** @returns {HTMLInputElement[]} */
  const boxes = () => [...document.querySelectorAll("input")].filter((box) => box.type === "checkbox" && box.name === tick);
  const areTicked = () => boxes().every((box) => box.checked);
  const say = () => (button.textContent = areTicked() ? none : all);

  button.hidden = boxes().length < 2;
  button.addEventListener("click", () => {
    const wanted = !areTicked();
    for (const box of boxes()) box.checked = wanted;
    say();
  });
  document.addEventListener("change", say);
  // Whoever comes back finds the boxes as they were left.
  addEventListener("pageshow", say);
}
