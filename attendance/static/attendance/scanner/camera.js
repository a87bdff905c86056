// The camera: one stream for the whole shift, ten looks a second at the middle of the picture.

/**
 * The browser's own decoder where there is one, else the vendored one.
 * @param {{decoder: string, wasm: string}} urls
 */
async function makeDetector(urls) {
  const native = /** @type {any} */ (globalThis).BarcodeDetector;
  if (native) {
    try {
      if ((await native.getSupportedFormats()).includes("qr_code")) {
        return new native({ formats: ["qr_code"] });
      }
    } catch {
      // Some browsers have the name and nothing behind it.
    }
  }
  const vendored = await import(urls.decoder);
  await vendored.prepareZXingModule({
    overrides: { locateFile: () => urls.wasm },
    fireImmediately: true,
  });
  return new vendored.BarcodeDetector({ formats: ["qr_code"] });
}

const PAUSE = 100; // milliseconds between two looks
// The middle of the picture is read in half the time; every third look takes in the whole.
const MIDDLE = 0.7;
// A code held before the camera is one scan, until it has been away for so long.
const AWAY = 3000;

export class Camera {
  #running = false;
  #seen = new Map();

  /**
   * @param {HTMLVideoElement} video
   * @param {{decoder: string, wasm: string}} urls
   * @param {(code: string) => void} found
   */
  constructor(video, urls, found) {
    this.video = video;
    this.urls = urls;
    this.found = found;
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    this.canvas = document.createElement("canvas");
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#running && this.track?.readyState === "ended") this.start();
    });
  }

  /** @returns {Promise<"" | "denied" | "missing" | "busy" | "insecure">} what is in the way */
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) return "insecure";
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      this.video.srcObject = stream;
      this.track = stream.getVideoTracks()[0];
      await this.video.play();
    } catch (error) {
      const name = /** @type {DOMException} */ (error).name;
      if (name === "NotAllowedError") return "denied";
      return name === "NotReadableError" || name === "AbortError" ? "busy" : "missing";
    }
    this.detector ??= await makeDetector(this.urls);
    if (!this.#running) {
      this.#running = true;
      this.#look(0);
    }
    this.#stayAwake();
    return "";
  }

  get hasTorch() {
    return Boolean(/** @type {any} */ (this.track?.getCapabilities?.())?.torch);
  }

  /** @param {boolean} on */
  async torch(on) {
    await this.track?.applyConstraints(/** @type {any} */ ({ advanced: [{ torch: on }] }));
  }

  async #stayAwake() {
    try {
      await /** @type {any} */ (navigator).wakeLock?.request("screen");
    } catch {
      // Low battery, or the page is hidden: the phone may sleep then.
    }
  }

  /** @param {number} turn */
  async #look(turn) {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width && !document.hidden) {
      const middle = MIDDLE * Math.min(width, height);
      const [w, h] = turn % 3 ? [middle, middle] : [width, height];
      this.canvas.width = w;
      this.canvas.height = h;
      const context = this.canvas.getContext("2d", { willReadFrequently: true });
      context?.drawImage(this.video, (width - w) / 2, (height - h) / 2, w, h, 0, 0, w, h);
      try {
        for (const code of await this.detector.detect(this.canvas)) this.#read(code.rawValue);
      } catch (error) {
        console.error(error);
      }
    }
    setTimeout(() => this.#look(turn + 1), PAUSE);
  }

  /** @param {string} code */
  #read(code) {
    const now = performance.now();
    const last = this.#seen.get(code);
    this.#seen.set(code, now);
    if (last === undefined || now - last > AWAY) this.found(code);
  }
}
