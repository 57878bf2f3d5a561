// A second SMTP server, that others wrote: npm smtp-server on a loopback port. It answers each line
// on its standard input with one on its output: `{"mood": …}` with the mood, `{}` with the mails.
import { createInterface } from "node:readline";
import { SMTPServer } from "smtp-server";

const REFUSALS = { refuses: [554, "no thank you"], "not now": [451, "later please"] };
const mails = [];
let mood = "takes";

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["AUTH", "STARTTLS"],
  disableReverseLookup: true,
  onData(stream, { envelope }, answer) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      if (mood in REFUSALS) {
        const [responseCode, words] = REFUSALS[mood];
        return answer(Object.assign(new Error(words), { responseCode }));
      }
      const recipients = envelope.rcptTo.map((each) => each.address);
      mails.push({ recipients, raw: Buffer.concat(parts).toString("base64") });
      if (mood !== "hangs up") return answer(null, "taken");
      for (const each of server.connections) each._socket.destroy();
    });
  },
});

server.on("error", () => {}); // who hangs up on it is no news
server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    mood = JSON.parse(line).mood ?? mood;
    console.log(JSON.stringify({ mood, mails }));
  })
  .on("close", () => process.exit(0));
