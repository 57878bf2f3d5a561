// Saves the draft a moment after the last key, one save at a time, and says how it went.
import { drop, keep, keyOf, meaning, read, textOf } from "./draft_kept.js";

const REST = 1200; // ms without a key before a save
const RETRY = 10000;
let saved = ""; // what the server has
let timer = 0;
let running = null;
let leaving = false;

const editor = () => document.getElementById("editor");
const line = () => document.getElementById("saved");

function plan(after = REST) {
  clearTimeout(timer);
  timer = setTimeout(save, after);
}

async function save() {
  const form = editor();
  if (!form || leaving || running || form.dataset.stale) return;
  const sent = meaning(textOf(form));
  if (sent === saved) return;
  const key = keyOf(form);
  const address = `${form.getAttribute("action")}?autosave=1`;
  running = window.htmx.ajax("POST", address, { source: form, target: "#saved", swap: "outerHTML" });
  try {
    await running;
    settle(form, key, sent);
  } catch {
    offline(form);
  } finally {
    running = null;
  }
  if (meaning(textOf(form)) !== sent) plan();
}

function settle(form, key, sent) {
  const { state, edit, number } = line().dataset;
  if (state === "stale") form.dataset.stale = form.dataset.unseen = "1"; // until the visitor has chosen
  if (state !== "saved") return;
  saved = sent;
  if (meaning(textOf(form)) === sent) drop(key);
  if (!edit || form.getAttribute("action") === edit) return;
  drop(key); // a new invoice has become a draft: from now on it has an address of its own
  form.setAttribute("action", edit);
  history.replaceState(null, "", edit);
  const title = document.querySelector("[data-draft-title]");
  title.textContent = title.dataset.words.replace("{number}", number);
  if (meaning(textOf(form)) !== sent) keep(form);
}

function offline(form) {
  const text = document.createElement("span");
  text.textContent = form.dataset.wordsOffline;
  line().dataset.state = "waiting";
  line().className = "saved saved-waiting";
  line().replaceChildren(text);
  plan(RETRY);
}

// A stale save (409) is an answer to show, not a failure.
document.addEventListener("htmx:beforeSwap", (event) => {
  const ours = ["saved", "editor"].includes(event.detail.target.id);
  if (ours && event.detail.xhr.status === 409) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("#editor");
  if (!form || event.target.name === "client_search") return;
  keep(form);
  plan();
});
document.addEventListener("change", (event) => {
  if (event.target.closest?.("#difference")) delete editor().dataset.unseen;
  if (event.target.closest?.("#editor")) plan();
});

// The button waits for a save that is under way, so that the two do not meet.
document.addEventListener("submit", async (event) => {
  if (event.target.id !== "editor") return;
  const { target: form, submitter } = event;
  clearTimeout(timer);
  if (running) {
    event.preventDefault();
    event.stopImmediatePropagation();
    await running.catch(() => null);
    form.requestSubmit(submitter);
    return;
  }
  if (form.dataset.unseen) { // what others wrote came up at this very moment: look at it first
    event.preventDefault();
    event.stopImmediatePropagation();
    delete form.dataset.unseen;
    document.getElementById("difference").scrollIntoView();
    document.querySelector("#difference :checked")?.focus();
    return;
  }
  leaving = true;
  keep(form, true);
}, { capture: true });

window.addEventListener("pageshow", () => (leaving = false));

// --- what was typed and not saved is put back --------------------------------------------------

async function restore(kept) {
  const values = {};
  for (const [name, value] of kept.fields) (values[name] ??= []).push(value);
  const address = `${editor().getAttribute("action")}?restore=1`;
  await window.htmx.ajax("POST", address, { target: "#editor", select: "#editor", swap: "outerHTML", values });
  const bar = document.getElementById("kept");
  const words = bar.querySelector("[data-kept-words]");
  const when = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  words.textContent = words.dataset.keptWords.replace("{when}", when);
  bar.hidden = false;
  if (!editor().dataset.stale) plan(0);
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-kept-drop]")) return;
  leaving = true;
  drop(keyOf(editor()));
  location.reload();
});

document.addEventListener("DOMContentLoaded", () => {
  const form = editor();
  if (!form) return;
  const shown = meaning(textOf(form));
  if (form.dataset.answered) { // the server's answer to what was sent: it holds the text itself
    keep(form);
    if (!form.querySelector(".is-invalid") && !form.dataset.stale) plan();
    return;
  }
  saved = shown;
  const kept = read(keyOf(form));
  if (kept && meaning(kept.fields) !== shown) restore(kept);
});

// --- "Saved 3 seconds ago" ----------------------------------------------------------------------

function tick() {
  const text = document.querySelector("#saved [data-ago]");
  if (!text) return;
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(text.dataset.ago)) / 1000));
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
  const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([each]) => seconds >= each) ?? [1, "second"];
  text.textContent = text.dataset.words.replace("{ago}", words.format(-Math.floor(seconds / size), unit));
}
setInterval(tick, 1000);
