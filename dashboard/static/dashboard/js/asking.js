// Asks the server for numbers: each address once at a time, again after a failure and each time
// later, unchanged answers from what is kept, and nothing at all while nobody looks.

const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 30_000;
const ASK_EVERY = 15_000;
const MOST_KEPT = 20;

/** How long to wait after so many tries that failed: longer each time, by chance a little less. */
export const pause = (tries, random = Math.random) =>
  Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries) * (0.5 + random() / 2);

/** The server answered, but not with numbers. `after`: in how many milliseconds it may be asked again. */
export class Refused extends Error {
  constructor(status, after = null) {
    super(status);
    Object.assign(this, { status, after });
  }

  get passing() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/**
 * What is asked, what is under way and what is kept. ask(url) gives { data, changed }: `changed` is
 * false where the server knows our copy to be fresh (304). It tries `tries` times, then raises
 * Refused or what the network said. abort() ends all that is under way; who waited hears AbortError.
 */
export class Queue {
  #flights = new Map();
  #kept = new Map();
  #ending = new AbortController();
  #options;

  constructor(options = {}) {
    this.#options = {
      fetch: (...given) => fetch(...given), sleep, random: Math.random, tries: 3, patience: 10_000,
      ...options,
    };
  }

  ask(url) {
    const under = this.#flights.get(url);
    if (under) return under;
    const flight = this.#insist(url, this.#ending.signal).finally(() => {
      if (this.#flights.get(url) === flight) this.#flights.delete(url);
    });
    this.#flights.set(url, flight);
    return flight;
  }

  abort() {
    this.#ending.abort();
    this.#ending = new AbortController();
    this.#flights.clear();
  }

  async #insist(url, ending) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(url, ending);
      } catch (error) {
        ending.throwIfAborted();
        const hopeless = error instanceof Refused && !error.passing;
        if (hopeless || tries >= this.#options.tries) throw error;
        await this.#options.sleep(error.after ?? pause(tries - 1, this.#options.random), ending);
      }
    }
  }

  async #once(url, ending) {
    const known = this.#kept.get(url);
    const headers = { Accept: "application/json", ...(known && { "If-None-Match": known.tag }) };
    const signal = AbortSignal.any([ending, AbortSignal.timeout(this.#options.patience)]);
    const answer = await this.#options.fetch(url, { headers, signal, credentials: "same-origin" });
    if (answer.status === 304 && known) return { data: known.data, changed: false };
    if (!answer.ok) throw new Refused(answer.status, retryAfter(answer));
    const data = await answer.json();
    ending.throwIfAborted();
    this.#keep(url, { tag: answer.headers.get("ETag"), data });
    return { data, changed: true };
  }

  #keep(url, entry) {
    this.#kept.delete(url);
    if (entry.tag) this.#kept.set(url, entry);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
  }
}

/**
 * Call `show(data)` for each new answer of `url`, and `state(word)` for how the asking goes: live,
 * asking, resting (the page is hidden), offline, signed-out. `now()` asks at once, `rest(true)` has
 * it wait while somebody else brings the news, `end()` ends it.
 */
export function keepAsking(url, { queue, show, state, every = ASK_EVERY, view = document }) {
  let timer = null;
  let asking = false;
  let resting = false;

  async function now() {
    clearTimeout(timer);
    if (asking || resting || view.hidden) return;
    asking = true;
    state("asking");
    const word = await answer();
    asking = false;
    if (resting || !word) return;
    state(word);
    // Not in step with the others who open it in the morning.
    if (word !== "signed-out") timer = setTimeout(now, every * (0.9 + Math.random() / 5));
  }

  async function answer() {
    try {
      const { data, changed } = await queue.ask(url);
      if (changed) show(data);
      return "live";
    } catch (error) {
      if (error.name === "AbortError") return null;
      return [401, 403].includes(error.status) ? "signed-out" : "offline";
    }
  }

  function look() {
    if (!view.hidden) return now();
    leave();
    return state("resting");
  }

  function leave() {
    clearTimeout(timer);
    queue.abort();
  }

  /** The browser kept the page as it was left. */
  function back({ persisted }) {
    if (persisted) now();
  }

  function lost() {
    resting = false;
    state("offline");
  }

  function end() {
    leave();
    view.removeEventListener("visibilitychange", look);
    removeEventListener("online", now);
    removeEventListener("offline", lost);
    removeEventListener("pagehide", leave);
    removeEventListener("pageshow", back);
  }

  view.addEventListener("visibilitychange", look);
  addEventListener("online", now);
  addEventListener("offline", lost);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", back);
  state(view.hidden ? "resting" : "live");
  timer = setTimeout(now, every);
  return {
    now,
    end,
    rest(yes) {
      resting = yes;
      if (yes) clearTimeout(timer);
    },
  };
}

function retryAfter(answer) {
  const seconds = Number(answer.headers.get("Retry-After"));
  return seconds > 0 ? Math.min(seconds * 1000, LONGEST_PAUSE) : null;
}

function sleep(milliseconds, ending) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    ending.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(ending.reason);
    }, { once: true });
  });
}
