// The lists below the station: what waits, what was refused, what was done.

import { showTimes } from "./frame.js";
import { codeOf } from "./labels.js";
import { refusal, say } from "./words.js";

const LOOKS = { waiting: ["clock", "blue"], refused: ["alert-triangle", "red"] };
const ALREADY = ["info-circle", "amber"];

/** Show the outbox in the lists of `root`. */
export function showEntries(root, outbox, setup) {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const signs = Object.fromEntries(setup.steps.map((sign) => [sign.step, sign]));
  const lines = (state) => outbox.list(state).map((entry) => line(root, outbox, entry, signs));
  const [waiting, refused, done] = ["waiting", "refused", "done"].map(lines);
  part("waiting-list").replaceChildren(...waiting);
  part("refused-list").replaceChildren(...refused.reverse());
  part("done-list").replaceChildren(...done.reverse());
  part("waiting").textContent = waiting.length;
  part("refused").textContent = refused.length;
  part("waiting-text").hidden = waiting.length > 0;
  showTimes(root);
}

function line(root, outbox, entry, signs) {
  const item = root.querySelector("[data-line-blank]").content.firstElementChild.cloneNode(true);
  const { scan, state, answer, username } = entry;
  const sign = signs[scan.step] ?? { label: scan.step, do: scan.step, icon: "scan", tone: "grey" };
  const changed = answer?.verdict === "applied" ? [sign.icon, sign.tone] : ALREADY;
  const [icon, tone] = LOOKS[state] ?? changed;
  const use = item.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
  item.querySelector(".disc").className = `disc tone-${tone}`;
  const code = answer?.bag?.code ?? codeOf(scan.code);
  const link = item.querySelector("a");
  link.textContent = code;
  link.href += encodeURIComponent(code).replaceAll("%2F", "/");
  const into = scan.parent_code ? ` (${scan.parent_code})` : "";
  const owner = username === outbox.username ? "" : `, ${say("of-another", { username })}`;
  const said = state === "refused" ? `: ${Object.values(refusal(answer)).join(" ")}` : "";
  item.querySelector(".soft").textContent = `${sign.do}${into}${said}${owner}`;
  item.querySelector("time").dateTime = scan.scanned_at;
  const seen = item.querySelector("button");
  seen.hidden = state !== "refused";
  seen.setAttribute("aria-label", say("seen", { code }));
  seen.addEventListener("click", () => {
    outbox.forget(entry);
    document.getElementById("code").focus();
  });
  return item;
}
