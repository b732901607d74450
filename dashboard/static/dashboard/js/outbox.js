// The queue of scans to send. Each scan is stored in localStorage under its ref until the user has
// seen its result, so that it survives reloads, network failures and the end of the session.

const VERDICTS = ["applied", "already", "replayed"];
const KEY_PREFIX = "tt-scan:";
const REQUEST_TIMEOUT_MS = 15_000;
const MAX_RETRY_MS = 30_000;
const MAX_DONE_ENTRIES = 12;

export class Outbox {
  /**
   * `onResult(entry)` is called for each result, `onChange()` after each change of an entry, and
   * `onConnection(state)` with online, offline, busy or signed-out. Only scans of `username` are sent.
   */
  constructor(url, { username, token, onResult, onChange, onConnection }) {
    Object.assign(this, { url, username, token, onResult, onChange, onConnection });
    this.failures = 0;
    this.isSending = false;
    this.timer = null;
    addEventListener("online", () => this.send());
    addEventListener("offline", () => this.onConnection("offline"));
    addEventListener("storage", () => this.onChange());
  }

  /** Store a scan and send the queue. Throws if the device has no storage left. */
  add(scan) {
    const numbered = { ...scan, ref: createUuid(), scanned_at: new Date().toISOString() };
    this.store({ scan: numbered, username: this.username, state: "waiting", order: nextOrder() });
    this.onChange();
    this.send();
    return numbered;
  }

  /** Return the entries in this state, oldest first. */
  list(state) {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(KEY_PREFIX));
    const entries = keys.map((key) => JSON.parse(localStorage.getItem(key))).filter(Boolean);
    return entries.filter((entry) => entry.state === state).sort((a, b) => a.order - b.order);
  }

  /** Remove an entry whose result the user has seen. */
  remove(entry) {
    localStorage.removeItem(KEY_PREFIX + entry.scan.ref);
    this.onChange();
  }

  store(entry) {
    localStorage.setItem(KEY_PREFIX + entry.scan.ref, JSON.stringify(entry));
  }

  /** Send the waiting scans one by one, in the order in which they were scanned. */
  async send() {
    clearTimeout(this.timer);
    if (this.isSending) return;
    this.isSending = true;
    // Only one window of the device sends at a time, which keeps the order.
    const sendAll = () => this.sendWaiting();
    const delay = await (navigator.locks ? navigator.locks.request("tt-outbox", sendAll) : sendAll());
    this.isSending = false;
    if (delay) this.timer = setTimeout(() => this.send(), delay);
  }

  /** Send until the queue is empty or the connection fails; return the delay before a retry in ms. */
  async sendWaiting() {
    for (;;) {
      const entry = this.list("waiting").find((each) => each.username === this.username);
      if (!entry) return 0;
      const result = await this.post(entry.scan).catch(() => ({ connection: "offline" }));
      if (result.connection) {
        this.onConnection(result.connection);
        this.onChange();
        if (result.connection === "signed-out") return 0;
        return result.delay ?? Math.min(MAX_RETRY_MS, 1000 * 2 ** this.failures++);
      }
      this.failures = 0;
      this.onConnection("online");
      this.finish({ ...entry, ...result });
    }
  }

  async post(scan) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.token() },
      body: JSON.stringify(scan),
      credentials: "same-origin",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const delay = Number(response.headers.get("Retry-After")) * 1000;
    if ([408, 429].includes(response.status) || response.status >= 500) {
      return { connection: "busy", ...(delay && { delay }) };
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && VERDICTS.includes(answer?.verdict) && answer.bag) return { state: "done", answer };
    if (response.status === 401 || answer?.code === "csrf-failed") return { connection: "signed-out" };
    const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
    if (!response.ok && isProblem && answer?.code) return { state: "refused", answer };
    // A truncated response, or one of another server such as a captive portal.
    return { connection: "offline" };
  }

  finish(entry) {
    this.store(entry);
    for (const old of this.list("done").slice(0, -MAX_DONE_ENTRIES)) {
      localStorage.removeItem(KEY_PREFIX + old.scan.ref);
    }
    this.onResult(entry);
    this.onChange();
  }
}

let lastOrder = 0;

/** Return a number that increases with each call, also within one millisecond. */
function nextOrder() {
  lastOrder = Math.max(lastOrder + 1, Date.now() * 100);
  return lastOrder;
}

/** Return a random UUID; crypto.randomUUID() is missing on pages served over plain HTTP. */
function createUuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
