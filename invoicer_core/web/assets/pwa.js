// Pages of the app (those that name its manifest) can be installed and have an offline page.
if ("serviceWorker" in navigator && document.querySelector("link[rel=manifest]")) {
  window.addEventListener("load", () => {
    // Refused in private windows and without https: the app works all the same.
    navigator.serviceWorker.register("/sw.js").catch(() => {});
  });
}
// The offline page looks for the server, and opens what was wanted as soon as it answers: a device
// may think that it is online without reaching it.
async function lookForServer() {
  try {
    if ((await fetch("/healthz", { cache: "no-store" })).ok) window.location.reload();
  } catch {
    // still away: the next look comes by itself
  }
}
if (document.body?.matches(".offline")) {
  window.addEventListener("online", lookForServer);
  setInterval(lookForServer, 3000);
}
