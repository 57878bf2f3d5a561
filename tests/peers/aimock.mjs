// The AI service of the tests: npm aimock on a loopback port, which also shows the requests as they
// came over the wire. Says one line when it is ready; ended by a signal.
//
//     node tests/peers/aimock.mjs --port 0 [--demo]
import { parseArgs } from "node:util";
import { LLMock } from "@copilotkit/aimock";
import { banner, clean, flagged, reply } from "./aimock_demo.mjs";

const { values } = parseArgs({ options: { port: { type: "string" }, demo: { type: "boolean" } } });
const slow = { latency: 25, chunkSize: 12 };
const mock = new LLMock({
  port: Number(values.port ?? 0),
  host: "127.0.0.1",
  journalMaxEntries: 500,
  chunkSize: 8,
  ...(values.demo ? slow : {}),
});
const wire = [];

mock.onModerate(/forbidden words/, flagged);
mock.onModerate(/[^]*/, clean);
if (values.demo) {
  mock.on({ endpoint: "image" }, { image: { b64Json: banner() } });
  mock.on({ endpoint: "chat" }, reply);
}
mock.mount("/wire", {
  async handleRequest(request, response) {
    if (request.method === "DELETE") wire.length = 0;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(wire));
    return true;
  },
});

try {
  await mock.start();
} catch (error) {
  console.error(error.code === "EADDRINUSE" ? "the port is in use" : String(error));
  process.exit(1);
}

// Its own journal holds what it made of a request; this is what was sent.
mock.serverInstance.server.prependListener("request", (request) => {
  if (!request.url.startsWith("/v1/")) return;
  const parts = [];
  const listen = request.on.bind(request);
  request.on = (event, hear) =>
    event === "data"
      ? listen("data", (part) => {
          parts.push(part);
          hear(part);
        })
      : listen(event, hear);
  listen("end", () => {
    wire.push({
      method: request.method,
      path: request.url,
      headers: request.headers,
      body: Buffer.concat(parts).toString(),
    });
    if (wire.length > 500) wire.shift();
  });
});

console.log(`ready ${mock.url}`);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
