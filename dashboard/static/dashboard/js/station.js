// The scan station: one field that always listens, one big answer to every scan.

import { moment } from "./frame.js";
import { capacityOf, codeOf, kindOf } from "./labels.js";
import { Outbox } from "./outbox.js";
import { play } from "./sounds.js";
import { showEntries } from "./entries.js";
import { refusal, say, setup } from "./words.js";

const root = document.querySelector("[data-station]");
const part = (name) => root.querySelector(`[data-${name}]`);
const [step, area, gate, field] = ["step", "area", "gate", "code"].map((id) =>
  document.getElementById(id));
const WITH_PARENT = ["link", "move"];
const kept = { ...JSON.parse(localStorage.getItem("tt-station") ?? "{}") };
let sack = null;
let wanted = null;
let quiet = kept.quiet ?? false;

const outbox = new Outbox(root.dataset.api, {
  username: setup.username,
  token: () => document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? root.dataset.csrf,
  told: tell,
  changed: () => showEntries(root, outbox, setup),
  line: showLine,
});

function begin() {
  const asked = new URLSearchParams(location.search);
  const first = asked.get("step") ?? kept.step;
  if (setup.steps.some((each) => each.step === first)) step.value = first;
  gate.value = kept.station ?? "";
  showSound();
  chooseStep();
  const code = codeOf(asked.get("code") ?? "");
  if (code) takeGiven(code);
  showEntries(root, outbox, setup);
  outbox.send();
  field.focus();
}

/** A link from a bag's page names the bag; it is sent only when somebody says so here. */
function takeGiven(code) {
  if (!WITH_PARENT.includes(step.value)) field.value = code;
  else if (kindOf(code, setup.types) === "parent") chooseSack(code);
  else wanted = code;
  prompt();
}

function chooseStep() {
  const out = step.value === "dispatch";
  part("area-name").textContent = say(out ? "goes" : "stands");
  const places = out ? setup.destinations : setup.areas;
  const blank = new Option(say("choose"), "");
  area.replaceChildren(blank, ...places.map(({ code, name }) => new Option(name, code)));
  // Where a sack goes is said each time anew; where one stands stays.
  const before = out ? "" : kept.area;
  if (places.some(({ code }) => code === before)) area.value = before;
  else if (places.length === 1 && !out) area.value = places[0].code;
  wanted = null;
  if (!WITH_PARENT.includes(step.value)) sack = null;
  showSack();
  prompt();
}

function prompt() {
  const parent = sack ? say("scan-children", { parent: sack.code }) : say("scan-parent");
  const next = wanted ? say("scan-parent-for", { child: wanted }) : parent;
  part("prompt").textContent = WITH_PARENT.includes(step.value) ? next : say("scan-label");
}

function remember() {
  const place = step.value === "dispatch" ? kept.area : area.value;
  Object.assign(kept, { step: step.value, area: place, station: gate.value, quiet });
  localStorage.setItem("tt-station", JSON.stringify(kept));
}

part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const label = field.value.trim();
  field.value = "";
  field.focus();
  if (label) take(label);
});

function take(label) {
  if (!area.value) {
    return answer("refused", say("not-sent"), say("no-area"), say("choose-area"));
  }
  if (!WITH_PARENT.includes(step.value)) return send(label);
  const code = codeOf(label);
  const kind = kindOf(code, setup.types);
  if (!sack || kind === "parent") return chooseSack(code, label);
  send(label, { parent_code: sack.code });
}

async function chooseSack(code) {
  sack = { code, count: null, capacity: capacityOf(code, setup.types) };
  answer("", code, say("now-parent"), "");
  if (wanted) {
    const child = wanted;
    wanted = null;
    send(child, { parent_code: code });
  }
  showSack();
  prompt();
  const path = encodeURIComponent(code).replaceAll("%2F", "/");
  const response = await fetch(root.dataset.bags.replace(/_$/, path)).catch(() => null);
  const bag = response?.ok ? await response.json().catch(() => null) : null;
  // Meanwhile another sack may have been chosen, or this one filled.
  if (sack?.code !== code || sack.count !== null) return;
  if (bag?.kind === "child") {
    sack = null;
    answer("refused", say("is-child", { code }), say("child-takes-none"), say("parent-first"));
  } else if (bag?.kind === "parent") {
    Object.assign(sack, { count: bag.child_count, capacity: bag.capacity, state: bag.state });
  } else if (response?.status === 404) {
    sack.count = 0;
  }
  showSack();
  prompt();
}

function send(code, more = {}) {
  const scan = { step: step.value, code, area: area.value, station: gate.value.trim(), ...more };
  try {
    outbox.add(scan);
  } catch {
    return answer("refused", say("not-kept"), say("no-room"), say("write-down"));
  }
  remember();
  if (!navigator.onLine) {
    answer("kept", codeOf(code), say("kept-network"), "");
  }
}

/** An outcome has come in: say it. */
function tell(entry) {
  const { scan, state, answer: said } = entry;
  if (state === "refused") return tellRefusal(scan, said);
  const { verdict, bag, parent } = said;
  if (parent && WITH_PARENT.includes(scan.step)) followSack(parent);
  const sign = setup.steps.find((each) => each.step === scan.step);
  const filled = parent && WITH_PARENT.includes(scan.step);
  const title = filled ? say("count", { ...parent, parent: parent.code }) : bag.code;
  const done = verdict === "applied";
  const what = done ? sign?.label : say("already");
  const rest = parent?.remaining ? ` ${say("remain", { count: parent.remaining })}` : "";
  answer(done ? "applied" : "already", title, say("told", { code: bag.code, what }) + rest, sackNews(scan, parent));
}

function tellRefusal(scan, problem) {
  const { since, by } = problem.facts ?? {};
  const more = since ? ` ${say("since", { since: moment(since), by })}` : "";
  const { title, remedy } = refusal(problem);
  answer("refused", title, say("not-recorded", { code: codeOf(scan.code) }) + more, remedy);
  const button = part("move");
  button.hidden = problem.code !== "child-elsewhere" || scan.step !== "link";
  button.textContent = say("move-into", { parent: scan.parent_code });
  button.onclick = () => {
    button.hidden = true;
    outbox.add({ ...scan, step: "move" });
    field.focus();
  };
}

function followSack(parent) {
  if (sack?.code !== parent.code) return;
  Object.assign(sack, { count: parent.count, capacity: parent.capacity });
  if (parent.state === "complete") sack = null;
  showSack();
  prompt();
}

const sackNews = (scan, parent) =>
  parent?.state === "complete" && WITH_PARENT.includes(scan.step)
    ? say("complete") : "";

function showSack() {
  part("sack").hidden = !sack;
  if (!sack) return;
  part("sack-code").textContent = sack.code;
  part("full-sack").hidden = !sack.count || (sack.state ?? "open") !== "open";
  part("sack-count").textContent = `${sack.count ?? "?"}/${sack.capacity ?? "?"}`;
  const share = sack.count && sack.capacity ? (100 * sack.count) / sack.capacity : 0;
  part("sack").querySelector("rect").setAttribute("width", `${share}%`);
}

const LOOKS = {
  applied: ["circle-check", "green"],
  already: ["info-circle", "amber"],
  refused: ["alert-triangle", "red"],
  kept: ["clock", "blue"],
  "": ["package", "grey"],
};

function answer(outcome, title, text, remedy) {
  const [icon, tone] = LOOKS[outcome];
  root.dataset.begun = "";
  part("outcome").className = `outcome tone-${tone}`;
  part("outcome").dataset.outcome = outcome;
  part("outcome").querySelector("use").setAttribute("href", `${root.dataset.sprite}#${icon}`);
  part("outcome-title").textContent = title;
  part("outcome-text").textContent = text;
  part("outcome-remedy").textContent = remedy;
  part("move").hidden = true;
  part("said").textContent = `${title}. ${text} ${remedy}`;
  if (outcome && !quiet) play(outcome);
  // With all that is in it by then.
  requestAnimationFrame(() => part("outcome").scrollIntoView({ block: "nearest" }));
}

function showLine(word) {
  const states = {
    online: "live",
    offline: "offline",
    busy: "asking",
    "signed-out": "offline",
  };
  part("line").textContent = say(word);
  part("line").dataset.state = states[word];
  part("log-in").hidden = word !== "signed-out";
  const mine = outbox.list("waiting").at(-1);
  if (word === "online" || !mine) return;
  answer("kept", codeOf(mine.scan.code), say("kept"), "");
}

function showSound() {
  part("sound").setAttribute("aria-pressed", String(!quiet));
  const icon = quiet ? "volume-off" : "volume";
  part("sound").querySelector("use").setAttribute("href", `${root.dataset.sprite}#${icon}`);
}

step.addEventListener("change", () => { chooseStep(); remember(); field.focus(); });
area.addEventListener("change", () => { remember(); field.focus(); });
gate.addEventListener("change", remember);
part("other-sack").addEventListener("click", () => {
  sack = null;
  showSack();
  prompt();
  field.focus();
});
part("full-sack").addEventListener("click", () => {
  outbox.add({ step: "complete", code: sack.code, area: area.value, station: gate.value.trim() });
  sack = null;
  showSack();
  prompt();
  field.focus();
});
part("sound").addEventListener("click", () => {
  quiet = !quiet;
  showSound();
  remember();
  field.focus();
});
// A scanner types wherever the focus is; the keys must reach the field.
document.addEventListener("keydown", (event) => {
  const elsewhere = !event.target.matches("input, select, textarea, summary, button, a");
  if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && elsewhere) field.focus();
});

begin();
