// Printing needs no script: the browser's menu does it. Where there is one, a button as well.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
