// Opens the <dialog> a button names, closes it by its close buttons, Escape or a click outside.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    opener.closest("details")?.removeAttribute("open");
    dialog?.showModal();
    dialog?.querySelector("[data-focus]")?.focus();
    return;
  }
  if (event.target.closest("[data-close]") || event.target.matches("dialog[open]")) {
    event.target.closest("dialog")?.close();
  }
});

// A dialog whose form came back with an error is shown again at once.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector("dialog[data-show]")?.showModal();
});
