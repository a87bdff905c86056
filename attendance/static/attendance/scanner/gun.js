// A USB barcode scanner types like a very quick person and ends with Enter. It is read by
// the keys' places, so that a Russian or French keyboard layout does not garble the code.

const QUICK = 80; // milliseconds between two keys; nobody types a whole code like that
const CODE = /^(Y[0-9A-Z]{28}|\d{7})$/;

/** @param {string} code a KeyboardEvent's `code` */
function character(code) {
  const key = /^(?:Key([A-Z])|(?:Digit|Numpad)(\d))$/.exec(code);
  return key ? key[1] || key[2] : "";
}

/** @param {(code: string) => void} found */
export function listenForGun(found) {
  let text = "";
  let last = 0;
  /** @type {HTMLInputElement | null} */
  let field = null;
  let before = "";

  addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const quick = event.timeStamp - last < QUICK;
      last = event.timeStamp;
      if (event.key === "Enter" || event.key === "Tab") {
        const code = quick ? text : "";
        text = "";
        if (!CODE.test(code)) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        if (field) field.value = before; // what the gun typed there was not meant for it
        found(code);
        return;
      }
      if (!quick) {
        const focused = document.activeElement;
        field = focused instanceof HTMLInputElement ? focused : null;
        before = field?.value || "";
        text = "";
      }
      text += character(event.code);
    },
    { capture: true },
  );
}
