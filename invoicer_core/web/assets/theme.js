// Runs before the first paint, so that a dark page never flashes white.
const KEY = "invoicer-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function choice() {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto"; // storage may be forbidden; the system's choice then holds
  }
}

function paint() {
  const chosen = choice();
  const theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  document.documentElement.setAttribute("data-bs-theme", theme);
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

paint();
dark.addEventListener("change", paint);
document.addEventListener("DOMContentLoaded", paint);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-theme-choice]");
  if (!button) return;
  try {
    localStorage.setItem(KEY, button.dataset.themeChoice);
  } catch {
    // without storage the choice lasts for this page only
    document.documentElement.setAttribute("data-bs-theme", button.dataset.themeChoice);
    return;
  }
  paint();
});
