// Search while typing; a tap on a line checks the person in, or lets somebody in instead.
import { NotDelivered, ShiftOver } from "./calls.js";
import { slots } from "./verdict.js";

const PAUSE = 250;
const SHORTEST = 2;

/**
 * @param {{form: HTMLFormElement, list: HTMLElement, note: HTMLElement,
 *   template: HTMLTemplateElement}} parts
 * @param {Record<string, string>} words
 * @param {(query: string) => Promise<any>} ask
 * @param {(person: any) => void} chosen
 * @param {(person: any) => void} replaced
 * @param {(error: ShiftOver) => void} over
 */
export function makeSearch({ form, list, note, template }, words, ask, chosen, replaced, over) {
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("q"));
  let asked = "";
  let timer = 0;

  async function search() {
    clearTimeout(timer);
    const query = field.value.trim();
    if (query.length < SHORTEST) {
      asked = "";
      list.replaceChildren();
      note.textContent = query ? words.too_short : "";
      return;
    }
    if (query === asked) return;
    asked = query;
    try {
      const { results } = await ask(query);
      if (asked !== query) return; // a later question was quicker
      list.replaceChildren(...results.map(line));
      note.textContent = results.length
        ? words.found.replace("{n}", results.length)
        : words.nobody;
    } catch (error) {
      asked = "";
      if (error instanceof ShiftOver) over(error);
      else if (error instanceof NotDelivered) note.textContent = words.not_searched;
      else note.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {any} person */
  function line(person) {
    const { root, slot } = slots(template);
    slot("name").textContent = person.name;
    slot("from").textContent = [person.organization, person.region].filter(Boolean).join(" · ");
    const state = slot("state");
    if (person.first_clock) {
      state.textContent = words.already
        .replace("{time}", person.first_clock)
        .replace("{desk}", person.first_desk);
      state.classList.add("wait");
    } else if (person.status !== "confirmed") {
      state.textContent = person.status_text;
      state.classList.add(/cancelled|declined/.test(person.status) ? "no" : "wait");
    }
    state.hidden = !state.textContent;
    root.querySelector("button")?.addEventListener("click", () => chosen(person));
    const instead = slot("instead");
    instead.hidden = !person.may_be_replaced;
    instead.setAttribute("aria-label", `${words.instead}: ${person.name}`);
    instead.addEventListener("click", () => replaced(person));
    return root;
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  return {
    /** After a check-in the lines are out of date. */
    forget() {
      asked = "";
      field.value = "";
      note.textContent = "";
      list.replaceChildren();
    },
  };
}
