// Sets light or dark before the first paint, so that nothing flashes; remembers what was chosen.
// A classic script: a module would run after the page has been painted.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function chosen() {
    try {
      const kept = localStorage.getItem("tt-theme");
      return kept === "light" || kept === "dark" ? kept : "system";
    } catch {
      return "system";
    }
  }

  function show(choice) {
    root.dataset.bsTheme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  }

  show(chosen());
  dark.addEventListener("change", () => show(chosen()));
  addEventListener("storage", () => show(chosen()));
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice;
    try {
      localStorage.setItem("tt-theme", choice);
    } catch {
      // A browser that keeps nothing still shows the choice until the page is left.
    }
    show(choice);
  });
})();
