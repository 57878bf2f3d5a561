// What the AI service of the demo says: a few sentences of its own, so that every page can be tried
// without a key. It understands nothing; it looks for words.
import { crc32, deflateSync } from "node:zlib";
import { assisted } from "./aimock_office.mjs";

const NOTE = "(Written by the stand-in on this machine, which knows these sentences only.)";
const CATEGORIES = [
  "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
  "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
  "sexual/minors", "violence", "violence/graphic",
];

function judged(is) {
  const each = (value) => Object.fromEntries(CATEGORIES.map((name) => [name, value(name)]));
  return {
    flagged: is,
    categories: each((name) => is && name === "harassment"),
    category_scores: each((name) => (is && name === "harassment" ? 0.9 : 0)),
  };
}

export const flagged = judged(true);
export const clean = judged(false);

function said(messages, role) {
  const found = messages.filter((message) => message.role === role).at(-1)?.content ?? "";
  return typeof found === "string" ? found : found.map((part) => part.text ?? "").join(" ");
}

/** The answer to a conversation. */
export function reply({ messages, tools }) {
  const rules = said(messages, "system");
  const wish = said(messages, "user").trim();
  if (tools?.length) return assistant(messages, tools, wish);
  if (rules.includes('"sql"')) return { content: JSON.stringify(statement(wish)) };
  return { content: text(rules, wish) };
}

function assistant(messages, tools, wish) {
  const { content, ...calls } = assisted(messages, tools, wish);
  return content ? { content: `${content}\n\n${NOTE}` } : calls;
}

const TEXTS = {
  product: {
    English: (about) => `${about}: made with care, fairly priced, and ready when you are.`,
    German: (about) => `${about}: sorgfältig gemacht, ehrlich im Preis und sofort zur Hand.`,
    French: (about) => `${about} : fait avec soin, au juste prix, et prêt tout de suite.`,
    Spanish: (about) => `${about}: hecho con cuidado, a un precio justo y listo al momento.`,
  },
  reminder: {
    English: (about) =>
      `A short word about ${about}: it is still open. If you have paid meanwhile, thank you; if` +
      " not, we would be glad of your payment in the next few days.",
    German: (about) =>
      `Eine kurze Erinnerung an ${about}: Der Betrag ist noch offen. Falls Sie schon gezahlt` +
      " haben, vielen Dank; sonst freuen wir uns über Ihre Zahlung in den nächsten Tagen.",
    French: (about) =>
      `Un petit rappel au sujet de ${about} : le montant reste dû. Si vous avez déjà payé, merci ;` +
      " sinon, votre paiement nous ferait plaisir dans les prochains jours.",
    Spanish: (about) =>
      `Un breve recordatorio sobre ${about}: el importe sigue pendiente. Si ya ha pagado, gracias;` +
      " si no, le agradecemos su pago en los próximos días.",
  },
};

function text(rules, wish) {
  const about = wish.replace(/[.!?\s]+$/, "");
  const kind = rules.includes("reminds a client") ? TEXTS.reminder : TEXTS.product;
  const language = Object.keys(kind).find((name) => rules.includes(`in ${name}`)) ?? "English";
  return `${kind[language](about)}\n\n${NOTE}`;
}

function statement(wish) {
  const asked = wish.toLowerCase();
  if (/owe|unpaid|due|outstanding/.test(asked))
    return {
      sql:
        "SELECT c.name, i.currency, sum(i.balance_due) AS owed FROM invoices i" +
        " JOIN clients c ON c.id = i.client_id WHERE i.balance_due > 0" +
        " GROUP BY c.name, i.currency ORDER BY owed DESC LIMIT 20",
      explanation: `What each client still owes, by currency. ${NOTE}`,
    };
  if (/month|revenue|sales|turnover/.test(asked))
    return {
      sql:
        "SELECT date_trunc('month', issue_date)::date AS month, currency," +
        " sum(total_amount) AS total FROM invoices GROUP BY month, currency ORDER BY month",
      explanation: `What was invoiced in each month, by currency. ${NOTE}`,
    };
  return {
    sql: "SELECT name, email FROM clients ORDER BY name LIMIT 20",
    explanation: `The first twenty clients by name. ${NOTE}`,
  };
}

/** A picture: stripes from one colour to the other, as PNG in base64. */
export function banner(width = 384, height = 128) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const share = (x + (Math.floor(y / 16) % 2) * 24) / (width + 24);
      const at = y * (1 + width * 3) + 1 + x * 3;
      rows[at] = 15 + 230 * share;
      rows[at + 1] = 118 + 50 * share;
      rows[at + 2] = 110 - 70 * share;
    }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const part = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body) >>> 0, 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const parts = [part("IHDR", head), part("IDAT", deflateSync(rows)), part("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]).toString("base64");
}
