// The verdict: a whole screen that stays until the next scan or a tap.
import { signal } from "./signals.js";

/**
 * @typedef {{tone?: string, sign?: string, text?: string, advice?: string, offer?: string,
 *   outcome?: string, other_meeting?: string,
 *   person?: {uid: string, name: string, organization: string, region: string,
 *     category: string, box: string} | null}} Result
 * @typedef {{label: string, run: () => void}} Choice
 */

// A part of a name so long would not fit a phone's width in the largest type.
const LONG_PART = 15;

/** @param {HTMLTemplateElement} template */
export function slots(template) {
  const root = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  /** @param {string} name @returns {HTMLElement} */
  const slot = (name) => {
    const element = root.querySelector(`[data-slot=${name}]`);
    if (!(element instanceof HTMLElement)) throw new Error(`no slot ${name}`);
    return element;
  };
  return { root, slot };
}

export class VerdictScreen {
  /**
   * @param {HTMLElement} area
   * @param {HTMLTemplateElement} template
   */
  constructor(area, template) {
    this.area = area;
    this.template = template;
    area.addEventListener("click", (event) => {
      const target = /** @type {Element} */ (event.target);
      if (!target.closest("button, a")) this.clear();
    });
    /** @type {HTMLElement | null} where the steward was typing before */
    this.typedIn = null;
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.clear();
      const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey;
      // Whoever goes on typing has read the verdict. (A space presses a button.)
      if (isLetter && event.key !== " ") this.clear();
    });
  }

  get isShown() {
    return this.area.childElementCount > 0;
  }

  /**
   * @param {Result} result
   * @param {Choice[]} choices
   */
  show(result, choices = []) {
    const { root, slot } = slots(this.template);
    const { person } = result;
    const isIn = result.outcome === "accepted";
    const verdict = slot("verdict");
    if (result.tone) verdict.classList.add(result.tone);
    verdict.querySelector("use")?.setAttribute("href", `#sign-${result.sign || "clock"}`);
    slot("name").textContent = person?.name || "";
    const isLong = (person?.name || "").split(/[\s-]/).some((part) => part.length > LONG_PART);
    slot("name").classList.toggle("long", isLong);
    slot("word").textContent = result.text || "";
    slot("from").textContent = [person?.organization, person?.region, result.other_meeting]
      .filter(Boolean)
      .join(" · ");
    slot("category").textContent = isIn ? person?.category || "" : "";
    slot("advice").textContent = isIn ? "" : result.advice || "";
    const box = slot("box");
    box.hidden = !(isIn && person?.box);
    const letter = box.querySelector("b");
    if (letter) letter.textContent = person?.box || "";
    for (const { label, run } of choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", run);
      slot("choices").append(button);
    }
    const focused = document.activeElement;
    if (focused instanceof HTMLInputElement) this.typedIn = focused;
    this.area.replaceChildren(root);
    document.body.classList.add("judged");
    if (result.tone) signal(result.tone);
  }

  clear() {
    if (!this.isShown) return;
    this.area.replaceChildren();
    document.body.classList.remove("judged");
    this.typedIn?.focus();
    this.typedIn = null;
  }
}
