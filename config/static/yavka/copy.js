// @ts-check
// Buttons that copy what stands on the page: <button data-copy="id of the text" hidden>.
// Without script the button stays hidden and the text can be selected by hand.

/** @param {HTMLElement} source @returns {string} the text of a field or of an element */
function textOf(source) {
  return source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement
    ? source.value
    : (source.textContent ?? "").trim();
}

/** @param {HTMLElement} source selected by hand where the clipboard is closed (plain HTTP) */
async function copy(source) {
  if (navigator.clipboard) return navigator.clipboard.writeText(textOf(source));
  if (source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement) source.select();
  else getSelection()?.selectAllChildren(source);
  document.execCommand("copy");
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const source = document.getElementById(button.dataset.copy ?? "");
  if (!source) continue;
  const label = button.textContent ?? "";
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await copy(source);
    button.textContent = button.dataset.copied ?? "✓";
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
