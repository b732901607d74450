// Numbers that move to what they have become, how they differ from before, and the state in words.

import { digits, fill } from "./frame.js";

const MOVES_FOR = 600;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Let the number in `place` become `value`: counted there in a moment, or at once for those who
 * want no motion, whose page is hidden, or who see it for the first time.
 */
export function moveTo(place, value, { still = calm.matches || document.hidden } = {}) {
  const from = place.dataset.value === undefined ? read(place) : Number(place.dataset.value);
  if (from === value) return;
  place.dataset.value = value;
  mark(place);
  if (still) {
    place.textContent = digits(value);
    return;
  }
  const begun = performance.now();
  const step = (at) => {
    // A later change has taken over.
    if (Number(place.dataset.value) !== value) return;
    const done = Math.min(1, Math.max(0, at - begun) / MOVES_FOR);
    place.textContent = digits(between(from, value, done));
    if (done < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** Where a number on its way is: fast at first, then slowly. */
export const between = (from, to, done) => from + (to - from) * (1 - (1 - done) ** 3);

/** Show by how much something changed: +12, −3, ±0. */
export function showDifference(place, change) {
  const way = change > 0 ? "more" : change < 0 ? "fewer" : "same";
  place.dataset.way = way;
  place.textContent = { more: "+", fewer: "−", same: "±" }[way] + digits(Math.abs(change));
}

/** The state of the page in words: since when it is offline, else just what it is. */
export function stateText(state, words, since = null) {
  return fill(words[state], { time: since && clock(since) });
}

/** Shows the state in `place`, and has each loss said aloud, once, and its end. */
export function pulse(place, said, words, now = () => new Date()) {
  let since = null;
  let loss = null;
  return (state) => {
    // Trying again does not mean that it is back, nor does a page that nobody sees.
    if (loss && ["asking", "resting"].includes(state)) return;
    since = state === "offline" ? since ?? now() : null;
    const text = stateText(state, words, since);
    const lost = ["offline", "signed-out"].includes(state) ? state : null;
    if (lost !== loss) said.textContent = `${text}: ${lost ? words.stale : words.fresh}`;
    loss = lost;
    place.dataset.state = state;
    place.textContent = text;
  };
}

const clock = (date) => date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const read = (place) => Number(place.textContent.replace(/[^\d-]/g, ""));

function mark(place) {
  place.classList.remove("changed");
  // Reading the width starts the animation anew.
  void place.offsetWidth;
  place.classList.add("changed");
}
