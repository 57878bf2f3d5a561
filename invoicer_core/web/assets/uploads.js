// Forms with files: drop or choose several, each is sent by itself with its progress shown.
// Without this script the form works too, with its button.
import htmx from "htmx.org";

function entry(form, name) {
  const line = document.createElement("li");
  const label = document.createElement("span");
  const bar = document.createElement("progress");
  const state = document.createElement("small");
  label.textContent = name;
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  line.append(label, bar, state);
  form.querySelector("[data-upload-list]").append(line);
  return {
    progress: (percent) => (bar.value = percent),
    end(words, failed) {
      bar.remove();
      state.textContent = words;
      line.className = failed ? "upload-failed" : "upload-done";
    },
  };
}

function send(form, file) {
  const shown = entry(form, file.name);
  if (file.size > Number(form.dataset.most)) {
    shown.end(form.dataset.wordsLarge, true);
    return Promise.resolve(false);
  }
  const body = new FormData();
  body.append("file", file);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const fail = (words) => {
      shown.end(words || form.dataset.wordsFailed, true);
      resolve(false);
    };
    request.open("POST", form.action);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Form-Secret", form.elements.form_secret.value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) shown.progress((100 * event.loaded) / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status !== 200) return fail(request.response?.problem);
      shown.end(form.dataset.wordsDone, false);
      resolve(true);
    });
    request.addEventListener("error", () => fail());
    request.send(body);
  });
}

async function sendAll(form, files) {
  form.querySelector("[data-upload-list]").replaceChildren();
  let all = true;
  let some = false;
  for (const file of files) {
    const done = await send(form, file);
    all &&= done;
    some ||= done;
  }
  const target = document.querySelector(form.dataset.refresh);
  // What failed stays readable: the part that holds the form is renewed only when all went well.
  if (some && target && (all || !target.contains(form))) htmx.trigger(target, "refresh");
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-upload]");
  if (!form || event.target.type !== "file") return;
  const files = [...event.target.files];
  event.target.value = "";
  sendAll(form, files);
});

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const form = event.target.closest?.("form[data-upload]");
    if (!form || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("upload-over", name === "dragenter" || name === "dragover");
    if (name === "drop") sendAll(form, [...event.dataTransfer.files]);
  });
}

document.addEventListener("DOMContentLoaded", () => document.documentElement.classList.add("with-uploads"));
