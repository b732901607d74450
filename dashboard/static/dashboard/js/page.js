// Behaviour of every page: menus that close, "/" for the search, times in the user's time zone.

const BUSINESS_ZONE = document.documentElement.dataset.businessZone;
const MONTHS = document.documentElement.dataset.months.split(" ");
// Browsers still report the former name of the city.
const LOCAL_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone.replace("Calcutta", "Kolkata");
const TIME_FORMATS = {
  full: { day: "numeric", month: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit" },
  short: { day: "numeric", month: "numeric", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** Return `template` with its {names} replaced by the parameters of these names. */
export const formatMessage = (template, params = {}) =>
  template.replace(/\{(\w+)\}/g, (placeholder, name) => params[name] ?? placeholder);

/** Return a whole number with Indian digit grouping: 40,00,000. */
export const formatNumber = (number) => Math.round(number).toLocaleString("en-IN");

/** Return an ISO 8601 time in one of the TIME_FORMATS and in the time zone `zone`. */
export function formatTime(iso, format = "full", zone = LOCAL_ZONE) {
  const options = { ...TIME_FORMATS[format], hourCycle: "h23", timeZone: zone };
  const parts = new Intl.DateTimeFormat("en-GB", options).formatToParts(new Date(iso));
  return parts.map(formatTimePart).join("").replaceAll("/", " ");
}

/** Return a part as the templates do: month names of the server, days without a leading zero. */
function formatTimePart({ type, value }) {
  if (type === "month") return MONTHS[value - 1];
  return type === "day" ? String(Number(value)) : value;
}

/** Show the times inside `root` in the user's time zone, with the business time zone as title. */
export function localizeTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-format]")) {
    if (!time.dateTime) continue;
    time.textContent = formatTime(time.dateTime, formatFor(time));
    time.title = `${formatTime(time.dateTime, "full", BUSINESS_ZONE)} (${BUSINESS_ZONE})`;
  }
}

/** Return the format of a <time> element: a time of another day needs its date. */
function formatFor(time) {
  const isToday = new Date(time.dateTime).toDateString() === new Date().toDateString();
  return time.dataset.format === "clock" && !isToday ? "short" : time.dataset.format;
}

const isEditable = (element) => element.matches?.("input, textarea, select, [contenteditable]");

function focusSearch(event) {
  const field = document.querySelector("[data-search]");
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  if (event.key !== "/" || hasModifier || !field || isEditable(event.target)) return;
  if (document.querySelector("[data-captures-keys]")) return;
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
  const menu = event.target.closest?.("details.menu[open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
});
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));

// Load the module for suggestions when it is first needed.
const searchField = document.querySelector("[data-suggest-url]");
searchField?.addEventListener("focus", async () => {
  const { attachSuggestions } = await import("./search_suggest.js");
  attachSuggestions(searchField);
}, { once: true });

localizeTimes();
for (const element of document.querySelectorAll("[data-local-zone]")) element.textContent = LOCAL_ZONE;
