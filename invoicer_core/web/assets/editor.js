// The rows of the invoice editor: removing, moving by drag or arrow keys, closing suggestions.
// Rows and totals themselves come from the server.
function rowsChanged(rows) {
  rows.closest("form").dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove-row]");
  if (!button) return;
  const row = button.closest("[data-row]");
  const rows = row.parentElement;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("input:not([type=hidden])") ?? document.getElementById("add-row"))?.focus();
  rowsChanged(rows);
});

document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.("[data-drag]");
  if (!handle || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const row = handle.closest("[data-row]");
  if (event.key === "ArrowUp") row.previousElementSibling?.before(row);
  else row.nextElementSibling?.after(row);
  handle.focus();
  rowsChanged(row.parentElement);
});

// The same by buttons, for those who can neither drag nor guess the keys.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const row = button.closest("[data-row]");
  if (button.dataset.move === "up") row.previousElementSibling?.before(row);
  else row.nextElementSibling?.after(row);
  button.focus();
  rowsChanged(row.parentElement);
});

// Enter never issues or leaves: in an item it goes to the next one, which is made at the end.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
  const input = event.target.closest?.("#editor input:not([type=radio]):not([type=checkbox])");
  const row = event.target.closest?.("#rows [data-row]");
  if (!input && !(row && event.ctrlKey)) return;
  if (input?.matches("[data-no-enter]") && input.closest("[data-suggest]")?.querySelector("[data-choice]")) return;
  event.preventDefault();
  if (!row) return;
  const next = row.nextElementSibling?.querySelector("[name=item-description]");
  if (next) next.focus();
  else document.getElementById("add-row")?.click();
});

// Pointer events instead of HTML drag and drop: they work with a finger too.
let dragged = null;
document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.("[data-drag]");
  if (!handle) return;
  dragged = handle.closest("[data-row]");
  dragged.classList.add("dragged");
  handle.setPointerCapture(event.pointerId);
});
document.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  for (const row of dragged.parentElement.querySelectorAll("[data-row]")) {
    if (row === dragged) continue;
    const box = row.getBoundingClientRect();
    if (event.clientY < box.top || event.clientY > box.bottom) continue;
    const before = event.clientY < box.top + box.height / 2;
    if (before && row.previousElementSibling !== dragged) row.before(dragged);
    if (!before && row.nextElementSibling !== dragged) row.after(dragged);
  }
});
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    rowsChanged(dragged.parentElement);
    dragged = null;
  });
}

// A new row is filled in at once; so is the field group a choice brought in.
document.addEventListener("htmx:afterSettle", (event) => {
  const wanted = event.detail.elt.querySelector?.("[data-focus-new]");
  if (wanted) {
    wanted.removeAttribute("data-focus-new");
    wanted.focus();
  }
  if (event.detail.elt.matches?.("[data-row], [data-rows], #client-field")) {
    event.detail.elt.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// A new document is in its client's currency, until somebody chooses one.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("#editor [name=currency]")) event.target.dataset.chosen = "";
});
document.addEventListener("htmx:afterSettle", (event) => {
  const wanted = event.detail.elt.matches?.("#client-field") && event.detail.elt.dataset.currency;
  const editor = event.detail.elt.closest?.("#editor[data-new]");
  const select = editor?.querySelector("[name=currency]");
  if (!wanted || !select || "chosen" in select.dataset || editor.dataset.answered) return;
  if (select.value === wanted) return;
  if (![...select.options].some((each) => each.value === wanted)) select.add(new Option(wanted, wanted));
  select.value = wanted;
  select.dispatchEvent(new Event("input", { bubbles: true }));
});

// A saved text is put behind what stands there.
document.addEventListener("change", (event) => {
  const picker = event.target.closest?.("[data-text-into]");
  const field = picker?.value && picker.form.elements[picker.dataset.textInto];
  if (!field) return;
  const before = field.value.trimEnd();
  field.value = before ? `${before}${field.matches("textarea") ? "\n" : " "}${picker.value}` : picker.value;
  picker.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

// Suggestions: arrow keys walk through them, Escape and leaving close them.
document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("[data-suggest]");
  if (!box) return;
  const choices = [...box.querySelectorAll("[data-choice]")];
  const at = choices.indexOf(document.activeElement);
  if (event.key === "Escape") clear(box);
  else if (event.key === "ArrowDown" && choices.length) choices[Math.min(at + 1, choices.length - 1)].focus();
  else if (event.key === "ArrowUp" && at > 0) choices[at - 1].focus();
  else if (event.key === "ArrowUp" && at === 0) box.querySelector("input")?.focus();
  else if (event.key === "Enter" && event.target.matches("input[data-no-enter]")) choices[0]?.click();
  else return;
  event.preventDefault();
});
function clear(box) {
  box.querySelector("[data-choices]")?.replaceChildren();
}
document.addEventListener("focusout", (event) => {
  const box = event.target.closest?.("[data-suggest]");
  if (box && event.relatedTarget && !box.contains(event.relatedTarget)) clear(box);
});
document.addEventListener("click", (event) => {
  for (const box of document.querySelectorAll("[data-suggest]")) {
    if (!box.contains(event.target)) clear(box);
  }
});

// A late answer does not take the list away from somebody who is choosing from it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.target;
  if (list.matches?.("[data-choices]") && list.contains(document.activeElement)) event.detail.shouldSwap = false;
});
