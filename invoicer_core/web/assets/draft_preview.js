// The preview beside the editor: what is typed is sent into a frame, where the server shows it as
// the client will see it. A new frame is loaded behind the old one, so that nothing flickers.
const MEMORY = "invoicer.preview";
const REST = 500;
let timer = 0;
let count = 0;

const editor = () => document.getElementById("editor");
const place = () => document.getElementById("preview");
const shown = () => editor()?.classList.contains("with-preview");

function load() {
  const form = editor();
  if (!shown()) return;
  const frame = document.createElement("iframe");
  frame.name = `preview-${++count}`;
  frame.title = place().dataset.title;
  frame.className = "preview-next";
  place().append(frame);
  frame.addEventListener("load", () => {
    const former = [...place().querySelectorAll("iframe")].filter((each) => each !== frame && Number(each.name.slice(8)) < Number(frame.name.slice(8)));
    frame.contentWindow.scrollTo(0, former.at(-1)?.contentWindow?.scrollY ?? 0);
    frame.className = "";
    for (const each of former) each.remove();
  });
  send(form, frame.name);
}

// The form itself goes to the frame; its own address is put back at once.
function send(form, name) {
  const address = form.getAttribute("action");
  form.setAttribute("action", form.dataset.preview);
  form.target = name;
  form.submit();
  form.setAttribute("action", address);
  form.removeAttribute("target");
}

function toggle(wanted) {
  editor().classList.toggle("with-preview", wanted);
  place().hidden = !wanted;
  for (const button of document.querySelectorAll("[data-preview-toggle]")) {
    button.setAttribute("aria-pressed", String(wanted));
  }
  if (wanted) load();
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(load, REST);
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-preview-toggle]")) return;
  toggle(!shown());
  localStorage.setItem(MEMORY, shown() ? "on" : "off");
});
for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => event.target.closest?.("#editor") && shown() && plan());
}
// A text that is put back replaces the form, and its place for the preview with it.
document.addEventListener("htmx:afterSettle", (event) => {
  const pressed = document.querySelector("[data-preview-toggle][aria-pressed=true]");
  if (event.detail.elt.id === "editor" && pressed) toggle(true);
});
document.addEventListener("DOMContentLoaded", () => {
  const wide = window.matchMedia("(min-width: 1200px)").matches;
  if (editor() && wide && localStorage.getItem(MEMORY) !== "off") toggle(true);
});
