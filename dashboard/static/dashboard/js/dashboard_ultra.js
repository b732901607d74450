// Keeps the dashboard true: listens to the server, which tells each change within a second. While
// that is broken it asks again and again, cheaply (unchanged answers come as 304). Each answer is
// shown on the page that the server painted first.

import { Queue, keepAsking } from "./asking.js";
import { asCsv, asPicture, draw } from "./charts.js";
import { digits, fill, showTimes } from "./frame.js";
import { listen } from "./listen.js";
import { moveTo, pulse, showDifference } from "./numbers.js";

const page = document.querySelector("[data-live]");
const said = document.querySelector("[data-said]");
const { steps, areas, words } = JSON.parse(document.getElementById("setup").textContent);
const SAY_EVERY = 60_000;
// A socket tells of everything; what is narrowed must be asked for, but not for every scan alone.
const GATHER = 1_000;

let saidAt = Date.now();
let gathering = null;
// Whether the socket that ought to bring the news does not.
let deaf = false;

const showState = pulse(document.querySelector("[data-pulse]"), said, words);
const charts = [...document.querySelectorAll("[data-chart]")].map(draw);
const queue = new Queue();
const asking = keepAsking(page.dataset.live, { queue, show, state: (word) => {
  // Numbers that are asked for now and then are not live.
  showState(deaf && word === "live" ? "by-asking" : word);
} });
if (page.dataset.socket) {
  listen(page.dataset.socket, { heard, state: (word) => {
    if (word === "changed") return location.reload();
    deaf = word !== "live";
    // Who signs in again elsewhere and comes back to this page has it asked for once more.
    asking.rest(word === "live");
    if (word === "broken") return asking.now();
    return showState(word);
  } });
}
document.addEventListener("click", takeAlong);

function heard(answer) {
  if (!page.dataset.narrowed) return show(answer);
  gathering ??= setTimeout(async () => {
    gathering = null;
    try {
      const { data, changed } = await queue.ask(page.dataset.live);
      if (changed) show(data);
    } catch {
      // The next change asks again; a connection that is gone is told by the socket.
    }
  }, GATHER);
  return null;
}

function show(answer) {
  for (const place of document.querySelectorAll("[data-number]")) {
    moveTo(place, at(answer.stats, place.dataset.number));
  }
  for (const place of document.querySelectorAll("[data-delta]")) {
    const path = place.dataset.delta;
    showDifference(place, at(answer.stats, path) - at(answer.yesterday, path));
  }
  for (const place of document.querySelectorAll("[data-period]")) {
    moveTo(place, answer.period[place.dataset.period]);
  }
  showPace(answer.pace);
  fillCells("hours", answer.by_hour, ["today", "yesterday"]);
  fillCells("days", answer.by_day, ["scans"]);
  fillCells("funnel", answer.funnel, ["scans"]);
  fillList("areas", answer.by_area, fillArea);
  fillList("operators", answer.top_operators, fillOperator);
  fillList("latest", answer.recent_activity, fillScan);
  charts.forEach(({ redraw }) => redraw());
  showTimes(page);
  if (Date.now() - saidAt > SAY_EVERY) {
    saidAt = Date.now();
    said.textContent = fill(words.said, { count: digits(answer.stats.scans.today) });
  }
}

const at = (numbers, path) => path.split(".").reduce((node, name) => node[name], numbers);

function showPace({ today, yesterday, until_hour: hour }) {
  showDifference(document.querySelector("[data-pace]"), today - yesterday);
  const text = fill(words.by_now, { hour: String(hour).padStart(2, "0") });
  document.querySelector("[data-by-now]").textContent = text;
}

function fillCells(id, rows, fields) {
  const body = document.getElementById(id).tBodies[0];
  if (body.rows.length !== rows.length || newDay(body, rows)) return location.reload();
  return rows.forEach((row, index) => fields.forEach((name, column) => {
    setCell(body.rows[index].cells[column + 1], row[name]);
  }));
}

/** After midnight every row speaks of another day: the page is asked for anew. */
const newDay = (body, rows) => "day" in rows[0] && body.rows[0].dataset.day !== rows[0].day;

/** One line for each item, copied from the <template> beside the list. */
function fillList(name, items, fillLine) {
  const list = document.querySelector(`[data-list="${name}"]`);
  const blank = document.querySelector(`[data-blank="${name}"]`).content.firstElementChild;
  const known = new Set([...list.children].map((line) => line.dataset.id));
  const lines = items.map((item) => {
    const line = blank.cloneNode(true);
    fillLine(line, item);
    if (line.dataset.id && !known.has(line.dataset.id)) line.classList.add("arrived");
    return line;
  });
  list.replaceChildren(...lines);
  list.closest("[data-box]").dataset.box = items.length ? "full" : "empty";
}

const field = (line, name) => line.querySelector(`[data-field="${name}"]`);

function setCell(cell, value) {
  cell.dataset.value = value;
  cell.textContent = digits(value);
}

function fillArea(line, area) {
  for (const name of ["children", "parents", "loose", "incomplete", "on_the_way", "scans"]) {
    setCell(field(line, name), area[name]);
  }
  const name = field(line, "name");
  name.textContent = area.name;
  name.href = `${name.dataset.href}${encodeURIComponent(area.area)}`;
}

function fillOperator(line, operator) {
  field(line, "username").textContent = operator.username;
  setCell(field(line, "scans"), operator.scans);
}

function fillScan(line, scan) {
  const { label, icon, tone } = steps[scan.step];
  const use = line.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
  line.dataset.id = scan.id;
  field(line, "disc").className = `disc tone-${tone}`;
  field(line, "step").textContent = label;
  const code = field(line, "code");
  code.textContent = scan.code;
  code.href = `${code.dataset.href}${encodeURIComponent(scan.code)}`;
  field(line, "where").textContent = `${areas[scan.area] ?? scan.area} · ${scan.username}`;
  line.querySelector("time").dateTime = scan.timestamp;
}

/** The chart or the table of a card as a file. */
async function takeAlong(event) {
  const button = event.target.closest("[data-export]");
  if (!button) return;
  const card = button.closest("[data-figure]");
  const form = button.dataset.export;
  const csv = () => new Blob([asCsv(card.querySelector("table"))], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(form === "csv" ? csv() : await asPicture(card));
  link.download = `tracetrack-${card.dataset.figure}-${today()}.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  const menu = button.closest("details");
  menu.open = false;
  menu.querySelector("summary").focus();
}

const today = () => document.getElementById("days").tBodies[0].lastElementChild.dataset.day;
