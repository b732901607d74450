// The lists of the scan station: scans to send, rejected scans, completed scans.

import { translate, translateProblem } from "./i18n.js";
import { parseCode } from "./label_parsing.js";
import { localizeTimes } from "./page.js";

const STATE_ICONS = { waiting: ["clock", "blue"], refused: ["alert-triangle", "red"] };
const ALREADY_ICON = ["info-circle", "amber"];

/** Show the entries of the outbox in the lists inside `root`. */
export function renderOutbox(root, outbox, setup) {
  const find = (name) => root.querySelector(`[data-${name}]`);
  const steps = Object.fromEntries(setup.steps.map((step) => [step.step, step]));
  const render = (state) => outbox.list(state).map((entry) => renderEntry(root, outbox, entry, steps));
  const [waiting, refused, done] = ["waiting", "refused", "done"].map(render);
  find("waiting-list").replaceChildren(...waiting);
  find("refused-list").replaceChildren(...refused.reverse());
  find("done-list").replaceChildren(...done.reverse());
  find("waiting").textContent = waiting.length;
  find("refused").textContent = refused.length;
  find("waiting-text").hidden = waiting.length > 0;
  localizeTimes(root);
}

function renderEntry(root, outbox, entry, steps) {
  const item = root.querySelector("[data-entry-template]").content.firstElementChild.cloneNode(true);
  const { scan, state, answer, username } = entry;
  const step = steps[scan.step] ?? { action: scan.step, icon: "scan", tone: "grey" };
  const doneIcon = answer?.verdict === "applied" ? [step.icon, step.tone] : ALREADY_ICON;
  const [icon, tone] = STATE_ICONS[state] ?? doneIcon;
  const use = item.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
  item.querySelector(".icon-circle").className = `icon-circle tone-${tone}`;
  const code = answer?.bag?.code ?? parseCode(scan.code);
  const link = item.querySelector("a");
  link.textContent = code;
  link.href += encodeURIComponent(code).replaceAll("%2F", "/");
  const sack = scan.parent_code ? ` (${scan.parent_code})` : "";
  const owner = username === outbox.username ? "" : `, ${translate("of-another", { username })}`;
  const reason = state === "refused" ? `: ${Object.values(translateProblem(answer)).join(" ")}` : "";
  item.querySelector(".muted").textContent = `${step.action}${sack}${reason}${owner}`;
  item.querySelector("time").dateTime = scan.scanned_at;
  const button = item.querySelector("button");
  button.hidden = state !== "refused";
  button.setAttribute("aria-label", translate("dismiss", { code }));
  button.addEventListener("click", () => {
    outbox.remove(entry);
    document.getElementById("code").focus();
  });
  return item;
}
