// The scanner page: camera, barcode gun, typing and search all end in one scan.
import { ShiftOver, makeCall } from "./calls.js";
import { Camera } from "./camera.js";
import { listenForGun } from "./gun.js";
import { Log } from "./log.js";
import { Queue } from "./queue.js";
import { makeSearch } from "./search.js";
import { VerdictScreen } from "./verdict.js";
import { makeDoorForm } from "./walkin.js";

const COUNT_EVERY = 15_000;
const SHOW_CHECKING_AFTER = 250;

/** @param {string} selector @returns {any} */
const part = (selector) => document.querySelector(selector);
const config = JSON.parse(part("#door-config").textContent);
const { words, urls } = config;
const call = makeCall(config.header);
const queue = new Queue(`desk-${config.device}`, urls, call);
const verdict = new VerdictScreen(part("#verdict"), part("#verdict-template"));
const log = new Log(part("[data-log]"), part("#log-template"), words, config.zone, undo);
document.documentElement.classList.add("scripted");

/* --- one scan ------------------------------------------------------------------- */

let newest = "";

/** @param {{code?: string, person?: string, method: string, admit?: boolean, name?: string}} what */
async function scan({ name, ...what }) {
  const made = { id: crypto.randomUUID(), scanned_at: new Date().toISOString(), ...what };
  newest = made.id;
  const waiting = setTimeout(() => {
    if (newest === made.id) verdict.show({ text: words.checking });
  }, SHOW_CHECKING_AFTER);
  const result = await queue.submit(made);
  clearTimeout(waiting);
  const label = name || what.code || "";
  if (!result) {
    log.add(made.id, { name: label, word: words.unsent_title, canBeUndone: true });
    if (newest === made.id && !isOver) {
      verdict.show(
        {
          tone: "wait",
          sign: "unsent",
          text: words.unsent_title,
          advice: words.unsent_advice,
          person: { name: label },
        },
        [{ label: words.undo, run: () => undo(made.id) }],
      );
    }
    return;
  }
  judge(result, newest === made.id, label);
}

/** @param {any} result @param {boolean} isShown @param {string} label */
function judge(result, isShown, label = "") {
  if (result.error) {
    if (isShown) verdict.show({ tone: "no", sign: "unknown", text: result.error.detail });
    return;
  }
  const { id, person } = result;
  const canBeUndone = result.outcome === "accepted" || result.offer === "again";
  const name = person?.name || label;
  log.add(id, { name, word: result.text, canBeUndone, at: result.scanned_at });
  if (result.outcome === "accepted" && !result.replayed) count(1);
  if (!isShown) return;
  const choices = [];
  if (person && result.offer === "again") {
    const again = { person: person.uid, method: "search", admit: true, name: person.name };
    choices.push({ label: words.again, run: () => scan(again) });
  }
  if (person && result.offer === "admit") {
    choices.push({ label: words.admit, run: () => admit(person) });
  }
  if (result.outcome === "unknown") {
    choices.push({ label: words.search, run: () => (location.hash = "search") });
  } else if (canBeUndone) {
    choices.push({ label: words.undo, run: () => undo(id) });
  }
  if (person && result.may_be_replaced) {
    choices.push({ label: words.instead, run: () => replace(person, id) });
  }
  verdict.show(result, choices);
}

/** @param {{uid: string, name: string}} person */
async function admit(person) {
  const id = crypto.randomUUID();
  try {
    judge(await call("POST", urls.admissions, { id, person: person.uid }), true);
    // One more is expected, too.
    recount();
  } catch (error) {
    if (error instanceof ShiftOver) return over(error.message);
    const text = /** @type {Error} */ (error).message || words.not_saved;
    verdict.show({ tone: "no", sign: "no", text, person: /** @type {any} */ (person) });
  }
}

/** @param {string} id */
async function undo(id) {
  if (newest === id) newest = "";
  verdict.clear();
  log.strike(id);
  const { isThere, text } = await queue.undo(id);
  say(isThere ? text || words.undone : words.undo_waits);
  recount();
}

/* --- what waits, and the shift's end ---------------------------------------------- */

let isOver = false;
const strip = part("[data-unsent]");

queue.addEventListener("change", () => {
  const { late } = queue;
  strip.hidden = !late;
  strip.textContent = late ? words.unsent.replace("{n}", String(late)) : "";
});
queue.addEventListener("delivered", (event) => {
  const results = /** @type {CustomEvent} */ (event).detail;
  for (const result of results) judge(result, false);
  if (results.some((/** @type {any} */ one) => one.error || one.tone !== "yes")) say(words.late);
});
queue.addEventListener("over", (event) => over(/** @type {CustomEvent} */ (event).detail));

/** @param {string} message */
function over(message) {
  isOver = true;
  verdict.show({ tone: "no", sign: "no", text: message || words.shift_over });
}

let quiet = 0;
/** @param {string} text said in the strip for a while */
function say(text) {
  if (queue.late) return;
  strip.hidden = false;
  strip.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => {
    if (!queue.late) strip.hidden = true;
  }, Math.max(4000, text.length * 100));
}

part("[data-end]").addEventListener("submit", (/** @type {Event} */ event) => {
  if (queue.late && !confirm(words.leave)) event.preventDefault();
});

/* --- how many are in -------------------------------------------------------------- */

const present = part("[data-present]");

/** @param {number} more */
function count(more) {
  present.textContent = String(Number(present.textContent) + more);
}

async function recount() {
  if (document.hidden || isOver) return;
  try {
    const counts = await call("GET", urls.stats);
    present.textContent = counts.present;
    part("[data-expected]").textContent = counts.expected;
  } catch (error) {
    if (error instanceof ShiftOver) over(error.message);
  }
}
setInterval(recount, COUNT_EVERY);

/* --- the ways to scan --------------------------------------------------------------- */

const camera = new Camera(part("[data-video]"), urls, (code) => {
  if (!isOver) scan({ code, method: "camera" });
});
const start = part("[data-start]");
const torch = part("[data-torch]");
const cameraNote = part("[data-camera-note]");

async function turnOn() {
  cameraNote.textContent = "";
  const obstacle = await camera.start();
  start.hidden = !obstacle;
  part("[data-camera]").classList.toggle("on", !obstacle);
  if (obstacle) cameraNote.textContent = words[`camera_${obstacle}`];
  torch.hidden = !camera.hasTorch;
}
start.addEventListener("click", turnOn);
torch.addEventListener("click", async () => {
  const on = torch.getAttribute("aria-pressed") !== "true";
  await camera.torch(on);
  torch.setAttribute("aria-pressed", String(on));
});
part("[data-camera]").hidden = false;
navigator.permissions
  ?.query(/** @type {any} */ ({ name: "camera" }))
  .then((permission) => permission.state === "granted" && turnOn())
  .catch(() => {});

const codeForm = part("[data-code]");
listenForGun((code) => {
  codeForm.elements.namedItem("code").value = "";
  scan({ code, method: "wedge" });
});

codeForm.addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const field = codeForm.elements.namedItem("code");
  const code = field.value.trim();
  field.value = "";
  if (code) scan({ code, method: "typed" });
});

const search = makeSearch(
  {
    form: part("[data-search]"),
    list: part("[data-found]"),
    note: part("[data-found-note]"),
    template: part("#found-template"),
  },
  words,
  (query) => call("GET", `${urls.search}?q=${encodeURIComponent(query)}`),
  (person) => {
    search.forget();
    scan({ person: person.uid, method: "search", name: person.name });
  },
  (person) => replace(person),
  (error) => over(error.message),
);

const walkIn = part("[data-walk-in]");
if (walkIn) {
  makeDoorForm(
    walkIn,
    words,
    (body) => call("POST", urls.walk_ins, body),
    (result) => {
      judge(result, true);
      recount();
    },
    (error) => over(error.message),
  );
}

const instead = part("[data-instead]");
const insteadForm =
  instead &&
  makeDoorForm(
    instead,
    words,
    ({ scan: mistaken, ...body }) =>
      call("POST", urls.substitutions, mistaken ? { ...body, scan: mistaken } : body),
    (result) => {
      if (undone) log.strike(undone);
      leaveInstead();
      search.forget();
      judge(result, true);
      recount();
    },
    (error) => over(error.message),
  );
let undone = "";

/**
 * Ask who comes instead of somebody; `mistaken` is the scan that let the absent person in.
 * @param {{uid: string, name: string, organization: string}} person
 * @param {string} [mistaken]
 */
function replace(person, mistaken = "") {
  const field = (/** @type {string} */ name) => instead.elements.namedItem(name);
  // For the same person the id stays: an answer that got lost is asked for again.
  if (field("person").value !== person.uid) {
    instead.reset();
    field("id").value = crypto.randomUUID();
    field("person").value = person.uid;
    field("organization").value = person.organization;
  }
  field("scan").value = undone = mistaken;
  insteadForm.clearErrors();
  part("[data-instead-title]").textContent = words.instead_of.replace("{name}", person.name);
  location.hash = "instead";
}

/** Back to the search, without the event that would take the verdict away. */
function leaveInstead() {
  instead.elements.namedItem("person").value = "";
  history.replaceState(null, "", "#search");
  openPane();
}

/* --- panes ---------------------------------------------------------------------------- */

/** @type {HTMLElement[]} */
const panes = [...document.querySelectorAll("[data-pane]")].map((e) => /** @type {any} */ (e));

function openPane() {
  const wanted = location.hash.slice(1);
  // After a reload nobody is chosen any more who could be replaced.
  if (wanted === "instead" && !instead?.elements.namedItem("person").value) {
    history.replaceState(null, "", "#search");
    return openPane();
  }
  const open = panes.find((pane) => pane.id === wanted) || panes[0];
  for (const pane of panes) pane.classList.toggle("open", pane === open);
  open.hidden = false;
  for (const link of document.querySelectorAll(".door-bottom a")) {
    const isHere = link.getAttribute("href") === `#${open.id}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  return open;
}
addEventListener("hashchange", () => {
  verdict.clear();
  const open = openPane();
  if (open.id === "search") open.querySelector("input")?.focus();
  if (open.id === "instead") instead.elements.namedItem("family_name").focus();
});
// The same tab again: back from the verdict to the tab.
part(".door-bottom").addEventListener("click", () => verdict.clear());
openPane();
if (part("#verdict").childElementCount) document.body.classList.add("judged");
if (queue.late) {
  queue.dispatchEvent(new Event("change"));
  queue.flush();
}
