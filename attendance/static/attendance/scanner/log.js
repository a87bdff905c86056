// The log of this desk: what was scanned, newest first, each line with its undoing.
import { slots } from "./verdict.js";

const LONGEST = 50;

export class Log {
  /** @type {Map<string, HTMLElement>} */
  #lines = new Map();

  /**
   * @param {HTMLElement} list
   * @param {HTMLTemplateElement} template
   * @param {Record<string, string>} words
   * @param {string} zone the venue's
   * @param {(scan: string) => void} undo
   */
  constructor(list, template, words, zone, undo) {
    this.clock = new Intl.DateTimeFormat("ru", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    this.list = list;
    this.template = template;
    this.words = words;
    this.undo = undo;
    for (const form of list.querySelectorAll("form[data-undo]")) {
      const id = form.getAttribute("data-undo") || "";
      this.#lines.set(id, /** @type {HTMLElement} */ (form.closest("li")));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.undo(id);
      });
    }
  }

  /**
   * @param {string} id
   * @param {{name: string, word: string, canBeUndone: boolean, at?: string}} line
   */
  add(id, { name, word, canBeUndone, at }) {
    const known = this.#lines.get(id);
    if (known) {
      const shown = known.querySelector(".who span");
      if (shown) shown.textContent = word;
      if (!canBeUndone) known.querySelector("button")?.remove();
      return;
    }
    const { root, slot } = slots(this.template);
    const line = /** @type {HTMLElement} */ (root.firstElementChild);
    const moment = at ? new Date(at) : new Date();
    slot("clock").textContent = this.clock.format(moment);
    slot("clock").setAttribute("datetime", moment.toISOString());
    slot("name").textContent = name;
    slot("word").textContent = word;
    slot("undo").setAttribute("aria-label", `${this.words.undo}: ${name}`);
    slot("undo").addEventListener("click", () => this.undo(id));
    if (!canBeUndone) slot("undo").remove();
    this.list.prepend(line);
    this.#lines.set(id, line);
    while (this.list.childElementCount > LONGEST) this.list.lastElementChild?.remove();
    document.querySelector("[data-log-empty]")?.setAttribute("hidden", "");
  }

  /** @param {string} id */
  strike(id) {
    const line = this.#lines.get(id);
    if (!line || line.classList.contains("undone")) return;
    line.classList.add("undone");
    const note = document.createElement("span");
    note.className = "quiet";
    note.textContent = this.words.undone;
    line.querySelector("form, button")?.replaceWith(note);
  }
}
