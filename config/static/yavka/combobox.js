// A long <select> as a search box (ARIA combobox, list autocomplete with manual selection).
// The <select> stays in the form and carries the value: without script it is simply shown.
// @ts-check
import { onceStill } from "./still.js";

const MOST = 8;
const LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбю";

/** @typedef {{ value: string, name: string, keys: string[] }} Choice */

/**
 * What people disagree about is taken out, as events/spelling.py does.
 * @param {string} text @returns {string}
 */
export function fold(text) {
  return text.toLowerCase().replace(/ё/g, "е").replace(/['’‘ʼʻ`´]/g, "")
    .replace(/[‐‑–—−]/g, "-").replace(/\s+/g, " ").trim();
}

/**
 * The text as the same keys give it in another layout.
 * @param {string} text @param {string} from @param {string} to
 */
function switched(text, from, to) {
  return [...text.toLowerCase()].map((sign) => to[from.indexOf(sign)] ?? sign).join("");
}

/**
 * As typed, then what the same keys give in the other layout.
 * @param {string} typed @returns {string[]}
 */
function attempts(typed) {
  const all = [typed, switched(typed, LATIN, CYRILLIC), switched(typed, CYRILLIC, LATIN)];
  return [...new Set(all.map(fold))].filter(Boolean);
}

/**
 * Choices in which every typed word begins a word, those that begin with it first.
 * @param {Choice[]} choices @param {string} typed @returns {Choice[]}
 */
export function matching(choices, typed) {
  for (const attempt of attempts(typed)) {
    const parts = attempt.split(" ");
    const found = choices.filter((choice) => choice.keys.some((key) => {
      const words = key.split(/[\s(-]+/);
      return parts.every((part) => words.some((word) => word.startsWith(part)) || key.startsWith(part));
    }));
    if (found.length) {
      const leads = (/** @type {Choice} */ choice) => (choice.keys.some((key) => key.startsWith(attempt)) ? 0 : 1);
      return found.sort((a, b) => leads(a) - leads(b)).slice(0, MOST);
    }
  }
  return [];
}

/**
 * The one choice that is meant by exactly this text.
 * @param {Choice[]} choices @param {string} typed @returns {Choice | undefined}
 */
export function exact(choices, typed) {
  for (const attempt of attempts(typed)) {
    const found = choices.filter((choice) => choice.keys.includes(attempt));
    if (found.length === 1) return found[0];
  }
  return undefined;
}

/**
 * Up to three choices that somebody may have meant: by the letter pairs they share.
 * @param {Choice[]} choices @param {string} typed @returns {Choice[]}
 */
export function nearest(choices, typed) {
  /** @param {string} text */
  const pairs = (text) => new Set(Array.from({ length: Math.max(text.length - 1, 0) }, (_, i) => text.slice(i, i + 2)));
  /** @param {string} a @param {string} b */
  const likeness = (a, b) => {
    const [one, two] = [pairs(a), pairs(b)];
    const common = [...one].filter((pair) => two.has(pair)).length;
    return (2 * common) / (one.size + two.size || 1);
  };
  return choices
    .map((choice) => ({
      choice,
      score: Math.max(...attempts(typed).flatMap((attempt) => choice.keys.flatMap((key) =>
        [key, ...key.split(" ")].map((word) => likeness(attempt, word))))),
    }))
    .filter(({ score }) => score >= 0.45)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({ choice }) => choice);
}

/** @param {HTMLElement} holder */
function upgrade(holder) {
  const select = holder.querySelector("select");
  const form = select?.form;
  if (!select || !form) return;
  const words = holder.dataset;
  const typed = /** @type {HTMLInputElement | null} */ (form.elements.namedItem(`${select.name}_typed`));
  /** @type {Choice[]} */
  const choices = [...select.options].filter((option) => option.value).map((option) => ({
    value: option.value,
    name: option.text,
    keys: [fold(option.text), ...(option.dataset.also ?? "").split("|").filter(Boolean)],
  }));

  const input = document.createElement("input");
  const list = document.createElement("ul");
  const status = document.createElement("span");
  const box = document.createElement("div");
  const hint = document.createElement("small");
  const id = select.id;
  select.id = `${id}_select`;
  input.id = id;
  input.type = "text";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", `${id}_list`);
  input.autocomplete = "off";
  input.spellcheck = false;
  input.dir = "auto";
  if (select.getAttribute("aria-invalid")) input.setAttribute("aria-invalid", "true");
  list.id = `${id}_list`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", holder.querySelector("label")?.textContent?.trim() ?? "");
  list.hidden = true;
  status.className = "unseen";
  status.setAttribute("role", "status");
  hint.id = `${id}_hint`;
  hint.textContent = words.hint ?? "";
  box.className = "combo";
  box.append(input, list);
  select.before(hint, box, status);
  select.hidden = true;

  let active = -1;
  /** @type {Choice[]} */
  let shown = [];
  const chosen = choices.find((choice) => choice.value === select.value);
  input.value = chosen?.name ?? typed?.value ?? "";
  let error = document.getElementById(`${id}_error`);
  describe();

  function describe() {
    const by = [hint.id, error?.isConnected ? `${id}_error` : ""].filter(Boolean).join(" ");
    input.setAttribute("aria-describedby", by);
  }

  let objection = "";
  /** @param {string} text */
  function object(text) {
    objection = text;
    onceStill(draw);
  }

  function draw() {
    const text = objection;
    if (!text) {
      error?.remove();
      input.removeAttribute("aria-invalid");
    } else {
      error ??= document.createElement("div");
      error.id = `${id}_error`;
      error.className = "error";
      error.textContent = text;
      if (!error.isConnected) status.after(error);
      input.setAttribute("aria-invalid", "true");
    }
    describe();
  }

  /** @param {number} count */
  function announce(count) {
    const rule = new Intl.PluralRules(document.documentElement.lang).select(count);
    const pattern = rule === "one" ? words.foundOne : rule === "few" ? words.foundFew : words.foundMany;
    status.textContent = count ? (pattern ?? "").replace("{n}", String(count)) : (words.none ?? "");
  }

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function open() {
    shown = input.value.trim() ? matching(choices, input.value) : choices.slice(0, MOST);
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(...shown.map((choice, index) => {
      const item = document.createElement("li");
      item.id = `${id}_option_${index}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = choice.name;
      item.addEventListener("pointerdown", (event) => event.preventDefault());
      item.addEventListener("click", () => take(choice));
      return item;
    }));
    if (!shown.length) list.replaceChildren(nothing());
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    if (input.value.trim()) announce(shown.length);
  }

  /** The one line of a list without any: it is read, not chosen. */
  function nothing() {
    const line = document.createElement("li");
    line.setAttribute("role", "option");
    line.setAttribute("aria-disabled", "true");
    line.textContent = words.none ?? "";
    line.addEventListener("pointerdown", (event) => event.preventDefault());
    return line;
  }

  /** @param {Choice} choice */
  function take(choice) {
    if (!select) return;
    select.value = choice.value;
    input.value = choice.name;
    if (typed) typed.value = "";
    object("");
    close();
    status.textContent = "";
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** What stands in the box becomes the value, or an objection that names the nearest. */
  function settle() {
    if (!select) return;
    const text = input.value.trim();
    const current = choices.find((choice) => choice.value === select.value);
    if (current && current.name === text) return;
    select.value = "";
    if (typed) typed.value = text;
    if (!text) return object("");
    const found = matching(choices, text);
    const meant = exact(choices, text) ?? (found.length === 1 ? found[0] : undefined);
    if (meant) return take(meant);
    const near = nearest(choices, text).map((choice) => (words.quoted ?? "{name}").replace("{name}", choice.name)).join(", ");
    object(((near ? words.near : words.unmatched) ?? "").replace("{typed}", text).replace("{near}", near));
  }

  /** @param {number} step */
  function move(step) {
    if (list.hidden) open();
    if (!shown.length) return;
    active = (active + step + shown.length + (active < 0 && step < 0 ? 1 : 0)) % shown.length;
    [...list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === active));
      if (index === active) item.scrollIntoView({ block: "nearest" });
    });
    input.setAttribute("aria-activedescendant", `${id}_option_${active}`);
  }

  input.addEventListener("input", open);
  input.addEventListener("click", () => list.hidden && open());
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => {
    close();
    settle();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && !list.hidden && (active >= 0 || (shown.length === 1 && input.value.trim()))) {
      take(shown[Math.max(active, 0)]);
    } else if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "Escape" && input.value) {
      input.value = "";
      settle();
    } else return;
    event.preventDefault();
  });
  form.addEventListener("submit", () => settle(), { capture: true });
  // Back from another page: the browser has put the value into the <select> alone.
  addEventListener("pageshow", () => {
    if (document.activeElement === input) return;
    const kept = choices.find((choice) => choice.value === select.value);
    if (kept) input.value = kept.name;
    else if (!input.value && typed?.value) input.value = typed.value;
  });
}

for (const holder of document.querySelectorAll("[data-combobox]")) {
  upgrade(/** @type {HTMLElement} */ (holder));
}
