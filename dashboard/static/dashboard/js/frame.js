// What every page has: menus that close, "/" for the search, times in the viewer's own zone.

const BUSINESS_ZONE = document.documentElement.dataset.zone;
const MONTHS = document.documentElement.dataset.months.split(" ");
// Browsers still call it by its colonial name.
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone.replace("Calcutta", "Kolkata");
const SHAPES = {
  full: { day: "numeric", month: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit" },
  short: { day: "numeric", month: "numeric", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** `text` with its {places} filled in. */
export const fill = (text, facts = {}) =>
  text.replace(/\{(\w+)\}/g, (place, name) => facts[name] ?? place);

/** A whole number, grouped as in India: 40,00,000. */
export const digits = (number) => Math.round(number).toLocaleString("en-IN");

/** An instant (ISO 8601) as people read it here: in `zone`, in one of the SHAPES. */
export function moment(iso, shape = "full", zone = OWN_ZONE) {
  const options = { ...SHAPES[shape], hourCycle: "h23", timeZone: zone };
  const parts = new Intl.DateTimeFormat("en-GB", options).formatToParts(new Date(iso));
  // Months are named as the server names them, in the language of the page.
  return parts.map(({ type, value }) => (type === "month" ? MONTHS[value - 1] : value)).join("")
    .replaceAll("/", " ");
}

/** Show the times inside `root` in the viewer's zone; the business zone's stand in the title. */
export function showTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-shape]")) {
    if (!time.dateTime) continue;
    time.textContent = moment(time.dateTime, shapeOf(time));
    time.title = `${moment(time.dateTime, "full", BUSINESS_ZONE)} (${BUSINESS_ZONE})`;
  }
}

/** A bare clock says enough on its own day only. */
function shapeOf(time) {
  const sameDay = new Date(time.dateTime).toDateString() === new Date().toDateString();
  return time.dataset.shape === "clock" && !sameDay ? "short" : time.dataset.shape;
}

const isTyping = (element) => element.matches?.("input, textarea, select, [contenteditable]");

function focusSearch(event) {
  const field = document.querySelector("[data-search]");
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key !== "/" || !plain || !field || isTyping(event.target)) return;
  if (document.querySelector("[data-takes-keys]")) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("keydown", (event) => {
  focusSearch(event);
  if (event.key !== "Escape") return;
  const open = event.target.closest?.("details.menu[open]");
  closeMenus(null);
  open?.querySelector("summary").focus();
});
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));

// Who does not search need not load what helps to.
const search = document.querySelector("[data-suggest]");
search?.addEventListener("focus", async () => {
  const { suggestFor } = await import("./seek.js");
  suggestFor(search);
}, { once: true });

showTimes();
for (const place of document.querySelectorAll("[data-own-zone]")) place.textContent = OWN_ZONE;
