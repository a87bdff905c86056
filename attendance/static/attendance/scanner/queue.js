// What is not delivered yet. Written down before it is sent, removed after the answer:
// a scan survives a lost connection, a reload and an empty battery, and is sent again
// under the same id, which the server answers as it did the first time.
import { NotDelivered, Refused, ShiftOver } from "./calls.js";

/**
 * @typedef {{id: string, code?: string, person?: string, method: string, scanned_at: string,
 *   admit?: boolean}} Scan
 * @typedef {{scan?: Scan, undo?: {id: string, scan: string}, late: boolean}} Item
 */

const MOST = 200;
const LONGEST_PAUSE = 60_000;
const NOBODY = "00000000-0000-0000-0000-000000000000";

export class Queue extends EventTarget {
  /** @type {Map<string, Item>} in the order in which things happened */
  #items = new Map();
  #sending = new Set();
  #pause = 2000;
  #timer = 0;

  /**
   * @param {string} place the key in localStorage
   * @param {{scans: string, void: string}} urls
   * @param {(method: string, url: string, body?: object) => Promise<any>} call
   */
  constructor(place, urls, call) {
    super();
    this.place = place;
    this.urls = urls;
    this.call = call;
    try {
      this.#items = new Map(JSON.parse(localStorage.getItem(place) || "[]"));
    } catch {
      // A broken note is no reason to keep the door closed.
    }
    for (const item of this.#items.values()) item.late = true;
    addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden || this.flush());
  }

  /** How many things failed to be delivered so far. */
  get late() {
    return [...this.#items.values()].filter((item) => item.late).length;
  }

  /**
   * Send one scan now. Its result, or null when it has to wait.
   * @param {Scan} scan
   * @returns {Promise<any>}
   */
  async submit(scan) {
    this.#keep(scan.id, { scan, late: false });
    return (await this.#send([scan.id])).get(scan.id) ?? null;
  }

  /**
   * Take a scan back, now or when there is a connection.
   * @param {string} scan
   * @returns {Promise<{isThere: boolean, text: string}>} whether the server has it, its words
   */
  async undo(scan) {
    const id = crypto.randomUUID();
    this.#keep(id, { undo: { id, scan }, late: false });
    // Its scan has to be there first: an undo of nothing would be refused.
    let text = "";
    if (this.#items.has(scan)) await this.flush();
    else text = await this.#sendUndo(id);
    const item = this.#items.get(id);
    if (item) item.late = true;
    this.#write();
    return { isThere: !item, text };
  }

  /** Send whatever waits: scans first, then what takes them back. */
  async flush() {
    clearTimeout(this.#timer);
    const waiting = [...this.#items].filter(([id]) => !this.#sending.has(id));
    const scans = waiting.filter(([, item]) => item.scan).map(([id]) => id);
    for (let start = 0; start < scans.length; start += MOST) {
      const results = await this.#send(scans.slice(start, start + MOST));
      if (!results.size) return;
      this.dispatchEvent(new CustomEvent("delivered", { detail: [...results.values()] }));
    }
    for (const [id, item] of waiting) {
      if (item.undo && !this.#items.has(item.undo.scan)) await this.#sendUndo(id);
    }
  }

  /** @param {string[]} ids @returns {Promise<Map<string, any>>} */
  async #send(ids) {
    const results = new Map();
    const scans = ids.map((id) => this.#items.get(id)?.scan).filter(Boolean);
    if (!scans.length) return results;
    for (const id of ids) this.#sending.add(id);
    try {
      const body = { scans, sent_at: new Date().toISOString() };
      const answer = await this.call("POST", this.urls.scans, body);
      for (const result of answer.results) results.set(result.id, result);
      this.#done(ids);
    } catch (error) {
      if (error instanceof Refused && ids.length > 1) {
        // One of them is bad: found by sending each alone.
        for (const id of ids) {
          for (const [key, result] of await this.#send([id])) results.set(key, result);
        }
      } else if (error instanceof Refused) {
        this.#done(ids);
        results.set(ids[0], { id: ids[0], error: { code: error.code, detail: error.message } });
      } else {
        this.#failed(ids, error);
      }
    } finally {
      for (const id of ids) this.#sending.delete(id);
    }
    return results;
  }

  /** @param {string} id @returns {Promise<string>} what the undoing leaves as it was */
  async #sendUndo(id) {
    const undo = this.#items.get(id)?.undo;
    if (!undo || this.#sending.has(id)) return "";
    this.#sending.add(id);
    try {
      const answer = await this.call("POST", this.urls.void.replace(NOBODY, undo.scan), { id });
      this.#done([id]);
      return answer.text;
    } catch (error) {
      if (error instanceof Refused) this.#done([id]);
      else this.#failed([id], error);
    } finally {
      this.#sending.delete(id);
    }
    return "";
  }

  /** @param {string} id @param {Item} item */
  #keep(id, item) {
    this.#items.set(id, item);
    this.#write();
  }

  /** @param {string[]} ids */
  #done(ids) {
    for (const id of ids) this.#items.delete(id);
    this.#pause = 2000;
    this.#write();
    if (this.late) this.#later();
  }

  /** @param {string[]} ids @param {unknown} error */
  #failed(ids, error) {
    for (const id of ids) {
      const item = this.#items.get(id);
      if (item) item.late = true;
    }
    this.#write();
    if (error instanceof ShiftOver) {
      this.dispatchEvent(new CustomEvent("over", { detail: error.message }));
    } else if (error instanceof NotDelivered) {
      this.#later();
    } else {
      throw error;
    }
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  #write() {
    try {
      localStorage.setItem(this.place, JSON.stringify([...this.#items]));
    } catch {
      // Private mode without storage: the memory of this page has to do.
    }
    this.dispatchEvent(new Event("change"));
  }
}
