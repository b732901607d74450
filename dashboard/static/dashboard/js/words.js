// What the station says, in the language of the page: the server wrote the words into its setup.

import { fill, moment } from "./frame.js";

export const setup = JSON.parse(document.getElementById("setup").textContent);
const MOMENTS = ["held_at", "scanned_at", "since"];

/** The text with this key, its places filled in. */
export const say = (key, facts) => fill(setup.texts[key], facts);

/** What was refused and what can be done, as people read it; in English where the page knows no better. */
export function refusal(problem) {
  const known = setup.refusals[problem.code];
  if (!known) return { title: problem.detail ?? problem.title ?? say("refused"), remedy: problem.remedy ?? "" };
  const facts = Object.entries(problem.facts ?? {}).map(([name, value]) => [name, fact(name, value)]);
  return { title: fill(known.title, Object.fromEntries(facts)), remedy: known.remedy };
}

function fact(name, value) {
  if (MOMENTS.includes(name) && value) return moment(value);
  if (name === "state") return setup.states[value] ?? value;
  return name === "reason" ? reason(value) : value;
}

function reason(text) {
  for (const { pattern, text: known } of setup.reasons) {
    const found = new RegExp(`^${pattern}$`).exec(text);
    if (found) return fill(known, found.groups);
  }
  return text;
}
