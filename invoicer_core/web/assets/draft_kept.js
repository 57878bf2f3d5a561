// What is typed in the editor is kept in the browser until it is saved: it survives a closed tab,
// a reload and a lost connection. Signing out forgets it.
const PREFIX = "invoicer.kept.";
const LONGEST = 14 * 24 * 3600 * 1000;
const NOT_KEPT = /^(form_secret|seen_version|then|choose-.*)$/;
const NO_MEANING = /^(once|version|item-key|item-id|extra-key|extra-kept|client_search)$/;

export function keyOf(form) {
  return `${PREFIX}${form.dataset.draft}${location.pathname}${location.search}`;
}

export function textOf(form) {
  return [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.test(name) && typeof value === "string");
}

// Equal for two texts that say the same, whatever the rows are called.
export function meaning(fields) {
  const said = fields.filter(([name]) => !NO_MEANING.test(name));
  return JSON.stringify(said.map(([name, value]) => [
    name.replace(/^item-more-tax-.*/, "item-more-tax"), value.replaceAll("\r\n", "\n").trim(),
  ]));
}

export function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return kept && Date.now() - kept.at < LONGEST ? kept : null;
  } catch {
    return null; // not ours, or no storage: then nothing is kept
  }
}

export function keep(form, submitted = false) {
  try {
    localStorage.setItem(keyOf(form), JSON.stringify({ at: Date.now(), submitted, fields: textOf(form) }));
  } catch {
    // The storage is full or switched off: the autosave still works.
  }
}

export function drop(key) {
  localStorage.removeItem(key);
}

function every(wanted) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && wanted(read(key))) drop(key);
  }
}

// A text that was sent and led to another page is saved; the text of weeks ago is forgotten.
document.addEventListener("DOMContentLoaded", () => {
  if (!document.getElementById("editor")) every((kept) => !kept || kept.submitted);
});
document.addEventListener("submit", (event) => {
  if (event.target.action.endsWith("/sign-out")) every(() => true);
});
