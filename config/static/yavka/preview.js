// @ts-check
// A form whose preview follows what is typed: <form data-preview="id of the button that shows">.
// Without script the button does it.

const PAUSE = 600;

for (const form of document.querySelectorAll("form[data-preview]")) {
  if (!(form instanceof HTMLFormElement)) continue;
  const button = document.getElementById(form.dataset.preview ?? "");
  if (!(button instanceof HTMLButtonElement)) continue;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const show = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(button), PAUSE);
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", () => clearTimeout(waiting));
}
