// Lists of rows: choosing some of them, and walking through them with the keyboard.
const KEY = "invoicer-list-keys";
const picked = new Set();
let wholeList = false; // also what is on other pages

const rows = () => [...document.querySelectorAll("[data-rows] tbody .row-link")];
const picks = () => [...document.querySelectorAll("[data-pick]")];

function keysOn() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true; // without storage the keys work as they do at first
  }
}

// How many are chosen is said in the bar, which is there only while some are.
function count() {
  for (const box of picks()) box.checked ? picked.add(box.value) : picked.delete(box.value);
  const all = document.querySelector("[data-pick-page]");
  const every = document.querySelector("[data-pick-every]");
  const boxes = picks();
  const chosen = boxes.filter((box) => box.checked).length;
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const said = document.querySelector("[data-pick-count]");
  if (said) said.textContent = chosen ? `${chosen} ${said.dataset.words}` : "";
  if (!chosen) wholeList = false;
  if (every) every.checked = wholeList;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-page]")) {
    for (const box of picks()) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-pick-every]")) wholeList = event.target.checked;
  if (event.target.matches("[data-pick], [data-pick-page], [data-pick-every]")) count();
  if (event.target.matches("[data-keys-on]")) {
    try {
      localStorage.setItem(KEY, event.target.checked ? "on" : "off");
    } catch {
      event.target.checked = true; // it cannot be remembered
    }
  }
});

// A list that was refreshed keeps what was chosen in it; a question that came in is shown.
document.addEventListener("htmx:afterSettle", () => {
  for (const box of picks()) box.checked = picked.has(box.value);
  count();
  const question = document.querySelector("dialog[data-show-now]");
  if (!question) return;
  question.removeAttribute("data-show-now");
  question.showModal();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close-link]")) return;
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});
window.addEventListener("pageshow", () => {
  wholeList = Boolean(document.querySelector("[data-pick-every]")?.checked);
  count();
});

function walk(step) {
  const all = rows();
  const at = all.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
  all[next]?.focus();
  all[next]?.closest("tr").scrollIntoView({ block: "nearest" });
}

const DOES = {
  j: () => walk(1),
  k: () => walk(-1),
  x: () => {
    const box = document.activeElement?.closest("tr")?.querySelector("[data-pick]");
    if (!box) return;
    box.checked = !box.checked;
    count();
  },
  "/": () => document.querySelector("[data-key-search]")?.focus(),
  n: () => document.querySelector("[data-key-new]")?.click(),
  "?": () => document.getElementById("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const does = DOES[event.key];
  if (!does || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !keysOn()) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  event.preventDefault();
  does();
});

document.addEventListener("DOMContentLoaded", () => {
  const on = document.querySelector("[data-keys-on]");
  if (on) on.checked = keysOn();
});
