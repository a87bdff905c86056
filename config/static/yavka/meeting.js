// The meeting page: the reader's own clock, and the phone's way of passing a link on.
// @ts-check

/**
 * Fill in the line with the reader's own time where it differs from the venue's.
 * @param {HTMLElement} line
 */
function showOwnTime(line) {
  const starts = new Date(line.dataset.local ?? "");
  const ends = new Date(line.dataset.until ?? "");
  const language = document.documentElement.lang;
  /** @param {Date} at @param {string} [timeZone] */
  const clock = (at, timeZone) =>
    at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  /** @param {Date} at @param {string} [timeZone] */
  const day = (at, timeZone) => at.toLocaleDateString(language, { day: "numeric", month: "long", timeZone });
  const venue = line.dataset.zone;
  if (clock(starts) === clock(starts, venue) && day(starts) === day(starts, venue)) return;
  const offset = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" })
    .formatToParts(starts).find((part) => part.type === "timeZoneName")?.value ?? "";
  const date = day(starts) === day(starts, venue) ? "" : `${day(starts)}, `;
  line.textContent = (line.textContent ?? "")
    .replace("{time}", `${date}${clock(starts)}–${clock(ends)}`)
    .replace("{zone}", offset.replace("GMT", "UTC"));
  line.hidden = false;
}

for (const line of document.querySelectorAll("[data-local]")) {
  showOwnTime(/** @type {HTMLElement} */ (line));
}

for (const found of document.querySelectorAll("[data-share]")) {
  const button = /** @type {HTMLElement} */ (found);
  if (!navigator.share) break;
  button.hidden = false;
  button.addEventListener("click", () => {
    // Whoever closes the phone's sheet has changed his mind: nothing to report.
    navigator.share({ title: button.dataset.share, url: location.href.split("?")[0] }).catch(() => {});
  });
}
