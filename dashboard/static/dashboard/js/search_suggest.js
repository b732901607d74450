// Suggestions below the search field: bags, batches and areas, usable by keyboard (ARIA combobox).

const DEBOUNCE_MS = 120;

/** Turn `field` into a combobox with the suggestions of the server. */
export function attachSuggestions(field) {
  const form = field.closest("form");
  const panel = form.querySelector("[data-suggestions]");
  const status = form.querySelector("[data-suggest-status]");
  let timer = null;
  let request = null;
  let selected = -1;

  const options = () => [...panel.querySelectorAll("[role=option]")];

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "suggestions");
  field.setAttribute("aria-expanded", "false");

  function close() {
    clearTimeout(timer);
    request?.abort();
    panel.hidden = true;
    selected = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  async function update() {
    const text = field.value.trim();
    if (!text) return close();
    request?.abort();
    request = new AbortController();
    const url = `${field.dataset.suggestUrl}?q=${encodeURIComponent(text)}`;
    const html = await fetchSuggestions(url, request.signal);
    if (html === null) return;
    if (field.value.trim() !== text || document.activeElement !== field) return;
    panel.innerHTML = html;
    panel.hidden = false;
    selected = -1;
    const count = options().length;
    field.setAttribute("aria-expanded", String(count > 0));
    field.removeAttribute("aria-activedescendant");
    status.textContent = count ? field.dataset.textCount.replace("{count}", count) : field.dataset.textNone;
  }

  function select(index) {
    const all = options();
    if (!all.length) return;
    selected = (index + all.length) % all.length;
    for (const [number, option] of all.entries()) {
      option.setAttribute("aria-selected", String(number === selected));
    }
    all[selected].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", all[selected].id);
  }

  const KEY_HANDLERS = {
    ArrowDown: () => select(selected + 1),
    ArrowUp: () => select(selected < 0 ? -1 : selected - 1),
    Escape: close,
    Enter: () => location.assign(options()[selected].dataset.href),
  };

  field.addEventListener("keydown", (event) => {
    if (panel.hidden || !(event.key in KEY_HANDLERS)) return;
    if (event.key === "Enter" && selected < 0) return;
    event.preventDefault();
    KEY_HANDLERS[event.key]();
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(update, DEBOUNCE_MS);
  });
  field.addEventListener("blur", close);
  // Keep the focus in the field: losing it would close the panel before the click.
  panel.addEventListener("pointerdown", (event) => event.preventDefault());
  panel.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.href);
  });
  // The user may have typed while this module was loading.
  update();
}

/** Return the suggestions as HTML, or null if the request fails or is aborted. */
async function fetchSuggestions(url, signal) {
  try {
    const response = await fetch(url, { signal });
    return response.ok && !response.redirected ? await response.text() : null;
  } catch {
    return null;
  }
}
