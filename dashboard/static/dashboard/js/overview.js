// Keeps the overview page up to date. A WebSocket delivers each change within a second; while it is
// down, the page polls (unchanged responses are 304). Each response is shown in the elements that
// the server rendered.

import { asCsv, asPng, drawChart } from "./charts.js";
import { animateNumber, connectionIndicator, showChange } from "./live_numbers.js";
import { formatMessage, formatNumber, localizeTimes } from "./page.js";
import { RequestQueue, startPolling } from "./polling.js";
import { connectWebSocket } from "./websocket.js";

const page = document.querySelector("[data-stats-url]");
const announcer = document.querySelector("[data-announcer]");
const { steps, areas, texts } = JSON.parse(document.getElementById("setup").textContent);
const ANNOUNCE_INTERVAL_MS = 60_000;
// The WebSocket delivers unfiltered statistics. A filtered page requests its own after a change, at
// most once in this time.
const FILTERED_REFRESH_MS = 1_000;

let announcedAt = Date.now();
let refreshTimer = null;
let isSocketDown = false;

const showState = connectionIndicator(document.querySelector("[data-connection]"), announcer, texts);
const charts = [...document.querySelectorAll("[data-chart]")].map(drawChart);
const queue = new RequestQueue();
const polling = startPolling(page.dataset.statsUrl, {
  queue,
  onData: showStatistics,
  // Without the WebSocket the numbers are only as recent as the last poll.
  onState: (state) => showState(isSocketDown && state === "live" ? "polling-fallback" : state),
});
if (page.dataset.socket) connectWebSocket(page.dataset.socket, { onMessage, onState: onSocketState });
document.addEventListener("click", onDownloadClick);

function onSocketState(state) {
  if (state === "changed") return location.reload();
  isSocketDown = state !== "live";
  // After a new log-in in another tab, polling finds the new session.
  polling.setPaused(state === "live");
  if (state === "broken") return polling.pollNow();
  return showState(state);
}

function onMessage(statistics) {
  if (!page.dataset.filters) return showStatistics(statistics);
  refreshTimer ??= setTimeout(refreshFiltered, FILTERED_REFRESH_MS);
  return null;
}

async function refreshFiltered() {
  refreshTimer = null;
  try {
    const { data, changed } = await queue.get(page.dataset.statsUrl);
    if (changed) showStatistics(data);
  } catch {
    // The next message triggers another request; the WebSocket reports a lost connection.
  }
}

function showStatistics(statistics) {
  for (const element of document.querySelectorAll("[data-number]")) {
    animateNumber(element, valueAt(statistics.stats, element.dataset.number));
  }
  for (const element of document.querySelectorAll("[data-delta]")) {
    const path = element.dataset.delta;
    showChange(element, valueAt(statistics.stats, path) - valueAt(statistics.yesterday, path));
  }
  for (const element of document.querySelectorAll("[data-period]")) {
    animateNumber(element, statistics.period[element.dataset.period]);
  }
  showPace(statistics.pace);
  fillCells("hours", statistics.by_hour, ["today", "yesterday"]);
  fillCells("days", statistics.by_day, ["scans"]);
  fillCells("funnel", statistics.funnel, ["scans"]);
  fillList("areas", statistics.by_area, fillArea);
  fillList("operators", statistics.top_operators, fillOperator);
  fillList("latest", statistics.recent_activity, fillScan);
  charts.forEach(({ redraw }) => redraw());
  localizeTimes(page);
  announce(statistics.stats.scans.today);
}

/** Tell screen readers the number of scans, at most once per interval. */
function announce(scansToday) {
  if (Date.now() - announcedAt <= ANNOUNCE_INTERVAL_MS) return;
  announcedAt = Date.now();
  announcer.textContent = formatMessage(texts.announcement, { count: formatNumber(scansToday) });
}

const valueAt = (object, path) => path.split(".").reduce((node, name) => node[name], object);

function showPace({ today, yesterday, until_hour: hour }) {
  showChange(document.querySelector("[data-pace]"), today - yesterday);
  const text = formatMessage(texts.pace_label, { hour: String(hour).padStart(2, "0") });
  document.querySelector("[data-pace-label]").textContent = text;
}

function fillCells(id, rows, fields) {
  const body = document.getElementById(id).tBodies[0];
  if (body.rows.length !== rows.length || isNewDay(body, rows)) return location.reload();
  return rows.forEach((row, index) => fields.forEach((name, column) => {
    setCell(body.rows[index].cells[column + 1], row[name]);
  }));
}

/** Return whether the business day has changed, which moves every row of the table. */
const isNewDay = (body, rows) => "day" in rows[0] && body.rows[0].dataset.day !== rows[0].day;

/** Replace the rows of a list by one copy of its <template> for each item. */
function fillList(name, items, fillRow) {
  const list = document.querySelector(`[data-list="${name}"]`);
  const template = document.querySelector(`[data-row-template="${name}"]`).content.firstElementChild;
  const knownIds = new Set([...list.children].map((row) => row.dataset.id));
  const rows = items.map((item) => {
    const row = template.cloneNode(true);
    fillRow(row, item);
    if (row.dataset.id && !knownIds.has(row.dataset.id)) row.classList.add("new-row");
    return row;
  });
  list.replaceChildren(...rows);
  list.closest("[data-list-state]").dataset.listState = items.length ? "full" : "empty";
}

const findField = (row, name) => row.querySelector(`[data-field="${name}"]`);

function setCell(cell, value) {
  cell.dataset.value = value;
  cell.textContent = formatNumber(value);
}

function fillArea(row, area) {
  for (const name of ["children", "parents", "loose", "incomplete", "on_the_way", "scans"]) {
    setCell(findField(row, name), area[name]);
  }
  const link = findField(row, "name");
  link.textContent = area.name;
  link.href = `${link.dataset.href}${encodeURIComponent(area.area)}`;
}

function fillOperator(row, operator) {
  findField(row, "username").textContent = operator.username;
  setCell(findField(row, "scans"), operator.scans);
}

function fillScan(row, scan) {
  const { text, icon, tone } = steps[scan.step];
  const use = row.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
  row.dataset.id = scan.id;
  findField(row, "icon").className = `icon-circle tone-${tone}`;
  findField(row, "step").textContent = text;
  const link = findField(row, "code");
  link.textContent = scan.code;
  link.href = `${link.dataset.href}${encodeURIComponent(scan.code)}`;
  findField(row, "where").textContent = `${areas[scan.area] ?? scan.area} · ${scan.username}`;
  row.querySelector("time").dateTime = scan.timestamp;
}

/** Download the chart of a card as PNG, or its table as CSV. */
async function onDownloadClick(event) {
  const button = event.target.closest("[data-export]");
  if (!button) return;
  const card = button.closest("[data-chart-card]");
  const format = button.dataset.export;
  const createCsv = () => new Blob([asCsv(card.querySelector("table"))], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(format === "csv" ? createCsv() : await asPng(card));
  link.download = `tracetrack-${card.dataset.chartCard}-${lastDay()}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  const menu = button.closest("details");
  menu.open = false;
  menu.querySelector("summary").focus();
}

const lastDay = () => document.getElementById("days").tBodies[0].lastElementChild.dataset.day;
