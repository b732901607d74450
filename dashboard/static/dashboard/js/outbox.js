// Scans on their way to the server. Each stands in localStorage under its own ref until its outcome
// has been shown: it survives a reload, a flat network, an expired session. Nothing vanishes.

const VERDICTS = ["applied", "already", "replayed"];
const PREFIX = "tt-scan:";
const PATIENCE = 15_000;
const SLOWEST = 30_000;
const KEPT_DONE = 12;

export class Outbox {
  /**
   * `told(entry)` is called for each outcome, `changed()` when anything moves, `line(word)` with
   * online, offline, busy or signed-out. Only the scans of `username` are sent.
   */
  constructor(url, { username, token, told, changed, line }) {
    Object.assign(this, { url, username, token, told, changed, line });
    this.tries = 0;
    this.sending = false;
    this.timer = null;
    addEventListener("online", () => this.send());
    addEventListener("offline", () => this.line("offline"));
    addEventListener("storage", () => this.changed());
  }

  /** Keep a scan, then send what waits. Throws where the device cannot keep it. */
  add(scan) {
    const entry = { ...scan, ref: uuid(), scanned_at: new Date().toISOString() };
    this.keep({ scan: entry, username: this.username, state: "waiting", order: order() });
    this.changed();
    this.send();
    return entry;
  }

  /** The entries in this state, the oldest first. */
  list(state) {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    const entries = keys.map((key) => JSON.parse(localStorage.getItem(key))).filter(Boolean);
    return entries.filter((entry) => entry.state === state).sort((a, b) => a.order - b.order);
  }

  /** Somebody has seen this outcome. */
  forget(entry) {
    localStorage.removeItem(PREFIX + entry.scan.ref);
    this.changed();
  }

  keep(entry) {
    localStorage.setItem(PREFIX + entry.scan.ref, JSON.stringify(entry));
  }

  /** Send what waits, one after the other, in the order in which it was scanned. */
  async send() {
    clearTimeout(this.timer);
    if (this.sending) return;
    this.sending = true;
    // Two windows of one device take turns; the refs would keep them apart anyway.
    const work = () => this.drain();
    const wait = await (navigator.locks ? navigator.locks.request("tt-outbox", work) : work());
    this.sending = false;
    if (wait) this.timer = setTimeout(() => this.send(), wait);
  }

  async drain() {
    for (;;) {
      const entry = this.list("waiting").find((each) => each.username === this.username);
      if (!entry) return 0;
      const reply = await this.post(entry.scan).catch(() => ({ line: "offline" }));
      if (reply.line) {
        this.line(reply.line);
        this.changed();
        if (reply.line === "signed-out") return 0;
        return reply.wait ?? Math.min(SLOWEST, 1000 * 2 ** this.tries++);
      }
      this.tries = 0;
      this.line("online");
      this.settle({ ...entry, ...reply });
    }
  }

  async post(scan) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.token() },
      body: JSON.stringify(scan),
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const later = Number(response.headers.get("Retry-After")) * 1000;
    if ([408, 429].includes(response.status) || response.status >= 500) {
      return { line: "busy", ...(later && { wait: later }) };
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && VERDICTS.includes(answer?.verdict) && answer.bag) return { state: "done", answer };
    if (response.status === 401 || answer?.code === "csrf-failed") return { line: "signed-out" };
    const problem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
    if (!response.ok && problem && answer?.code) return { state: "refused", answer };
    // Half an answer, or somebody else's: a network that wants a log-in answers 200 to everything.
    return { line: "offline" };
  }

  settle(entry) {
    this.keep(entry);
    // What was applied has been shown and heard; the last few stay to be looked at.
    for (const old of this.list("done").slice(0, -KEPT_DONE)) {
      localStorage.removeItem(PREFIX + old.scan.ref);
    }
    this.told(entry);
    this.changed();
  }
}

/** Scans of one millisecond stay in their order. */
let last = 0;
function order() {
  last = Math.max(last + 1, Date.now() * 100);
  return last;
}

/** crypto.randomUUID is missing where a page comes over plain HTTP, as inside a factory it may. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
