// Texts as they are written: on the page "Write with AI", and beside the fields of other pages.
async function lines(answer, each) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    parts.filter(Boolean).forEach((line) => each(JSON.parse(line)));
  }
}

// True when the whole text came. What came of a text that did not is taken back.
async function written(address, body, { out, trouble, lost, signal }) {
  let whole = false;
  let words = "";
  out.value = "";
  trouble.hidden = true;
  try {
    const answer = await fetch(address, { method: "POST", body, signal });
    if (!answer.ok) throw new Error(String(answer.status));
    await lines(answer, (found) => {
      if (found.text) out.value += found.text;
      if (found.trouble) words = found.trouble;
      if (found.done) whole = true;
    });
    if (!whole && !words) words = lost;
  } catch {
    words = signal?.aborted ? "" : lost;
  }
  if (whole) return true;
  out.value = "";
  trouble.textContent = words;
  trouble.hidden = !words;
  return false;
}

const form = document.getElementById("write-form");
const out = document.getElementById("written");
const trouble = document.getElementById("write-trouble");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopPropagation();
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  out.closest("section").hidden = false;
  const body = new URLSearchParams(new FormData(form));
  await written(form.dataset.stream, body, { out, trouble, lost: form.dataset.lost });
  button.disabled = false;
});

const at = (help, name) => help.querySelector(`[data-ai="${name}"]`);
const target = (help) => help.closest("form").elements[help.dataset.field];
const running = new WeakMap();
const before = new WeakMap();

function show(help, name, is) {
  at(help, name).hidden = !is;
}

// What it is about, and the language, are taken from the form until somebody says otherwise.
function filled(help) {
  const fields = help.closest("form").elements;
  const about = at(help, "about");
  if (!about) return; // no key: there is nothing but words
  if (!about.value.trim() && help.dataset.from)
    about.value = fields[help.dataset.from]?.value.trim() ?? "";
  const language = fields.language?.value;
  if (language && [...at(help, "language").options].some((each) => each.value === language))
    at(help, "language").value = language;
}

async function write(help) {
  const about = at(help, "about");
  if (!about.value.trim()) return about.focus();
  const body = new URLSearchParams({ form_secret: help.closest("form").elements.form_secret.value });
  for (const name of ["about", "kind", "style", "length", "language"])
    body.set(name, at(help, name).value);
  const stop = new AbortController();
  running.get(help)?.abort();
  running.set(help, stop);
  at(help, "write").disabled = true;
  show(help, "result", true);
  show(help, "take", false);
  const is = await written(help.dataset.stream, body, {
    out: at(help, "out"), trouble: at(help, "trouble"), lost: help.dataset.lost, signal: stop.signal,
  });
  if (running.get(help) !== stop) return;
  at(help, "write").disabled = false;
  show(help, "result", is);
  show(help, "take", is);
}

// A line like [link] stands for something that only the template knows: it stays.
function kept(text) {
  return text.split("\n").filter((line) => /^\[[a-z]+\]$/.test(line.trim())).join("\n\n");
}

function put(help, value) {
  const field = target(help);
  if (field.maxLength >= 0 && value.length > field.maxLength) {
    at(help, "trouble").textContent = help.dataset.long;
    return show(help, "trouble", true);
  }
  show(help, "trouble", false);
  before.set(help, field.value);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  show(help, "back", true);
}

const joined = (...parts) => parts.map((each) => each.trim()).filter(Boolean).join("\n\n");
const does = {
  write,
  replace: (help) => put(help, joined(at(help, "out").value, kept(target(help).value))),
  below: (help) => put(help, joined(target(help).value, at(help, "out").value)),
  back: (help) => put(help, before.get(help)),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-ai-write] button[data-ai]");
  if (button) does[button.dataset.ai]?.(button.closest("[data-ai-write]"));
});

document.addEventListener("toggle", (event) => {
  const help = event.target;
  if (!help.matches?.("[data-ai-write]")) return;
  if (help.open) filled(help);
  else running.get(help)?.abort();
}, true);

// Its own fields belong to no form: to type there is no change of the form around them.
for (const kind of ["input", "change"])
  document.addEventListener(kind, (event) => {
    if (event.target.closest?.("[data-ai-write]")) event.stopPropagation();
  }, true);
