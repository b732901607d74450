// Texts of the scan station in the language of the page, from the JSON that the server embeds.

import { formatMessage, formatTime } from "./page.js";

export const setup = JSON.parse(document.getElementById("setup").textContent);
const TIME_FACTS = ["held_at", "scanned_at", "since"];

/** Return the text with this key, formatted with `params`. */
export const translate = (key, params) => formatMessage(setup.texts[key], params);

/** Return { title, remedy } of a problem in the language of the page, or in English if unknown. */
export function translateProblem(problem) {
  const known = setup.problems[problem.code];
  if (!known) return { title: problem.detail ?? problem.title ?? translate("refused"), remedy: problem.remedy ?? "" };
  const facts = problem.facts ?? {};
  const translated = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, translateFact(name, value, facts)]),
  );
  const [, template] = findMessage(known.details, problem.detail, facts) ?? known.details[0];
  return { title: formatMessage(template, translated), remedy: known.remedy };
}

function translateFact(name, value, facts) {
  if (TIME_FACTS.includes(name) && value) return formatTime(value);
  if (name === "state") return setup.states[value] ?? value;
  if (name !== "reason") return value;
  const [, template] = findMessage(setup.reasons, value, facts) ?? [value, value];
  return formatMessage(template, facts);
}

/** Return the [message id, translation] from which the server has formatted `text`, if known. */
const findMessage = (messages, text, facts) =>
  messages.find(([messageId]) => formatMessage(messageId, facts) === text);
