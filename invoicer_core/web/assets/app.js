import htmx from "htmx.org";
import "./dialogs.js";
import "./draft_kept.js";
import "./editor.js";
import "./forms.js";
import "./menus.js";
import "./pwa.js";
import "./uploads.js";
import { say } from "./notices.js";

window.htmx = htmx;

// A message of the live channel refreshes the parts of the page that show what changed.
const waiting = new Map();
document.addEventListener("invoicer:change", (event) => {
  const { kind, text } = event.detail;
  for (const part of document.querySelectorAll("[data-live]")) {
    const kinds = part.dataset.live.split(" ");
    const marks = part.dataset.liveOnly?.split("|") ?? [];
    const all = kind === "*";
    if (!all && !kinds.includes(kind) && !kinds.includes("*")) continue;
    if (!all && marks.length && !marks.some((mark) => text.includes(mark))) continue;
    refreshSoon(part);
  }
});

function refreshSoon(part) {
  clearTimeout(waiting.get(part));
  waiting.set(part, setTimeout(() => refresh(part), 120));
}

// A part that is being fetched may show what was before: then it is fetched once more afterwards,
// in its new shape. While a menu is open all wait: nothing is pulled away under a finger.
function refresh(part) {
  const now = part.isConnected ? part : document.getElementById(part.id);
  if (now && (now.classList.contains("htmx-request") || menuIsOpen())) refreshSoon(now);
  else if (now) htmx.trigger(now, "refresh");
}

function menuIsOpen() {
  return document.querySelector("details.menu[open]") !== null;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (requestConfig?.triggeringEvent?.type !== "refresh" || !menuIsOpen()) return;
  event.detail.shouldSwap = false;
  refreshSoon(target);
});

// Who works with the keyboard keeps the place: the same link is focused in the fresh part. Fields and
// whatever has an id are htmx's own business.
let held = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const active = document.activeElement;
  held = detail.target.contains?.(active) && !active.id ? active.getAttribute("href") : null;
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (held === null || document.activeElement !== document.body) return;
  const part = document.getElementById(detail.target.id) ?? detail.target;
  part.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
});

document.addEventListener("htmx:responseError", (event) => {
  const answer = event.detail.xhr;
  if (answer.status === 401) window.location.reload();
  else if (answer.getResponseHeader("X-Other-Business")) say(answer.responseText);
  else say(document.body.dataset.wordsFailed);
});
document.addEventListener("htmx:sendError", () => say(document.body.dataset.wordsOffline));
