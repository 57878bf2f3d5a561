// Drop-down menus are <details>; only one stays open, Escape or a click elsewhere closes it.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.removeAttribute("open");
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  closeMenus();
  open?.querySelector("summary")?.focus();
  showSidebar(false);
});

// The side bar slides in on small screens.
function showSidebar(shown) {
  document.body.classList.toggle("sidebar-shown", shown);
  for (const button of document.querySelectorAll("[data-sidebar]")) {
    button.setAttribute("aria-expanded", String(shown));
  }
  if (shown) document.querySelector("#sidebar a")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sidebar]")) {
    showSidebar(!document.body.classList.contains("sidebar-shown"));
  } else if (!event.target.closest("#sidebar")) {
    showSidebar(false);
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = button.dataset.copied;
  } catch {
    window.prompt(before, button.dataset.copy); // no clipboard without https: let it be copied by hand
  }
  setTimeout(() => (label.textContent = before), 2000);
});
