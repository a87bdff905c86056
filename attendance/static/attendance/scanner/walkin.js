// Registering or replacing at the door: what was typed stays until the server has it.
import { NotDelivered, Refused, ShiftOver } from "./calls.js";

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} words
 * @param {(body: object) => Promise<any>} send
 * @param {(result: any) => void} done
 * @param {(error: ShiftOver) => void} over
 */
export function makeDoorForm(form, words, send, done, over) {
  const general = /** @type {HTMLElement} */ (form.querySelector("[data-form-error]"));
  const id = /** @type {HTMLInputElement} */ (form.elements.namedItem("id"));
  let isSending = false;
  // A form that was drawn with errors has used its id for nothing; a kept page may have.
  id.value = crypto.randomUUID();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    clearErrors();
    const body = Object.fromEntries(new FormData(form));
    delete body.csrfmiddlewaretoken;
    try {
      const result = await send({ ...body, consent: "consent" in body });
      form.reset();
      id.value = crypto.randomUUID();
      done(result);
    } catch (error) {
      if (error instanceof ShiftOver) over(error);
      else if (error instanceof NotDelivered) general.textContent = words.not_saved;
      else if (error instanceof Refused) explain(error);
      else throw error;
    } finally {
      isSending = false;
    }
  });

  return { clearErrors };

  function clearErrors() {
    general.textContent = "";
    for (const old of form.querySelectorAll(".field .error")) old.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
    }
  }

  /** @param {Refused} error */
  function explain(error) {
    if (error.code === "id_reused") id.value = crypto.randomUUID();
    let first = null;
    const missing = { pointer: "/consent", detail: error.message };
    const errors = error.code === "consent_required" ? [missing] : error.errors;
    for (const { pointer, detail } of errors) {
      const field = form.elements.namedItem(pointer.replace(/^\//, "").split("/")[0]);
      if (!(field instanceof HTMLElement)) continue;
      const words = document.createElement("p");
      words.className = "error";
      words.id = `${field.id}_error`;
      words.textContent = detail;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", words.id);
      field.closest(".field")?.append(words);
      first ??= field;
    }
    if (first) {
      first.focus();
      // A tick with its words is taller than what focus brings into view.
      first.closest(".field")?.scrollIntoView({ block: "center" });
    } else general.textContent = error.message;
  }
}
