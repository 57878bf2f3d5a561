// A short notice in the corner, read out by screen readers, gone after some seconds.
export function say(text, kind = "warning") {
  const place = document.getElementById("notices");
  if (!place || !text) return;
  const notice = document.createElement("div");
  notice.className = `alert alert-${kind} notice`;
  notice.textContent = text;
  place.replaceChildren(notice);
  setTimeout(() => notice.remove(), 7000);
}
