// Looks again every two seconds while a file is being made; the page works without it.
// @ts-check

const PAUSE = 2000;
const LONGEST_PAUSE = 30000;

/** @type {HTMLElement | null} */
const files = document.querySelector("[data-files]");

/** Fetch the list of files and put it in place. @param {HTMLElement} place */
async function refresh(place) {
  const answer = await fetch(String(place.dataset.files), { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = place.contains(document.activeElement);
  if (!focused) place.replaceChildren(...fresh.body.childNodes);
}

/** @param {HTMLElement} place */
async function follow(place) {
  let pause = PAUSE;
  while (place.querySelector("[data-waiting]")) {
    await new Promise((done) => setTimeout(done, pause));
    if (document.hidden) continue;
    try {
      await refresh(place);
      pause = PAUSE;
    } catch {
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }
}

if (files) follow(files);
