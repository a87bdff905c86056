// What script adds to a form that works without it: it is sent once, a mistyped address is
// noticed, the summary of errors is read first, a lost connection loses nothing.
// @ts-check
import { onceStill } from "./still.js";

const KNOWN_HOSTS = [
  "mail.ru", "yandex.ru", "ya.ru", "gmail.com", "bk.ru", "list.ru", "inbox.ru", "rambler.ru",
  "outlook.com", "hotmail.com", "icloud.com", "yahoo.com", "example.org", "example.com",
];

/**
 * Edit distance in which two swapped neighbours count once.
 * @param {string} a @param {string} b @returns {number}
 */
export function distance(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2][j - 2] + 1);
      }
      rows[i][j] = best;
    }
  }
  return rows[a.length][b.length];
}

/**
 * The address that was probably meant, or "".
 * @param {string} typed @returns {string}
 */
export function likelyAddress(typed) {
  const [, local, host] = /^(.+)@([^@]+)$/.exec(typed.trim()) ?? [];
  if (!host || KNOWN_HOSTS.includes(host.toLowerCase())) return "";
  const near = KNOWN_HOSTS.find((known) => {
    const far = distance(host.toLowerCase(), known);
    return far === 1 || (far === 2 && known.length > 8);
  });
  return near ? `${local}@${near}` : "";
}

/** @param {HTMLElement} field */
function watchAddress(field) {
  const input = field.querySelector("input");
  const words = field.dataset.typo;
  if (!input || !words) return;
  const hint = document.createElement("p");
  hint.className = "hint-fix";
  hint.id = `${input.id}_perhaps`;
  hint.setAttribute("role", "status");
  field.append(hint);
  input.addEventListener("blur", () => onceStill(suggest));

  function suggest() {
    if (!input || !words) return;
    hint.replaceChildren();
    const meant = likelyAddress(input.value);
    if (!meant) return;
    const take = document.createElement("button");
    take.type = "button";
    take.className = "link";
    take.textContent = meant;
    take.addEventListener("click", () => {
      input.value = meant;
      hint.replaceChildren();
      input.focus();
    });
    const [before, after] = words.split("{address}");
    hint.append(before, take, after ?? "");
  }
}

/**
 * A second press sends nothing; without a connection nothing is sent and nothing is lost.
 * @param {HTMLFormElement} form
 */
function sendOnce(form) {
  let sending = false;
  const progress = form.querySelector("[data-progress]");
  /** @param {string | undefined} words */
  const say = (words) => {
    if (progress) progress.textContent = words ?? "";
  };
  form.addEventListener("submit", (event) => {
    if (sending) return event.preventDefault();
    if (!navigator.onLine && form.dataset.offline) {
      say(form.dataset.offline);
      return event.preventDefault();
    }
    sending = true;
    say(form.dataset.sending);
  });
  // Back from the next page: the form may be sent again.
  addEventListener("pageshow", () => {
    sending = false;
    say("");
  });
}

/**
 * Whoever registers somebody else must not get his own name filled in for that person.
 * @param {HTMLFormElement} form
 */
function mindWhoIsRegistered(form) {
  const tokens = new Map();
  for (const name of ["family_name", "given_name", "patronymic", "email", "phone"]) {
    const input = form.elements.namedItem(name);
    if (input instanceof HTMLInputElement) tokens.set(input, input.autocomplete);
  }
  const mind = () => {
    const who = form.elements.namedItem("who");
    const other = who instanceof RadioNodeList && who.value === "other";
    for (const [input, token] of tokens) input.autocomplete = other ? "off" : token;
  };
  form.addEventListener("change", mind);
  mind();
}

/** Titles grow with the text but stay one line: Enter goes on as in any other field. */
function keepOneLine() {
  for (const found of document.querySelectorAll("textarea[data-oneline]")) {
    const area = /** @type {HTMLTextAreaElement} */ (found);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) {
        event.preventDefault();
        area.form?.requestSubmit();
      }
    });
    area.addEventListener("input", () => {
      if (/[\r\n]/.test(area.value)) area.value = area.value.replace(/\s*[\r\n]+\s*/g, " ");
    });
  }
}

for (const found of document.querySelectorAll("form[data-form]")) {
  const form = /** @type {HTMLFormElement} */ (found);
  sendOnce(form);
  mindWhoIsRegistered(form);
  const zone = form.elements.namedItem("time_zone");
  if (zone instanceof HTMLInputElement) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  }
}
for (const field of document.querySelectorAll("[data-typo]")) {
  watchAddress(/** @type {HTMLElement} */ (field));
}
keepOneLine();
const first = document.querySelector("[data-focus]");
if (first instanceof HTMLElement) first.focus();
