// Keeps the dashboard true: listens to the server, which tells each change within a second. While
// that is broken it asks again and again, cheaply (unchanged answers come as 304). Each answer is
// shown on the page that the server painted first.

import { digits, showTimes } from "./frame.js";
import { chart } from "./chart.js";
import { listen } from "./listen.js";

const page = document.querySelector("[data-live]");
const steps = JSON.parse(document.getElementById("steps").textContent);
const said = document.querySelector("[data-said]");
const ASK_EVERY = 15_000;
const PATIENCE = 10_000;
const SAY_EVERY = 60_000;
const WORDS = {
  live: "Live",
  asking: "Asking …",
  resting: "Paused",
  offline: "Offline",
  "signed-out": "Signed out",
};

let saidAt = Date.now();

const charts = [...document.querySelectorAll("[data-table]")].map(chart);
const asking = ask(page.dataset.live, { show, state: showState });
if (page.dataset.socket) {
  listen(page.dataset.socket, { heard: show, state: (word) => {
    if (word === "changed") return location.reload();
    asking.rest(word === "live" || word === "signed-out");
    if (word === "broken") return asking.now();
    return showState(word);
  } });
}

function show(answer) {
  for (const place of document.querySelectorAll("[data-number]")) {
    const path = place.dataset.number.split(".");
    setNumber(place, path.reduce((node, name) => node[name], answer.stats));
  }
  fillCells("hours", answer.by_hour, ["today", "yesterday"]);
  fillCells("days", answer.by_day, ["scans"]);
  fillList("areas", answer.by_area, fillArea);
  fillList("operators", answer.top_operators, fillOperator);
  fillList("latest", answer.recent_activity, fillScan);
  charts.forEach((redraw) => redraw());
  showTimes(page);
  if (Date.now() - saidAt > SAY_EVERY) {
    saidAt = Date.now();
    said.textContent = `${digits(answer.stats.scans.today)} scans today.`;
  }
}

function setNumber(place, value) {
  const text = digits(value);
  if (place.textContent === text) return;
  place.textContent = text;
  place.classList.remove("changed");
  // Reading the width starts the animation anew.
  void place.offsetWidth;
  place.classList.add("changed");
}

function fillCells(id, rows, fields) {
  const body = document.getElementById(id).tBodies[0];
  if (body.rows.length !== rows.length || newDay(body, rows)) return location.reload();
  rows.forEach((row, index) => fields.forEach((field, column) => {
    const cell = body.rows[index].cells[column + 1];
    cell.dataset.value = row[field];
    cell.textContent = digits(row[field]);
  }));
}

/** After midnight every row speaks of another day: the page is asked for anew. */
const newDay = (body, rows) => "day" in rows[0] && body.rows[0].dataset.day !== rows[0].day;

/** One line for each item, copied from the <template> beside the list. */
function fillList(name, items, fill) {
  const list = document.querySelector(`[data-list="${name}"]`);
  const blank = document.querySelector(`[data-blank="${name}"]`).content.firstElementChild;
  const lines = items.map((item) => {
    const line = blank.cloneNode(true);
    fill(line, item, items);
    return line;
  });
  list.replaceChildren(...lines);
  list.closest("[data-box]").dataset.box = items.length ? "full" : "empty";
}

const field = (line, name) => line.querySelector(`[data-field="${name}"]`);

function fillArea(line, area, areas) {
  const bags = (each) => each.parents + each.children;
  for (const name of ["parents", "children", "loose", "incomplete", "scans_today"]) {
    field(line, name).textContent = digits(area[name]);
  }
  const name = field(line, "name");
  name.textContent = area.name;
  name.href = `${name.dataset.href}${encodeURIComponent(area.area)}`;
  setBar(line, bags(area), Math.max(...areas.map(bags)));
}

function fillOperator(line, operator, operators) {
  field(line, "username").textContent = operator.username;
  field(line, "scans").textContent = digits(operator.scans);
  setBar(line, operator.scans, operators[0].scans);
}

function fillScan(line, scan) {
  const { label, icon, tone } = steps[scan.step];
  const use = line.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
  field(line, "disc").className = `disc tone-${tone}`;
  field(line, "step").textContent = label;
  const code = field(line, "code");
  code.textContent = scan.code;
  code.href = `${code.dataset.href}${encodeURIComponent(scan.code)}`;
  field(line, "where").textContent = `${scan.area} · ${scan.username}`;
  line.querySelector("time").dateTime = scan.timestamp;
}

function setBar(line, value, highest) {
  const share = highest ? (100 * value) / highest : 0;
  line.querySelector(".bar rect").setAttribute("width", `${share}%`);
}

function showState(state) {
  const place = document.querySelector("[data-pulse]");
  const was = place.dataset.state;
  place.dataset.state = state === "signed-out" ? "offline" : state;
  place.textContent = WORDS[state];
  if (place.dataset.state === "offline" && was !== "offline") {
    said.textContent = `${WORDS[state]}: the numbers are no longer fresh.`;
  }
}

/**
 * Call `show(answer)` for each new answer of `url`, and `state(word)` for how the asking goes: live,
 * asking, resting (the page is hidden), offline, signed-out. `now()` asks at once, `rest(true)` has
 * it wait while somebody else brings the news.
 */
function ask(url, { show, state, every = ASK_EVERY }) {
  let tag = null;
  let timer = null;
  let asking = false;
  let resting = false;

  async function once() {
    clearTimeout(timer);
    if (asking || resting) return;
    if (document.hidden) return state("resting");
    asking = true;
    state("asking");
    const word = await answer().catch(() => "offline");
    asking = false;
    if (resting) return;
    state(word);
    if (word !== "signed-out") timer = setTimeout(once, every);
  }

  async function answer() {
    const headers = { Accept: "application/json", ...(tag && { "If-None-Match": tag }) };
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(url, { headers, signal, credentials: "same-origin" });
    if (response.status === 304) return "live";
    if (response.status === 401 || response.status === 403) return "signed-out";
    if (!response.ok) return "offline";
    tag = response.headers.get("ETag");
    show(await response.json());
    return "live";
  }

  document.addEventListener("visibilitychange", once);
  addEventListener("online", once);
  addEventListener("offline", () => {
    resting = false;
    state("offline");
  });
  state("live");
  timer = setTimeout(once, every);
  return {
    now: once,
    rest(yes) {
      resting = yes;
      if (yes) clearTimeout(timer);
    },
  };
}
