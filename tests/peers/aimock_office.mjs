// The assistant of the demo: which tools it uses for a question, and what it says of their answers.
// It understands nothing; it looks for words, and puts figures into sentences.

const OWING = /\bow(e|es|ed|ing)\b|debt|schulde|schuldig|\bdoit\b|\bdoivent\b|\bdebe/i;
const REMINDING = /remind|erinner|mahn|relanc|rappel|recorda|recuerd/i;
const NUMBER = /\b[A-Z]{0,6}-?\d{2,}[\d/-]*\b/;
const TITLES = ["number", "name", "client", "description", "sku"];
const LISTS = { invoices: "invoice", clients: "client", products: "product" };
const NOTHING_DONE = "Nothing was done yet.";
const REFUSED = "The tool refused this: ";

/** The next step of a conversation: tools to use, or the answer. */
export function assisted(messages, tools, wish) {
  const asked = messages.findLastIndex((message) => message.role === "user");
  const found = used(messages.slice(asked + 1));
  const has = (name) => tools.some((tool) => tool.function.name === name);
  const next =
    REMINDING.test(wish) && has("send-reminder") ? towardsReminder(wish, found) : null;
  const wanted = next ?? (found.length ? null : fitting(tools, wish));
  if (wanted)
    return { toolCalls: [{ name: wanted[0], arguments: JSON.stringify(wanted[1] ?? {}) }] };
  return { content: found.length ? summed(found) : helpless(wish) };
}

/** What tools were used since the question, with what, and what they gave. */
function used(messages) {
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  return messages
    .filter((message) => message.role === "tool")
    .map((message) => {
      const call = calls.find((each) => each.id === message.tool_call_id);
      const said = String(message.content ?? "");
      return { tool: call?.function.name ?? "", said, data: parsed(said) };
    });
}

function parsed(said) {
  const from = said.indexOf("{");
  try {
    return from < 0 ? null : JSON.parse(said.slice(from));
  } catch {
    return null; // refused, or cut off
  }
}

/** From the question to a proposal: the invoice that was named, else the oldest of who owes most. */
function towardsReminder(wish, found) {
  const last = found.at(-1);
  const number = wish.match(NUMBER)?.[0];
  if (!last) return number ? ["get-invoice", { number }] : ["who-owes", { limit: 3 }];
  if (last.tool === "who-owes") {
    const client = most(last.data)?.client_id;
    return client ? ["find-invoices", { client_id: client, unpaid: true, limit: 25 }] : null;
  }
  if (last.tool === "find-invoices" || last.tool === "get-invoice") {
    const invoice = oldest(last.data);
    return invoice ? ["send-reminder", { invoice_id: invoice.invoice_id }] : null;
  }
  return null;
}

/** Of the invoices on which something is open, the one that was due first. */
function oldest(data) {
  const open = (data?.invoices ?? [data]).filter((each) => each?.open > 0);
  const due = ({ due_date }) => due_date ?? "9999";
  return open.sort((a, b) => due(a).localeCompare(due(b)))[0];
}

/** The tool for a question: of those that need nothing, the one that shares most words with it. */
function fitting(tools, wish) {
  const free = tools.filter((tool) => !tool.function.parameters?.required?.length);
  if (OWING.test(wish) && free.some((tool) => tool.function.name === "who-owes"))
    return ["who-owes"];
  const words = new Set(wish.toLowerCase().match(/[a-z]{3,}/g) ?? []);
  const count = (text) =>
    new Set(text.toLowerCase().match(/[a-z]{3,}/g)?.filter((word) => words.has(word))).size;
  const shared = ({ function: { name, description = "" } }) => 3 * count(name) + count(description);
  const best = free.sort((a, b) => shared(b) - shared(a))[0];
  return best && shared(best) ? [best.function.name] : null;
}

function helpless(wish) {
  if (/banner|picture|image|\btext\b|write|bild|schreib|écri|escrib/i.test(wish))
    return "Texts and banners are made on the page “Write with AI”: say there what it is about.";
  return "I have nothing to look that up with. Ask me who owes you most, for your clients, products" +
    " or invoices, or have me draft a reminder.";
}

// --- answers in words ---------------------------------------------------------------------------

/** What all tools gave; of the way to a proposal only what it rests on. */
function summed(found) {
  const last = found.at(-1);
  if (!last.said.startsWith(NOTHING_DONE)) return found.map(told).join("\n");
  const { number } = oldest(found.at(-2)?.data) ?? {};
  const what = number ? `a reminder of invoice ${number}` : "it";
  const about = found.filter((each) => each.data?.owed).map(told);
  const then = `I have prepared ${what} below. Read it, then confirm or dismiss it: until then` +
    " nothing happens.";
  return [...about, then].join("\n");
}

/** A tool's answer as people would say it. */
function told({ tool, said, data }) {
  if (said.startsWith(REFUSED)) return `That did not work: ${said.slice(REFUSED.length)}`;
  if (!data) return "I found more than I can repeat here. Open the step above to see all of it.";
  if (data.owed) return debts(data.owed);
  if (data.outstanding) return outstanding(data.outstanding);
  const list = Object.keys(LISTS).find((name) => Array.isArray(data[name]));
  if (list) return rows(data[list], LISTS[list], data.more);
  return tool === "get-invoice" ? `${row(data)}${lines(data)}` : row(data);
}

function most(data) {
  const all = Object.values(data?.owed ?? {}).flat();
  return all.sort((a, b) => b.total - a.total)[0];
}

function debts(owed) {
  const said = Object.entries(owed)
    .filter(([, clients]) => clients.length)
    .map(([currency, clients]) => {
      const [first, ...others] = clients;
      const late = first.total - (first["not-due"] ?? 0);
      const part = late < first.total ? `${money(late, currency)} of it` : "all of it";
      const overdue = late > 0 ? `, ${part} overdue` : "";
      const rest = others.map((each) => `${each.client} (${money(each.total, currency)})`);
      const then = rest.length ? ` Then ${listed(rest)}.` : "";
      return `${first.client} owes you most: ${money(first.total, currency)}${overdue}.${then}`;
    });
  return said.length ? said.join("\n") : "Nobody owes you anything.";
}

function outstanding(sums) {
  const said = Object.entries(sums).map(([currency, { clients, total = 0, ...bands }]) => {
    const parts = Object.entries(bands)
      .filter(([, sum]) => sum > 0)
      .map(([band, sum]) => `${money(sum, currency)} ${aged(band)}`);
    const whose = clients === 1 ? "one client" : `${clients} clients`;
    const by = parts.length ? `: ${listed(parts)}` : "";
    return `${money(total, currency)} is open with ${whose}${by}.`;
  });
  return said.length ? said.join("\n") : "Nothing is outstanding.";
}

function aged(band) {
  if (band === "not-due") return "not due yet";
  const days = band.replace("over-", "more than ").replace(/^0-/, "up to ").replace("-", " to ");
  return `${days} days late`;
}

function rows(found, word, more) {
  if (!found.length) return `I found no ${word}.`;
  const count = found.length === 1 ? `one ${word}` : `${found.length} ${word}s`;
  const open = more ? ", and there are more" : "";
  return [`I found ${count}${open}:`, ...found.map(row)].join("\n");
}

/** One thing: what it is called, then its figures. */
function row(each) {
  const title = TITLES.map((name) => each[name]).find(Boolean) ?? "It";
  const whose = each.number && each.client ? ` for ${each.client}` : "";
  const sum = (name) => (each[name] == null ? null : money(each[name], each.currency));
  const figures = [
    each.open === each.total ? null : sum("total"),
    each.open > 0 ? `${sum("open")} open` : each.open != null ? "nothing open" : null,
    sum("unit_price"),
    each.quantity != null ? `${each.quantity} of them` : null,
    each.stock != null ? `${each.stock} in stock` : null,
    each.due_date ? `due on ${day(each.due_date)}` : null,
    each.status && each.status !== "active" ? each.status.replaceAll("_", " ") : null,
    each.city,
  ].filter(Boolean);
  return `${title}${whose}${figures.length ? `: ${figures.join(", ")}` : ""}.`;
}

function lines(invoice) {
  const own = (invoice.items ?? []).map((item) => row({ ...item, currency: invoice.currency }));
  return own.length ? `\n${own.join("\n")}` : "";
}

function listed(parts) {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function money(amount, currency) {
  const shown = currency ? { style: "currency", currency } : {};
  return new Intl.NumberFormat("en", shown).format(amount);
}

function day(iso) {
  const shown = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat("en-GB", shown).format(new Date(iso));
}
