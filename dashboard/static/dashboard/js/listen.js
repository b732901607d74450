// Listens to the server over a WebSocket. A page that nobody sees does not listen; one that is
// seen again does so at once. After a break it comes back, each time after a longer pause, and
// not in step with the others.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const SIGNED_OUT = 4401;
const CHANGED = 4409;

/**
 * Call `heard(data, last)` for each message at `url`, and `state(word)`: live, broken, signed-out,
 * changed (what may be seen is another). Each message says everything, so a break leaves no gap;
 * `last` is the id of the newest scan in the message before, also across a break: scans above it
 * are new. Null with the first. Gives a function that ends it.
 */
export function listen(url, { heard, state, Socket = WebSocket, first = FIRST_PAUSE }) {
  let socket = null;
  let timer = null;
  let tries = 0;
  let last = null;

  function open() {
    clearTimeout(timer);
    if (socket || document.hidden) return;
    const own = new Socket(url);
    socket = own;
    own.onmessage = ({ data }) => {
      if (socket !== own) return;
      tries = 0;
      state("live");
      const message = JSON.parse(data);
      const before = last;
      last = message.recent_activity?.[0]?.id ?? 0;
      heard(message, before);
    };
    own.onclose = ({ code }) => {
      if (socket !== own) return;
      socket = null;
      if (code === SIGNED_OUT) return end("signed-out");
      if (code === CHANGED) return end("changed");
      state("broken");
      timer = setTimeout(open, pause(tries, first));
      tries += 1;
    };
  }

  function close() {
    clearTimeout(timer);
    const own = socket;
    socket = null;
    own?.close();
  }

  function look() {
    if (document.hidden) return close();
    tries = 0;
    open();
  }

  function end(word) {
    close();
    document.removeEventListener("visibilitychange", look);
    removeEventListener("online", look);
    removeEventListener("pagehide", close);
    if (word) state(word);
  }

  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
  addEventListener("pagehide", close);
  open();
  return () => end();
}

/** How long to wait after so many tries that failed: longer each time, by chance a little less. */
export const pause = (tries, first = FIRST_PAUSE) =>
  Math.min(LONGEST_PAUSE, first * 2 ** tries) * (0.5 + Math.random() / 2);
