// The scan station: one input field that always has the focus, and one large result for every scan.

import { setup, translate, translateProblem } from "./i18n.js";
import { findCapacity, findKind, parseCode } from "./label_parsing.js";
import { Outbox } from "./outbox.js";
import { renderOutbox } from "./outbox_list.js";
import { formatTime } from "./page.js";
import { playSound } from "./sounds.js";

const root = document.querySelector("[data-station]");
const find = (name) => root.querySelector(`[data-${name}]`);
const [stepField, areaField, stationField, codeField] = ["step", "area", "station", "code"].map((id) =>
  document.getElementById(id));
const STEPS_INTO_SACK = ["link", "move"];
const settings = { ...JSON.parse(localStorage.getItem("tt-station") ?? "{}") };
// The selected sack: { code, count, capacity, state }; count and capacity are null while unknown.
let sack = null;
// The code of a bag that goes into the next sack.
let pendingBag = null;
let isMuted = settings.quiet ?? false;

const outbox = new Outbox(root.dataset.scansUrl, {
  username: setup.username,
  token: () => document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? root.dataset.csrf,
  onResult: showScanResult,
  onChange: () => renderOutbox(root, outbox, setup),
  onConnection: showConnection,
});

function start() {
  const params = new URLSearchParams(location.search);
  const initialStep = params.get("step") ?? settings.step;
  if (setup.steps.some(({ step }) => step === initialStep)) stepField.value = initialStep;
  stationField.value = settings.station ?? "";
  showSoundButton();
  applyStep();
  const code = parseCode(params.get("code") ?? "");
  if (code) useLinkedCode(code);
  renderOutbox(root, outbox, setup);
  outbox.send();
  codeField.focus();
}

/** Use the code in the link from a bag page: fill it in, but send it only when the user confirms. */
function useLinkedCode(code) {
  if (!needsSack()) codeField.value = code;
  else if (findKind(code, setup.types) === "parent") selectSack(code);
  else pendingBag = code;
  showPrompt();
}

const needsSack = () => STEPS_INTO_SACK.includes(stepField.value);

function applyStep() {
  const isDispatch = stepField.value === "dispatch";
  find("area-name").textContent = translate(isDispatch ? "destination" : "location");
  const areas = isDispatch ? setup.destinations : setup.areas;
  const blank = new Option(translate("choose"), "");
  areaField.replaceChildren(blank, ...areas.map(({ code, name }) => new Option(name, code)));
  // The location is remembered; the destination must be selected each time.
  const previous = isDispatch ? "" : settings.area;
  if (areas.some(({ code }) => code === previous)) areaField.value = previous;
  else if (areas.length === 1 && !isDispatch) areaField.value = areas[0].code;
  pendingBag = null;
  if (!needsSack()) sack = null;
  showSack();
  showPrompt();
}

function showPrompt() {
  find("prompt").textContent = promptText();
}

function promptText() {
  if (!needsSack()) return translate("scan-label");
  if (pendingBag) return translate("scan-sack-for", { bag: pendingBag });
  return sack ? translate("scan-bags", { sack: sack.code }) : translate("scan-sack");
}

function saveSettings() {
  const area = stepField.value === "dispatch" ? settings.area : areaField.value;
  Object.assign(settings, { step: stepField.value, area, station: stationField.value, quiet: isMuted });
  localStorage.setItem("tt-station", JSON.stringify(settings));
}

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const label = codeField.value.trim();
  codeField.value = "";
  codeField.focus();
  if (label) handleLabel(label);
});

function handleLabel(label) {
  if (!areaField.value) {
    const text = translate(stepField.value === "dispatch" ? "no-destination" : "no-location");
    return showResult("refused", translate("not-sent"), text, translate("choose-area"));
  }
  if (!needsSack()) return send(label);
  const code = parseCode(label);
  if (!sack || findKind(code, setup.types) === "parent") return selectSack(code);
  send(label, { parent_code: sack.code });
}

async function selectSack(code) {
  sack = { code, count: null, capacity: findCapacity(code, setup.types) };
  showSelectedSack();
  if (pendingBag) {
    const bag = pendingBag;
    pendingBag = null;
    send(bag, { parent_code: code });
  }
  showSack();
  showPrompt();
  const path = encodeURIComponent(code).replaceAll("%2F", "/");
  const response = await fetch(root.dataset.bagUrl.replace(/_$/, path)).catch(() => null);
  const bag = response?.ok ? await response.json().catch(() => null) : null;
  // Meanwhile another sack may have been selected, or a scan may have returned the count.
  if (sack?.code !== code || sack.count !== null) return;
  if (bag?.kind === "child") {
    sack = null;
    showResult("refused", translate("is-bag", { code }), translate("not-a-sack"), translate("scan-sack-first"));
  } else if (bag?.kind === "parent") {
    Object.assign(sack, { count: bag.child_count, capacity: bag.capacity, state: bag.state });
  } else if (response?.status === 404) {
    sack.count = 0;
  }
  if (sack && find("result").dataset.result === "") showSelectedSack();
  showSack();
  showPrompt();
}

function showSelectedSack() {
  showResult("", translate("sack-selected", { sack: sack.code, ...fillLevel() }), "", "");
}

/** Return the count and the capacity of the selected sack for display; "?" while unknown. */
const fillLevel = () => ({ count: sack.count ?? "?", capacity: sack.capacity ?? "?" });

function send(code, fields = {}) {
  const station = stationField.value.trim();
  try {
    outbox.add({ step: stepField.value, code, area: areaField.value, station, ...fields });
  } catch {
    return showResult("refused", translate("not-saved"), translate("no-storage"), translate("write-down"));
  }
  saveSettings();
  if (!navigator.onLine) showResult("saved", parseCode(code), translate("saved-offline"), "");
}

/** Show the result of a scan that the server has answered. */
function showScanResult(entry) {
  const { scan, state, answer } = entry;
  if (state === "refused") return showRefusal(scan, answer);
  const { verdict, bag, parent } = answer;
  const isPacked = parent && STEPS_INTO_SACK.includes(scan.step);
  if (isPacked) updateSack(parent);
  const isApplied = verdict === "applied";
  const title = isPacked ? translate("count", { ...parent, sack: parent.code }) : bag.code;
  const step = setup.steps.find((each) => each.step === scan.step);
  const result = isApplied ? step?.text : translate("already");
  const remaining = parent?.remaining ? ` ${translate("remaining", { count: parent.remaining })}` : "";
  const hint = isPacked && parent.state === "complete" ? translate("complete") : "";
  const text = translate("result", { code: bag.code, result }) + remaining;
  showResult(isApplied ? "applied" : "already", title, text, hint);
}

function showRefusal(scan, problem) {
  const { since, by } = problem.facts ?? {};
  const details = since ? ` ${translate("since", { since: formatTime(since), by })}` : "";
  const { title, remedy } = translateProblem(problem);
  showResult("refused", title, translate("not-recorded", { code: parseCode(scan.code) }) + details, remedy);
  const button = find("move");
  button.hidden = problem.code !== "child-elsewhere" || scan.step !== "link";
  button.textContent = translate("move-into", { sack: scan.parent_code });
  button.onclick = () => {
    button.hidden = true;
    outbox.add({ ...scan, step: "move" });
    codeField.focus();
  };
}

function updateSack(parent) {
  if (sack?.code !== parent.code) return;
  Object.assign(sack, { count: parent.count, capacity: parent.capacity });
  if (parent.state === "complete") sack = null;
  showSack();
  showPrompt();
}

function showSack() {
  find("sack").hidden = !sack;
  if (!sack) return;
  const fill = fillLevel();
  find("sack-code").textContent = sack.code;
  find("close-sack").hidden = !sack.count || (sack.state ?? "open") !== "open";
  find("close-sack").textContent = translate("close-sack", fill);
  find("sack-count").textContent = `${fill.count}/${fill.capacity}`;
  const share = sack.count && sack.capacity ? (100 * sack.count) / sack.capacity : 0;
  find("sack").querySelector("rect").setAttribute("width", `${share}%`);
}

const RESULT_ICONS = {
  applied: ["circle-check", "green"],
  already: ["info-circle", "amber"],
  refused: ["alert-triangle", "red"],
  saved: ["clock", "blue"],
  "": ["package", "grey"],
};

function setIcon(element, icon) {
  element.querySelector("use").setAttribute("href", `${root.dataset.iconsUrl}#${icon}`);
}

function showResult(result, title, text, remedy) {
  const [icon, tone] = RESULT_ICONS[result];
  const panel = find("result");
  root.dataset.started = "";
  panel.className = `scan-result tone-${tone}`;
  panel.dataset.result = result;
  setIcon(panel, icon);
  find("result-title").textContent = title;
  find("result-text").textContent = text;
  find("result-remedy").textContent = remedy;
  find("move").hidden = true;
  find("announcer").textContent = `${title}. ${text} ${remedy}`;
  if (result && !isMuted) playSound(result);
  // Scroll after the caller has shown the button, if there is one.
  requestAnimationFrame(() => panel.scrollIntoView({ block: "nearest" }));
}

const CONNECTION_STATES = { online: "live", offline: "offline", busy: "polling", "signed-out": "offline" };

function showConnection(connection) {
  find("connection").textContent = translate(connection);
  find("connection").dataset.state = CONNECTION_STATES[connection];
  find("log-in").hidden = connection !== "signed-out";
  const newest = outbox.list("waiting").at(-1);
  if (connection === "online" || !newest) return;
  showResult("saved", parseCode(newest.scan.code), translate("saved"), "");
}

function showSoundButton() {
  find("sound").setAttribute("aria-pressed", String(!isMuted));
  setIcon(find("sound"), isMuted ? "volume-off" : "volume");
}

function deselectSack() {
  sack = null;
  showSack();
  showPrompt();
  codeField.focus();
}

stepField.addEventListener("change", () => { applyStep(); saveSettings(); codeField.focus(); });
areaField.addEventListener("change", () => { saveSettings(); codeField.focus(); });
stationField.addEventListener("change", saveSettings);
find("change-sack").addEventListener("click", deselectSack);
find("close-sack").addEventListener("click", () => {
  outbox.add({ step: "complete", code: sack.code, area: areaField.value, station: stationField.value.trim() });
  deselectSack();
});
find("sound").addEventListener("click", () => {
  isMuted = !isMuted;
  showSoundButton();
  saveSettings();
  codeField.focus();
});
// Barcode scanners type wherever the focus is: move it to the input field.
document.addEventListener("keydown", (event) => {
  const isOutsideControl = !event.target.matches("input, select, textarea, summary, button, a");
  if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && isOutsideControl) codeField.focus();
});

start();
