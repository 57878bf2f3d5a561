import htmx from "htmx.org";
import "./dialogs.js";
import "./editor.js";
import "./forms.js";
import "./menus.js";
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
    clearTimeout(waiting.get(part));
    waiting.set(part, setTimeout(() => htmx.trigger(part, "refresh"), 120));
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) window.location.reload();
  else say(document.body.dataset.wordsFailed);
});
document.addEventListener("htmx:sendError", () => say(document.body.dataset.wordsOffline));
