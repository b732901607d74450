// Polls the server for JSON: one request per URL at a time, with retries, conditional requests (ETag)
// and no requests while the page is hidden.

const FIRST_RETRY_MS = 400;
const MAX_RETRY_MS = 30_000;
const POLL_INTERVAL_MS = 15_000;
const MAX_CACHED_RESPONSES = 20;

/** Return the delay before the next attempt in ms: exponential, with up to 50 % random jitter. */
export const retryDelay = (failures, random = Math.random) =>
  Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.5 + random() / 2);

/** A response with an error status. `retryAfter` is the Retry-After header in ms, or null. */
export class HttpError extends Error {
  constructor(status, retryAfter = null) {
    super(status);
    Object.assign(this, { status, retryAfter });
  }

  get isTemporary() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/**
 * Fetches JSON, with one pending request and one cached response per URL.
 *
 * get(url) resolves to { data, changed }; `changed` is false if the server answers 304. After
 * `maxAttempts` failed attempts it rejects with HttpError or the network error. abort() cancels all
 * pending requests, which then reject with AbortError.
 */
export class RequestQueue {
  #pending = new Map();
  #cache = new Map();
  #controller = new AbortController();
  #options;

  constructor(options = {}) {
    this.#options = {
      fetch: (...args) => fetch(...args), sleep, random: Math.random, maxAttempts: 3, timeout: 10_000,
      ...options,
    };
  }

  get(url) {
    const pending = this.#pending.get(url);
    if (pending) return pending;
    const request = this.#fetchWithRetries(url, this.#controller.signal).finally(() => {
      if (this.#pending.get(url) === request) this.#pending.delete(url);
    });
    this.#pending.set(url, request);
    return request;
  }

  abort() {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#pending.clear();
  }

  async #fetchWithRetries(url, signal) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#fetchOnce(url, signal);
      } catch (error) {
        signal.throwIfAborted();
        const isPermanent = error instanceof HttpError && !error.isTemporary;
        if (isPermanent || attempt >= this.#options.maxAttempts) throw error;
        await this.#options.sleep(error.retryAfter ?? retryDelay(attempt - 1, this.#options.random), signal);
      }
    }
  }

  async #fetchOnce(url, abortSignal) {
    const cached = this.#cache.get(url);
    const headers = { Accept: "application/json", ...(cached && { "If-None-Match": cached.etag }) };
    const signal = AbortSignal.any([abortSignal, AbortSignal.timeout(this.#options.timeout)]);
    const response = await this.#options.fetch(url, { headers, signal, credentials: "same-origin" });
    if (response.status === 304 && cached) return { data: cached.data, changed: false };
    if (!response.ok) throw new HttpError(response.status, parseRetryAfter(response));
    const data = await response.json();
    abortSignal.throwIfAborted();
    this.#store(url, { etag: response.headers.get("ETag"), data });
    return { data, changed: true };
  }

  #store(url, entry) {
    this.#cache.delete(url);
    if (entry.etag) this.#cache.set(url, entry);
    if (this.#cache.size > MAX_CACHED_RESPONSES) this.#cache.delete(this.#cache.keys().next().value);
  }
}

/**
 * Call `onData(data)` for each new response of `url`, and `onState(state)` with live, polling,
 * paused (the page is hidden), offline or signed-out.
 *
 * Returns { pollNow, setPaused, stop }: `pollNow()` polls at once, `setPaused(true)` suspends
 * polling while a WebSocket delivers the data, `stop()` ends it for good.
 */
export function startPolling(url, { queue, onData, onState, interval = POLL_INTERVAL_MS, view = document }) {
  let timer = null;
  let isPolling = false;
  let isPaused = false;

  async function pollNow() {
    clearTimeout(timer);
    if (isPolling || isPaused || view.hidden) return;
    isPolling = true;
    onState("polling");
    const state = await poll();
    isPolling = false;
    if (isPaused || !state) return;
    onState(state);
    // Jitter, so that clients that were opened together do not poll together.
    if (state !== "signed-out") timer = setTimeout(pollNow, interval * (0.9 + Math.random() / 5));
  }

  async function poll() {
    try {
      const { data, changed } = await queue.get(url);
      if (changed) onData(data);
      return "live";
    } catch (error) {
      if (error.name === "AbortError") return null;
      return [401, 403].includes(error.status) ? "signed-out" : "offline";
    }
  }

  function onVisibilityChange() {
    if (!view.hidden) return pollNow();
    suspend();
    return onState("paused");
  }

  function suspend() {
    clearTimeout(timer);
    queue.abort();
  }

  /** Resume if the browser restores the page from its back/forward cache. */
  function onPageShow({ persisted }) {
    if (persisted) pollNow();
  }

  function onOffline() {
    isPaused = false;
    onState("offline");
  }

  function stop() {
    suspend();
    view.removeEventListener("visibilitychange", onVisibilityChange);
    removeEventListener("online", pollNow);
    removeEventListener("offline", onOffline);
    removeEventListener("pagehide", suspend);
    removeEventListener("pageshow", onPageShow);
  }

  function setPaused(paused) {
    isPaused = paused;
    if (paused) clearTimeout(timer);
  }

  view.addEventListener("visibilitychange", onVisibilityChange);
  addEventListener("online", pollNow);
  addEventListener("offline", onOffline);
  addEventListener("pagehide", suspend);
  addEventListener("pageshow", onPageShow);
  onState(view.hidden ? "paused" : "live");
  timer = setTimeout(pollNow, interval);
  return { pollNow, setPaused, stop };
}

function parseRetryAfter(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_MS) : null;
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
