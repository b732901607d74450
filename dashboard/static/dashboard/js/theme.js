// Applies the light or dark theme before the first paint, and stores the user's choice.
// A classic script, because a module would run only after the first paint.
(() => {
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function storedChoice() {
    try {
      const stored = localStorage.getItem("tt-theme");
      return stored === "light" || stored === "dark" ? stored : "system";
    } catch {
      return "system";
    }
  }

  function applyTheme(choice) {
    root.dataset.bsTheme = choice === "system" ? (prefersDark.matches ? "dark" : "light") : choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  }

  applyTheme(storedChoice());
  prefersDark.addEventListener("change", () => applyTheme(storedChoice()));
  addEventListener("storage", () => applyTheme(storedChoice()));
  document.addEventListener("DOMContentLoaded", () => applyTheme(storedChoice()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice;
    try {
      localStorage.setItem("tt-theme", choice);
    } catch {
      // Without storage the choice applies to this page only.
    }
    applyTheme(choice);
  });
})();
