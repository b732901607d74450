// Draws a chart from a table that stands on the page, by Chart.js. The table is the truth, for
// screen readers too; the picture follows it. Either can be taken along.

import "../vendor/chart.js-4.6.1/chart.umd.min.js";

const { Chart } = globalThis;
const SHORT = new Intl.NumberFormat("en-IN", { notation: "compact", maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en-IN");
const MOST_RANKS = 12;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draw into `place` what its table says; gives { redraw, chart }. */
export function draw(place) {
  const canvas = document.createElement("canvas");
  const title = place.closest("section").querySelector("h2");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title.textContent);
  place.replaceChildren(canvas);
  const chart = new Chart(canvas, settings(place));
  const redraw = ({ still = false } = {}) => {
    const fresh = settings(place);
    chart.data.labels = fresh.data.labels;
    fresh.data.datasets.forEach((set, nth) => Object.assign(chart.data.datasets[nth], set));
    chart.options = still ? { ...fresh.options, animation: false } : fresh.options;
    chart.update();
  };
  new MutationObserver(() => redraw())
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  // Paper has its own colours and width, and waits for no animation.
  matchMedia("print").addEventListener("change", () => {
    chart.resize();
    redraw({ still: true });
  });
  return { redraw, chart };
}

/** What a table says: a label for each row, and a list of values for each column of the series. */
export function readTable(table, series) {
  const heads = [...table.tHead.rows[0].cells];
  const columns = heads.map((head, nth) => [head, nth]).filter(([head]) => head.dataset.series === series);
  const rows = [...table.tBodies[0].rows];
  return {
    short: rows.map(({ cells: [label] }) => label.dataset.short ?? label.textContent.trim()),
    long: rows.map(({ cells: [label] }) => label.textContent.trim()),
    days: rows.map((row) => row.dataset.day),
    sets: columns.map(([head, nth]) => ({
      label: head.textContent.trim(),
      tone: head.dataset.tone,
      data: rows.map((row) => Number(row.cells[nth].dataset.value)),
    })),
  };
}

/** A table as a sheet: numbers bare, and no cell that a program would take for a formula. */
export function asCsv(table) {
  const rows = [...table.rows].map((row) => [...row.cells].map((cell) => cell.dataset.value ?? plain(cell)));
  return `\ufeff${rows.map((row) => row.map(quoted).join(",")).join("\r\n")}\r\n`;
}

/** What the charts of `card` show, side by side on one sheet, with its title. */
export function asPicture(card) {
  const parts = [...card.querySelectorAll("canvas")];
  const scale = parts[0].width / parts[0].clientWidth;
  const edge = 20 * scale;
  const head = 30 * scale;
  const sheet = document.createElement("canvas");
  sheet.width = parts.reduce((width, part) => width + part.width, edge * (parts.length + 1));
  sheet.height = Math.max(...parts.map((part) => part.height)) + head + 2 * edge;
  const brush = sheet.getContext("2d");
  brush.fillStyle = colour("--surface");
  brush.fillRect(0, 0, sheet.width, sheet.height);
  brush.fillStyle = colour("--ink");
  brush.font = `650 ${16 * scale}px ${Chart.defaults.font.family}`;
  brush.fillText(card.querySelector("h2").textContent.trim(), edge, edge + 14 * scale);
  let left = edge;
  for (const part of parts) {
    brush.drawImage(part, left, edge + head);
    left += part.width + edge;
  }
  return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
}

function settings(place) {
  const kind = place.dataset.chart;
  const told = readTable(document.getElementById(place.dataset.table), place.dataset.series);
  const ranks = kind !== "columns";
  const labels = ranks ? told.long.slice(0, MOST_RANKS) : told.short;
  // Set through the object model: the page's policy forbids style attributes.
  if (ranks) {
    place.style.minHeight = `${labels.length * 1.6 + 0.5}rem`;
    place.style.maxHeight = `${labels.length * 3.2 + 0.5}rem`;
  }
  Chart.defaults.font = { family: getComputedStyle(document.body).fontFamily, size: 12 * rootScale() };
  Chart.defaults.color = colour("--ink-soft");
  const datasets = told.sets.map((set, nth) => (
    ranks ? bars(set, ranksColour(set)) : nth ? line(set) : bars(set, lit(place, told.days))
  ));
  return { type: "bar", data: { labels, datasets }, options: options(told, ranks), plugins: ranks ? [ends] : [] };
}

/** Writes at the end of each bar what it is: a wall has no pointer to ask with. */
const ends = {
  id: "ends",
  afterDatasetsDraw(chart) {
    const { ctx, data: { datasets } } = chart;
    const bars = chart.getDatasetMeta(datasets.length - 1).data;
    ctx.save();
    Object.assign(ctx, { fillStyle: colour("--ink"), textBaseline: "middle" });
    ctx.font = `600 ${Chart.defaults.font.size}px ${Chart.defaults.font.family}`;
    bars.forEach(({ x, y }, nth) => {
      const sum = datasets.reduce((total, set) => total + set.data[nth], 0);
      ctx.fillText(WHOLE.format(sum), x + 6, y);
    });
    ctx.restore();
  },
};

/** The label of a tick, as much of its beginning as there is room for. */
function fitted(value) {
  const label = this.getLabelForValue(value);
  const { size, family } = Chart.defaults.font;
  this.ctx.font = `${size}px ${family}`;
  const fits = (text) => this.ctx.measureText(text).width <= this.maxWidth - size;
  return shortened(label, fits);
}

/** The longest beginning of `text` that fits, with an ellipsis; all of it where that fits. */
export function shortened(text, fits) {
  if (fits(text)) return text;
  const letters = [...text];
  while (letters.length > 1 && !fits(`${letters.join("").trimEnd()}…`)) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

const rootScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

const ranksColour = (set) => colour(`--chart-${set.tone ?? "today"}`);

const bars = ({ label, data }, backgroundColor) => ({
  label, data, backgroundColor, borderRadius: 4, maxBarThickness: 34 * rootScale(),
  categoryPercentage: 0.86, barPercentage: 0.86, order: 2,
});

const line = ({ label, data }) => ({
  type: "line", label, data, borderColor: colour("--chart-before"), borderWidth: 2, pointRadius: 0,
  pointHoverRadius: 4, tension: 0.35, cubicInterpolationMode: "monotone", fill: "origin",
  backgroundColor: `${colour("--chart-before")}1c`, order: 1,
});

/** The days that are meant in full colour, the others pale. */
function lit(place, days) {
  const full = colour("--chart-today");
  if (!place.dataset.lit) return full;
  const [first, last] = place.dataset.lit.split(" ");
  return days.map((day) => (first <= day && day <= last ? full : `${full}55`));
}

function options(told, ranks) {
  const grid = { color: colour("--chart-grid"), drawTicks: false };
  const numbers = {
    beginAtZero: true, grid, border: { display: false }, stacked: ranks, display: !ranks,
    ticks: { precision: 0, maxTicksLimit: 6, padding: 6, callback: (value) => SHORT.format(value) },
  };
  const names = {
    grid: { display: false }, border: { color: colour("--line-strong"), display: !ranks }, stacked: ranks,
    ticks: {
      color: colour(ranks ? "--ink" : "--ink-soft"), autoSkip: !ranks, autoSkipPadding: 14, maxRotation: 0, padding: 4,
      ...(ranks && { callback: fitted }),
    },
  };
  return {
    indexAxis: ranks ? "y" : "x",
    responsive: true,
    maintainAspectRatio: false,
    layout: { padding: { right: ranks ? 54 * rootScale() : 0 } },
    animation: calm.matches ? false : { duration: 500 },
    interaction: { mode: "index", intersect: false, axis: ranks ? "y" : "x" },
    scales: ranks ? { x: numbers, y: names } : { x: names, y: numbers },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: colour("--raised"), titleColor: colour("--ink"), bodyColor: colour("--ink"),
        borderColor: colour("--line"), borderWidth: 1, padding: 10, cornerRadius: 8, boxPadding: 4,
        callbacks: {
          title: ([item]) => told.long[item.dataIndex],
          label: (item) => ` ${item.dataset.label}: ${WHOLE.format(item.raw)}`,
        },
      },
    },
  };
}

const plain = (cell) => cell.textContent.trim().replace(/^[=+\-@\t\r]/, "'$&");
const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
