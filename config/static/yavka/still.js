// Leaving a field may bring up a line of words. It moves what stands below, and a press on
// its way to a button would meet another one: the page stands still until the press is over.
// @ts-check

let isPressed = false;
/** @type {(() => void)[]} */
let waiting = [];

addEventListener("pointerdown", () => (isPressed = true), { capture: true });
for (const end of ["pointerup", "pointercancel", "dragend"]) addEventListener(end, release, { capture: true });

function release() {
  isPressed = false;
  const changes = waiting;
  waiting = [];
  // The click comes with the release; what it finds under the pointer must be the old page.
  for (const change of changes) setTimeout(change);
}

/**
 * Change what stands where, as soon as no press can miss its aim by it.
 * @param {() => void} change
 */
export function onceStill(change) {
  if (isPressed) waiting.push(change);
  // A finger is up by now, and its click follows within the same task.
  else setTimeout(change);
}
