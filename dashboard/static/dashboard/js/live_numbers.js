// Animated numbers, changes since yesterday and the connection state of the overview page.

import { formatMessage, formatNumber } from "./page.js";

const ANIMATION_MS = 600;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Animate the number in `element` to `value`. Without animation if the user prefers reduced motion
 * or the page is hidden.
 */
export function animateNumber(element, value, { instant = reducedMotion.matches || document.hidden } = {}) {
  const start = element.dataset.value === undefined ? parseNumber(element) : Number(element.dataset.value);
  if (start === value) return;
  element.dataset.value = value;
  highlight(element);
  if (instant) {
    element.textContent = formatNumber(value);
    return;
  }
  const startTime = performance.now();
  const step = (time) => {
    // A later change has started its own animation.
    if (Number(element.dataset.value) !== value) return;
    const progress = Math.min(1, Math.max(0, time - startTime) / ANIMATION_MS);
    element.textContent = formatNumber(interpolate(start, value, progress));
    if (progress < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** Return the value at `progress` (0 to 1) of an animation that slows down (ease-out cubic). */
export const interpolate = (start, end, progress) => start + (end - start) * (1 - (1 - progress) ** 3);

/** Show a change with its sign: +12, −3, ±0. */
export function showChange(element, change) {
  const trend = change > 0 ? "up" : change < 0 ? "down" : "same";
  element.dataset.trend = trend;
  element.textContent = { up: "+", down: "−", same: "±" }[trend] + formatNumber(Math.abs(change));
}

/** Return the text of a connection state; `since` is the time at which the connection was lost. */
export function stateText(state, texts, since = null) {
  return formatMessage(texts[state], { time: since && clockTime(since) });
}

/**
 * Return a function that shows a connection state in `element`, and announces in `announcer` (a
 * live region) once when the connection is lost and once when it is back.
 */
export function connectionIndicator(element, announcer, texts, now = () => new Date()) {
  let since = null;
  let lostState = null;
  return (state) => {
    // A retry, or hiding the page, does not mean that the connection is back.
    if (lostState && ["polling", "paused"].includes(state)) return;
    since = state === "offline" ? since ?? now() : null;
    const text = stateText(state, texts, since);
    const lost = ["offline", "signed-out"].includes(state) ? state : null;
    if (lost !== lostState) announcer.textContent = `${text}: ${lost ? texts.outdated : texts.current}`;
    lostState = lost;
    element.dataset.state = state;
    element.textContent = text;
  };
}

const clockTime = (date) => date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const parseNumber = (element) => Number(element.textContent.replace(/[^\d-]/g, ""));

function highlight(element) {
  element.classList.remove("value-changed");
  // Reading the width forces a reflow, which restarts the CSS animation.
  void element.offsetWidth;
  element.classList.add("value-changed");
}
