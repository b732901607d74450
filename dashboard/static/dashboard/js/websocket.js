// A WebSocket that reconnects with exponential backoff and jitter. It is closed while the page is
// hidden and reopened at once when the page is shown. The server sends an empty message every 20 s
// as a heartbeat; without it the connection counts as lost, even if the browser reports it open.

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
const HEARTBEAT_TIMEOUT_MS = 45_000;
const CLOSE_SIGNED_OUT = 4401;
const CLOSE_PERMISSIONS_CHANGED = 4409;

/**
 * Call `onMessage(data, lastScanId)` for each message from `url`, and `onState(state)` with live,
 * broken, signed-out or changed (the permissions of the user have changed).
 *
 * Each message is complete, so nothing is missed while disconnected. `lastScanId` is the id of the
 * newest scan in the previous message, also across reconnects; null for the first message. Returns
 * a function that closes the connection for good.
 */
export function connectWebSocket(url, { onMessage, onState, Socket = WebSocket, firstRetry = FIRST_RETRY_MS }) {
  let socket = null;
  let retryTimer = null;
  let heartbeatTimer = null;
  let failures = 0;
  let lastScanId = null;

  function open() {
    clearTimeout(retryTimer);
    if (socket || document.hidden) return;
    const current = new Socket(url);
    socket = current;
    restartHeartbeatTimer();
    current.onmessage = ({ data }) => {
      if (socket !== current) return;
      restartHeartbeatTimer();
      if (data) handleMessage(JSON.parse(data));
    };
    current.onclose = ({ code }) => {
      if (socket !== current) return;
      if (code === CLOSE_SIGNED_OUT) return stop("signed-out");
      if (code === CLOSE_PERMISSIONS_CHANGED) return stop("changed");
      reconnect();
    };
  }

  function handleMessage(message) {
    const previousScanId = lastScanId;
    lastScanId = message.recent_activity?.[0]?.id ?? 0;
    failures = 0;
    onState("live");
    onMessage(message, previousScanId);
  }

  function restartHeartbeatTimer() {
    clearTimeout(heartbeatTimer);
    heartbeatTimer = setTimeout(reconnect, HEARTBEAT_TIMEOUT_MS);
  }

  function reconnect() {
    close();
    onState("broken");
    retryTimer = setTimeout(open, retryDelay(failures, firstRetry));
    failures += 1;
  }

  function close() {
    clearTimeout(retryTimer);
    clearTimeout(heartbeatTimer);
    const current = socket;
    socket = null;
    current?.close();
  }

  function onVisibilityChange() {
    if (document.hidden) return close();
    failures = 0;
    open();
  }

  // The browser may take minutes to report a connection that was lost with the network.
  function onOffline() {
    if (socket) reconnect();
  }

  function stop(state) {
    close();
    document.removeEventListener("visibilitychange", onVisibilityChange);
    removeEventListener("online", onVisibilityChange);
    removeEventListener("offline", onOffline);
    removeEventListener("pagehide", close);
    if (state) onState(state);
  }

  document.addEventListener("visibilitychange", onVisibilityChange);
  addEventListener("online", onVisibilityChange);
  addEventListener("offline", onOffline);
  addEventListener("pagehide", close);
  open();
  return () => stop();
}

/** Return the delay before the next attempt in ms: exponential, with up to 50 % random jitter. */
export const retryDelay = (failures, firstRetry = FIRST_RETRY_MS) =>
  Math.min(MAX_RETRY_MS, firstRetry * 2 ** failures) * (0.5 + Math.random() / 2);
