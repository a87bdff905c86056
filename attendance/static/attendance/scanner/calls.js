// Calls to the check-in API. What could not be delivered is told apart from a refusal.

/** Nobody answered, or not in time, or "later": the same request may be sent again. */
export class NotDelivered extends Error {}

/** The shift is over: no request will be answered any more. */
export class ShiftOver extends Error {}

/** The server said no. `code` is for programs, the message for the steward. */
export class Refused extends Error {
  /** @param {number} status @param {any} problem */
  constructor(status, problem) {
    super(problem?.detail || problem?.title || String(status));
    this.status = status;
    this.code = problem?.code || "";
    /** @type {{pointer: string, detail: string}[]} */
    this.errors = problem?.errors || [];
  }
}

const PATIENCE = 6000;

/**
 * @param {string} header the header that only this page sends
 * @returns {(method: string, url: string, body?: object) => Promise<any>}
 */
export function makeCall(header) {
  return async (method, url, body) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), PATIENCE);
    let response, answer;
    try {
      response = await fetch(url, {
        method,
        headers: { [header]: "1", "Content-Type": "application/json", Accept: "application/json" },
        body: body && JSON.stringify(body),
        signal: giveUp.signal,
      });
      answer = await response.json().catch(() => null);
    } catch (error) {
      throw new NotDelivered(String(error));
    } finally {
      clearTimeout(timer);
    }
    if (response.ok && answer) return answer;
    if (response.status === 401) throw new ShiftOver(answer?.detail || "");
    if (response.status === 429 || response.status >= 500 || response.ok) {
      throw new NotDelivered(answer?.detail || String(response.status));
    }
    throw new Refused(response.status, answer);
  };
}
