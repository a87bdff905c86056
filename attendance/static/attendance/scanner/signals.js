// What a steward hears and feels without looking: up, level, down.

/** @type {Record<string, number[]>} */
const TONES = { yes: [660, 990], wait: [520, 520], no: [330, 180] };
/** @type {Record<string, number[]>} */
const BUZZ = { yes: [60], wait: [60, 80, 60], no: [250] };
/** @type {AudioContext | null} */
let audio = null;

// Browsers give sound only to a page that was touched.
for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(
    kind,
    // Afterwards: opening the sound takes a while, and the keys of a gun come quickly.
    () => setTimeout(unlock),
    { passive: true },
  );
}

function unlock() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume().catch(() => {});
}

/** @param {string} tone yes, wait or no */
export function signal(tone) {
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(BUZZ[tone]);
  if (audio?.state !== "running") return;
  TONES[tone].forEach((frequency, turn) => {
    if (!audio) return;
    const start = audio.currentTime + turn * 0.14;
    const voice = new OscillatorNode(audio, { frequency, type: tone === "no" ? "square" : "sine" });
    const volume = new GainNode(audio, { gain: 0.0001 });
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.25, start + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.13);
    voice.connect(volume).connect(audio.destination);
    voice.start(start);
    voice.stop(start + 0.14);
  });
}
