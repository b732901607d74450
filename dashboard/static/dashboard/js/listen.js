// Listens to the server over a WebSocket. A page that nobody sees does not listen; one that is
// seen again does so at once. After a break it comes back, each time after a longer pause, and
// not in step with the others. A line on which not even the server's beat is heard (an empty
// message every 20 s) is dead, whatever the browser says.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const DEAD_AFTER = 45_000;
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
  let beat = null;
  let tries = 0;
  let last = null;

  function open() {
    clearTimeout(timer);
    if (socket || document.hidden) return;
    const own = new Socket(url);
    socket = own;
    wait();
    own.onmessage = ({ data }) => {
      if (socket !== own) return;
      wait();
      if (data) tell(JSON.parse(data));
    };
    own.onclose = ({ code }) => {
      if (socket !== own) return;
      if (code === SIGNED_OUT) return end("signed-out");
      if (code === CHANGED) return end("changed");
      broken();
    };
  }

  function tell(message) {
    const before = last;
    last = message.recent_activity?.[0]?.id ?? 0;
    tries = 0;
    state("live");
    heard(message, before);
  }

  function wait() {
    clearTimeout(beat);
    beat = setTimeout(broken, DEAD_AFTER);
  }

  function broken() {
    close();
    state("broken");
    timer = setTimeout(open, pause(tries, first));
    tries += 1;
  }

  function close() {
    clearTimeout(timer);
    clearTimeout(beat);
    const own = socket;
    socket = null;
    own?.close();
  }

  function look() {
    if (document.hidden) return close();
    tries = 0;
    open();
  }

  // The browser may take long to find out that a line has gone with its network.
  function lost() {
    if (socket) broken();
  }

  function end(word) {
    close();
    document.removeEventListener("visibilitychange", look);
    removeEventListener("online", look);
    removeEventListener("offline", lost);
    removeEventListener("pagehide", close);
    if (word) state(word);
  }

  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
  addEventListener("offline", lost);
  addEventListener("pagehide", close);
  open();
  return () => end();
}

/** How long to wait after so many tries that failed: longer each time, by chance a little less. */
export const pause = (tries, first = FIRST_PAUSE) =>
  Math.min(LONGEST_PAUSE, first * 2 ** tries) * (0.5 + Math.random() / 2);
