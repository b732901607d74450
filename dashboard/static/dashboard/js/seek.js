// Suggestions below the search field while somebody types: bags, batches, areas; all by keyboard.

const PAUSE = 120;

/** Make `field` a combobox over what its address for suggestions answers. */
export function suggestFor(field) {
  const form = field.closest("form");
  const sheet = form.querySelector("[data-suggestions]");
  const said = form.querySelector("[data-suggested]");
  let timer = null;
  let asking = null;
  let chosen = -1;

  const options = () => [...sheet.querySelectorAll("[role=option]")];

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "suggestions");
  field.setAttribute("aria-expanded", "false");

  function close() {
    clearTimeout(timer);
    asking?.abort();
    sheet.hidden = true;
    chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  async function ask() {
    const text = field.value.trim();
    if (!text) return close();
    asking?.abort();
    asking = new AbortController();
    const address = `${field.dataset.suggest}?q=${encodeURIComponent(text)}`;
    const html = await suggested(address, asking.signal);
    if (html === null) return;
    if (field.value.trim() !== text || document.activeElement !== field) return;
    sheet.innerHTML = html;
    sheet.hidden = false;
    chosen = -1;
    const count = options().length;
    field.setAttribute("aria-expanded", String(count > 0));
    field.removeAttribute("aria-activedescendant");
    said.textContent = count ? field.dataset.some.replace("{count}", count) : field.dataset.none;
  }

  function choose(index) {
    const all = options();
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    for (const [number, option] of all.entries()) {
      option.setAttribute("aria-selected", String(number === chosen));
    }
    all[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", all[chosen].id);
  }

  const KEYS = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen < 0 ? -1 : chosen - 1),
    Escape: close,
    Enter: () => location.assign(options()[chosen].dataset.href),
  };

  field.addEventListener("keydown", (event) => {
    if (sheet.hidden || !(event.key in KEYS)) return;
    if (event.key === "Enter" && chosen < 0) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  field.addEventListener("blur", close);
  // Before the field loses the focus, which would close the sheet.
  sheet.addEventListener("pointerdown", (event) => event.preventDefault());
  sheet.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.href);
  });
  // What was typed while this file was on its way.
  ask();
}

/** The list that the server suggests; null where it has none, or nobody waits for it any more. */
async function suggested(address, signal) {
  try {
    const answer = await fetch(address, { signal });
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  }
}
