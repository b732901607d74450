// Draws a chart from a table on the page with Chart.js. The table is the data source of the chart
// and its alternative for screen readers. Both can be downloaded.

import "../vendor/chart.js-4.6.1/chart.umd.min.js";

const { Chart } = globalThis;
const COMPACT_NUMBER = new Intl.NumberFormat("en-IN", { notation: "compact", maximumFractionDigits: 1 });
const FULL_NUMBER = new Intl.NumberFormat("en-IN");
const MAX_BARS = 12;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
const cssColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draw the chart of `container` from its table; return { redraw, chart }. */
export function drawChart(container) {
  const canvas = document.createElement("canvas");
  const title = container.closest("section").querySelector("h2");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title.textContent);
  container.replaceChildren(canvas);
  const chart = new Chart(canvas, createConfig(container));
  const redraw = ({ animate = true } = {}) => {
    const config = createConfig(container);
    chart.data.labels = config.data.labels;
    config.data.datasets.forEach((dataset, index) => Object.assign(chart.data.datasets[index], dataset));
    chart.options = animate ? config.options : { ...config.options, animation: false };
    chart.update();
  };
  new MutationObserver(() => redraw())
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  // A printed page has other colours and another width, and cannot wait for an animation.
  matchMedia("print").addEventListener("change", () => {
    chart.resize();
    redraw({ animate: false });
  });
  return { redraw, chart };
}

/** Return the data of a table: a label for each row, and a dataset for each column of `series`. */
export function readTable(table, series) {
  const headers = [...table.tHead.rows[0].cells];
  const columns = headers.map((header, index) => [header, index])
    .filter(([header]) => header.dataset.series === series);
  const rows = [...table.tBodies[0].rows];
  return {
    shortLabels: rows.map(({ cells: [label] }) => label.dataset.short ?? label.textContent.trim()),
    labels: rows.map(({ cells: [label] }) => label.textContent.trim()),
    days: rows.map((row) => row.dataset.day),
    datasets: columns.map(([header, index]) => ({
      label: header.textContent.trim(),
      tone: header.dataset.tone,
      data: rows.map((row) => Number(row.cells[index].dataset.value)),
    })),
  };
}

/** Return a table as CSV, with plain numbers and with formulas escaped. */
export function asCsv(table) {
  const rows = [...table.rows].map((row) => [...row.cells].map((cell) => cell.dataset.value ?? escapeFormula(cell)));
  return `\ufeff${rows.map((row) => row.map(quoteCell).join(",")).join("\r\n")}\r\n`;
}

/** Return a PNG blob of the charts of `card`, side by side, with the title of the card. */
export function asPng(card) {
  const canvases = [...card.querySelectorAll("canvas")];
  const scale = canvases[0].width / canvases[0].clientWidth;
  const margin = 20 * scale;
  const titleHeight = 30 * scale;
  const image = document.createElement("canvas");
  image.width = canvases.reduce((width, canvas) => width + canvas.width, margin * (canvases.length + 1));
  image.height = Math.max(...canvases.map((canvas) => canvas.height)) + titleHeight + 2 * margin;
  const context = image.getContext("2d");
  context.fillStyle = cssColor("--surface");
  context.fillRect(0, 0, image.width, image.height);
  context.fillStyle = cssColor("--ink");
  context.font = `650 ${16 * scale}px ${Chart.defaults.font.family}`;
  context.fillText(card.querySelector("h2").textContent.trim(), margin, margin + 14 * scale);
  let left = margin;
  for (const canvas of canvases) {
    context.drawImage(canvas, left, margin + titleHeight);
    left += canvas.width + margin;
  }
  return new Promise((resolve) => image.toBlob(resolve, "image/png"));
}

function createConfig(container) {
  const table = readTable(document.getElementById(container.dataset.table), container.dataset.series);
  const isHorizontal = container.dataset.chart !== "columns";
  const labels = isHorizontal ? table.labels.slice(0, MAX_BARS) : table.shortLabels;
  // Set by script, because the Content Security Policy forbids style attributes.
  if (isHorizontal) {
    container.style.minHeight = `${labels.length * 1.6 + 0.5}rem`;
    container.style.maxHeight = `${labels.length * 3.2 + 0.5}rem`;
  }
  Chart.defaults.font = { family: getComputedStyle(document.body).fontFamily, size: 12 * rootScale() };
  Chart.defaults.color = cssColor("--ink-soft");
  const datasets = table.datasets.map((dataset, index) => (
    isHorizontal
      ? barDataset(dataset, toneColor(dataset))
      : index ? lineDataset(dataset) : barDataset(dataset, columnColors(container, table.days))
  ));
  return {
    type: "bar", data: { labels, datasets }, options: createOptions(table, isHorizontal),
    plugins: isHorizontal ? [barTotals] : [],
  };
}

/** Chart.js plugin that writes the total at the end of each bar, for screens without a pointer. */
const barTotals = {
  id: "barTotals",
  afterDatasetsDraw(chart) {
    const { ctx, data: { datasets } } = chart;
    const bars = chart.getDatasetMeta(datasets.length - 1).data;
    ctx.save();
    Object.assign(ctx, { fillStyle: cssColor("--ink"), textBaseline: "middle" });
    ctx.font = `600 ${Chart.defaults.font.size}px ${Chart.defaults.font.family}`;
    bars.forEach(({ x, y }, index) => {
      const total = datasets.reduce((sum, dataset) => sum + dataset.data[index], 0);
      ctx.fillText(FULL_NUMBER.format(total), x + 6, y);
    });
    ctx.restore();
  },
};

/** Chart.js tick callback: return the label, truncated to the width of the axis. */
function truncatedLabel(value) {
  const label = this.getLabelForValue(value);
  const { size, family } = Chart.defaults.font;
  this.ctx.font = `${size}px ${family}`;
  const fits = (text) => this.ctx.measureText(text).width <= this.maxWidth - size;
  return truncate(label, fits);
}

/** Return `text`, or its longest beginning for which `fits(text)` is true, with an ellipsis. */
export function truncate(text, fits) {
  if (fits(text)) return text;
  const letters = [...text];
  while (letters.length > 1 && !fits(`${letters.join("").trimEnd()}…`)) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

const rootScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

const toneColor = (dataset) => cssColor(`--chart-${dataset.tone ?? "today"}`);

const barDataset = ({ label, data }, backgroundColor) => ({
  label, data, backgroundColor, borderRadius: 4, maxBarThickness: 34 * rootScale(),
  categoryPercentage: 0.86, barPercentage: 0.86, order: 2,
});

const lineDataset = ({ label, data }) => ({
  type: "line", label, data, borderColor: cssColor("--chart-yesterday"), borderWidth: 2, pointRadius: 0,
  pointHoverRadius: 4, tension: 0.35, cubicInterpolationMode: "monotone", fill: "origin",
  backgroundColor: `${cssColor("--chart-yesterday")}1c`, order: 1,
});

/** Return the colours of the columns: the days of the selected period strong, the others pale. */
function columnColors(container, days) {
  const color = cssColor("--chart-today");
  if (!container.dataset.highlight) return color;
  const [first, last] = container.dataset.highlight.split(" ");
  return days.map((day) => (first <= day && day <= last ? color : `${color}55`));
}

function createOptions(table, isHorizontal) {
  const grid = { color: cssColor("--chart-grid"), drawTicks: false };
  const valueAxis = {
    beginAtZero: true, grid, border: { display: false }, stacked: isHorizontal, display: !isHorizontal,
    ticks: { precision: 0, maxTicksLimit: 6, padding: 6, callback: (value) => COMPACT_NUMBER.format(value) },
  };
  const labelAxis = {
    grid: { display: false }, border: { color: cssColor("--line-strong"), display: !isHorizontal },
    stacked: isHorizontal,
    ticks: {
      color: cssColor(isHorizontal ? "--ink" : "--ink-soft"), autoSkip: !isHorizontal, autoSkipPadding: 14,
      maxRotation: 0, padding: 4, ...(isHorizontal && { callback: truncatedLabel }),
    },
  };
  return {
    indexAxis: isHorizontal ? "y" : "x",
    responsive: true,
    maintainAspectRatio: false,
    layout: { padding: { right: isHorizontal ? 54 * rootScale() : 0 } },
    animation: reducedMotion.matches ? false : { duration: 500 },
    interaction: { mode: "index", intersect: false, axis: isHorizontal ? "y" : "x" },
    scales: isHorizontal ? { x: valueAxis, y: labelAxis } : { x: labelAxis, y: valueAxis },
    plugins: { legend: { display: false }, tooltip: tooltipOptions(table) },
  };
}

const tooltipOptions = (table) => ({
  backgroundColor: cssColor("--raised"), titleColor: cssColor("--ink"), bodyColor: cssColor("--ink"),
  borderColor: cssColor("--line"), borderWidth: 1, padding: 10, cornerRadius: 8, boxPadding: 4,
  callbacks: {
    title: ([item]) => table.labels[item.dataIndex],
    label: (item) => ` ${item.dataset.label}: ${FULL_NUMBER.format(item.raw)}`,
  },
});

const escapeFormula = (cell) => cell.textContent.trim().replace(/^[=+\-@\t\r]/, "'$&");
const quoteCell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
