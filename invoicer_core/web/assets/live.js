// The live channel: one socket, whose rooms the server chooses. Says what changed as a DOM event
// and shows in [data-live-state] whether the page is connected.
import { io } from "socket.io-client";

const meta = (name) => document.querySelector(`meta[name=${name}]`)?.content ?? "";
const link = meta("invoicer-live");
const since = Number(meta("invoicer-made"));
const socket = io({ transports: ["websocket"], auth: link ? { link } : {}, reconnectionDelayMax: 10000 });
let connectedBefore = false;

function show(state) {
  for (const mark of document.querySelectorAll("[data-live-state]")) {
    mark.dataset.liveState = state;
    const words = mark.dataset[`words${state[0].toUpperCase()}${state.slice(1)}`];
    mark.title = words;
    const text = mark.querySelector("[data-words]");
    if (text) text.textContent = words;
  }
}

function tell(kind, payload) {
  document.dispatchEvent(new CustomEvent("invoicer:change", { detail: { kind, text: JSON.stringify(payload) } }));
}

socket.on("connect", () => {
  show("on");
  // What happened while the page was being made or the line was cut was missed: refresh everything.
  if (connectedBefore) tell("*", {});
  else socket.emit("missed", { since }, ({ missed }) => missed && tell("*", {}));
  connectedBefore = true;
});
socket.on("disconnect", () => show("off"));
socket.on("connect_error", () => show("off"));
socket.onAny((name, payload) => {
  const fact = payload?.eventType ?? payload?.name ?? name;
  tell(String(fact).toLowerCase().split(/[._]/)[0], payload);
});
