// Draws a small chart from a table that stands on the page: bars, and a line for what was before.
// The table is the truth, for screen readers too; the picture is drawn again when it changes.

const SVG = "http://www.w3.org/2000/svg";
const EDGE = { top: 10, right: 4, bottom: 24, left: 44 };
const SHORT = new Intl.NumberFormat("en-IN", { notation: "compact", maximumFractionDigits: 1 });

/** Draw into `place` what its table says, now and whenever its size changes; gives a redraw(). */
export function chart(place) {
  const table = document.getElementById(place.dataset.table);
  const redraw = () => draw(place, read(table));
  new ResizeObserver(redraw).observe(place);
  redraw();
  return redraw;
}

/** The rows of a table: a label, the bar's value and, in a third column, the line's. */
export function read(table) {
  return [...table.tBodies[0].rows].map((row) => {
    const [label, value, before] = row.cells;
    return {
      label: label.dataset.short ?? label.textContent.trim(),
      name: label.textContent.trim(),
      value: Number(value.dataset.value),
      before: before ? Number(before.dataset.value) : null,
      still: row.dataset.still === "yes",
    };
  });
}

/** Round steps for an axis up to `highest`: at most five, never a fraction. */
export function ticks(highest) {
  const rough = Math.max(highest, 4) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].find((n) => n * power >= rough) * power);
  const whole = Math.ceil(step);
  const count = Math.max(1, Math.ceil(highest / whole));
  return Array.from({ length: count + 1 }, (_, i) => i * whole);
}

function draw(place, rows) {
  const { clientWidth: width, clientHeight: height } = place;
  if (!width || !rows.length) return;
  const steps = ticks(Math.max(...rows.flatMap((row) => [row.value, row.before ?? 0])));
  const scale = {
    base: height - EDGE.bottom,
    slot: (width - EDGE.left - EDGE.right) / rows.length,
    y: (value) => height - EDGE.bottom
      - (value / steps.at(-1)) * (height - EDGE.top - EDGE.bottom),
    x: (index) => EDGE.left + index * scale.slot,
  };
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, focusable: "false" });
  const [area, line] = before(rows, scale);
  svg.append(...axis(steps, scale, width), ...(area ? [area] : []));
  const tip = Object.assign(document.createElement("div"), { className: "chart-tip", hidden: true });
  rows.forEach((row, index) => svg.append(slot(row, index, scale, { svg, tip, rows, width })));
  if (line) svg.append(line);
  place.replaceChildren(svg, tip);
  svg.addEventListener("pointerleave", () => { tip.hidden = true; });
}

function axis(steps, scale, width) {
  return steps.flatMap((step) => {
    const y = scale.y(step);
    const line = { x1: EDGE.left, x2: width - EDGE.right, y1: y, y2: y };
    const text = make("text", { x: EDGE.left - 8, y: y + 4, "text-anchor": "end" });
    text.textContent = SHORT.format(step);
    return [make("line", { ...line, class: step ? "grid" : "base" }), text];
  });
}

function before(rows, scale) {
  if (rows.some((row) => row.before === null)) return [];
  const points = rows.map((row, i) => `${scale.x(i) + scale.slot / 2},${scale.y(row.before)}`);
  const [first, last] = [scale.x(0), scale.x(rows.length - 1)].map((x) => x + scale.slot / 2);
  const area = `${first},${scale.base} ${points.join(" ")} ${last},${scale.base}`;
  return [
    make("polygon", { points: area, class: "before-area" }),
    make("polyline", { points: points.join(" "), class: "before" }),
  ];
}

function slot(row, index, scale, { svg, tip, rows, width }) {
  const group = make("g", { class: "slot" });
  const [x, y] = [scale.x(index), scale.y(row.value)];
  const gap = Math.min(6, scale.slot * 0.22);
  const [left, right] = [x + gap, x + scale.slot - gap];
  const radius = Math.min(4, (right - left) / 2, scale.base - y);
  if (row.value > 0) {
    const shape = `M${left},${scale.base}V${y + radius}q0,${-radius} ${radius},${-radius}`
      + `H${right - radius}q${radius},0 ${radius},${radius}V${scale.base}z`;
    group.append(make("path", { d: shape, class: row.still ? "now still" : "now" }));
  }
  if (labelled(index, rows.length, scale.slot)) {
    const at = { x: x + scale.slot / 2, y: scale.base + 17, "text-anchor": "middle" };
    group.append(Object.assign(make("text", at), { textContent: row.label }));
  }
  const hit = { x, y: EDGE.top, width: scale.slot, height: scale.base - EDGE.top, class: "hit" };
  group.append(make("rect", hit));
  group.addEventListener("pointerenter", () => show(tip, row, x + scale.slot / 2, width, svg));
  return group;
}

/** Labels stand 44 pixels apart at least. */
const labelled = (index, count, slot) => index % Math.min(count, Math.ceil(44 / slot)) === 0;

function show(tip, row, middle, width, svg) {
  const bold = document.createElement("b");
  bold.textContent = row.value.toLocaleString("en-IN");
  tip.replaceChildren(`${row.name}: `, bold);
  if (row.before !== null) tip.append(` (yesterday ${row.before.toLocaleString("en-IN")})`);
  tip.hidden = false;
  const half = tip.offsetWidth / 2;
  const left = Math.min(Math.max(middle, half), width - half) - half;
  // Set through the object model: the page's policy forbids style attributes.
  tip.style.left = `${left}px`;
}

function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
