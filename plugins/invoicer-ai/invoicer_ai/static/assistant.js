// Says that the assistant is at work, and takes no second question meanwhile. Without this script
// the browser itself shows that it waits.
const form = document.getElementById("assistant-form");

form?.addEventListener("submit", () => {
  form.querySelector("button[type=submit]").disabled = true;
  document.getElementById("assistant-wait").hidden = false;
});

form?.querySelector("textarea")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (form.reportValidity()) form.requestSubmit();
  }
});

window.addEventListener("pageshow", () => {
  const button = form?.querySelector("button[type=submit]");
  if (button) button.disabled = false;
  const wait = document.getElementById("assistant-wait");
  if (wait) wait.hidden = true;
});
