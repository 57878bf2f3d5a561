// A form is sent once; one that was changed asks before the page is left.
const changed = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  // A file that is downloaded leaves the page as it is.
  if (form.method === "dialog" || event.submitter?.hasAttribute("data-download")) return;
  form.dataset.sent = "1";
  changed.delete(form);
  const button = event.submitter;
  button?.classList.add("btn-loading");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".btn-loading")) button.classList.remove("btn-loading");
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]");
  if (form) changed.add(form);
});

window.addEventListener("beforeunload", (event) => {
  for (const form of document.querySelectorAll("form[data-guard]")) {
    if (changed.has(form) && !form.dataset.sent) event.preventDefault();
  }
});

// Filters apply as soon as they are chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".is-invalid")?.focus();
});
