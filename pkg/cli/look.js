// The commands that only look: ls, search, show, verify, stats.

import { MailboxError } from "../errors.js";
import { column, plural, shown, shownLines, size } from "./output.js";
import { UsageError } from "./usage.js";

function limitOf(values, fallback) {
  if (values.limit === undefined) return fallback;
  const limit = Number(values.limit);
  if (!/^\d+$/.test(values.limit) || limit > 1_000_000) throw new UsageError("--limit is a whole number up to 1000000");
  return limit;
}

const addresses = (list) => list.map(({ name, address }) => (name === "" ? address : `${name} <${address}>`)).join(", ");

const day = (date) => `${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 16)}`;

/** What lists say of a message: for programs, and in a line. */
function summary(message, mailbox) {
  const { uid, flags, internalDate, size: octets, emailId, threadId } = message;
  const envelope = message.envelope ?? message;
  const record = {
    mailbox,
    uid,
    flags,
    internalDate,
    sentDate: envelope.sentDate,
    from: envelope.from,
    to: envelope.to,
    subject: envelope.subject,
    size: octets,
    emailId,
    threadId,
  };
  const first = envelope.from[0];
  const marks = `${flags.includes("\\Seen") ? " " : "N"}${flags.includes("\\Flagged") ? "!" : " "}`;
  const who = shown(first?.name || first?.address || "");
  return [record, `${String(uid).padStart(7)} ${marks} ${day(internalDate)}  ${column(who, 24)}  ${shown(envelope.subject)}`];
}

async function listMailboxes({ session, output }) {
  const { mailboxes } = await session.listMailboxes();
  for (const { name, attributes } of mailboxes) {
    if (attributes.includes("\\Noselect")) {
      await output.record({ name, attributes }, `${"".padStart(9)} ${"".padStart(9)} ${"".padStart(8)}  ${shown(name)}`);
      continue;
    }
    const { exists, unseen, size: octets, mailboxId, uidValidity, uidNext, highestModSeq } = await session.status(name);
    const record = { name, attributes, exists, unseen, size: octets, mailboxId, uidValidity, uidNext, highestModSeq };
    const news = unseen > 0 ? `${unseen} new` : "";
    await output.record(record, `${String(exists).padStart(9)} ${news.padStart(9)} ${size(octets).padStart(8)}  ${shown(name)}`);
  }
  return 0;
}

export function list(positionals, values) {
  if (positionals.length > 1) throw new UsageError("name one mailbox, or none");
  const limit = limitOf(values, 50);
  const [mailbox] = positionals;
  if (mailbox === undefined) return listMailboxes;
  return async ({ session, output, signal }) => {
    const { selected } = await session.selectMailbox(mailbox, { readonly: true, signal });
    for (let offset = 0; offset < limit; offset += 1000) {
      const { rows } = await session.listMessages(selected, { offset, limit: Math.min(1000, limit - offset), signal });
      for (const row of rows) await output.record(...summary(row, mailbox));
      if (rows.length < 1000) break;
    }
    return 0;
  };
}

/** The words of a shell as IMAP's: what the shell unquoted is quoted again. */
export function searchText(words) {
  if (words.length === 1) return words[0];
  const asIs = (word) => /^[("]/.test(word) || /^[^\s"\\()]+$/.test(word);
  return words.map((word) => (asIs(word) ? word : `"${word.replace(/[\\"]/g, "\\$&")}"`)).join(" ");
}

export function search(positionals, values) {
  if (positionals.length === 0) throw new UsageError("say what to search for");
  const limit = limitOf(values, Infinity);
  return async ({ session, output, signal }) => {
    const { results, count } = await session.search(searchText(positionals), {
      mailboxes: values.mailbox,
      signal,
      onProgress: ({ searched, total, found }) => output.progress(searched, total, `${plural(found, "message")} found`),
    });
    let left = limit;
    for (const { name, uids } of results) {
      if (uids.length === 0 || left === 0) continue;
      const { selected } = await session.selectMailbox(name, { readonly: true, signal });
      const wanted = left < uids.length ? uids.slice(uids.length - left) : uids;
      left -= wanted.length;
      for await (const { messages } of session.fetchPages(selected, wanted, { envelope: true, signal, pageSize: 500 })) {
        for (const message of messages) {
          const [record, line] = summary(message, name);
          await output.record(record, `${line}  [${shown(name)}]`);
        }
      }
      await session.closeMailbox(selected);
    }
    await output.note(`${plural(count, "message")} found`);
    return 0;
  };
}

function shownMessage(message, mailbox) {
  const { envelope, attachments = [], text = "" } = message;
  const fields = [
    ["From", addresses(envelope.from)],
    ["To", addresses(envelope.to)],
    ["Cc", addresses(envelope.cc)],
    ["Date", envelope.sentDate?.toISOString() ?? ""],
    ["Subject", envelope.subject],
    ["Flags", message.flags.join(" ")],
    ["Mailbox", `${mailbox}, uid ${message.uid}, ${size(message.size)}, arrived ${message.internalDate.toISOString()}`],
  ];
  const header = fields.filter(([, value]) => value !== "").map(([name, value]) => `${`${name}:`.padEnd(9)}${shown(value)}`);
  const files = attachments.map(
    ({ part, type, filename, size: octets }) => `[part ${part}: ${shown(filename ?? "unnamed")}, ${shown(type)}, ${size(octets)}]`,
  );
  return [...header, "", shownLines(text).trimEnd(), ...(files.length > 0 ? ["", ...files] : [])].join("\n");
}

export function show(positionals, values) {
  const [mailbox, number] = positionals;
  const uid = Number(number);
  if (positionals.length !== 2) throw new UsageError("name a mailbox and a uid");
  if (!/^[1-9]\d{0,9}$/.test(number) || uid > 0xffff_ffff) throw new UsageError("the uid is a whole number from 1");
  if (["source", "text", "html", "part"].filter((name) => values[name] !== undefined).length > 1) {
    throw new UsageError("give one of --source, --text, --html and --part");
  }
  return async ({ session, output, signal, json }) => {
    const { selected } = await session.selectMailbox(mailbox, { readonly: true, signal });
    const whole = values.source ? { source: true } : { envelope: true, text: true, attachments: true, html: values.html ?? false };
    const { messages } = await session.fetchMessages(selected, [uid], { ...whole, signal });
    const [message] = messages;
    if (message === undefined) throw new MailboxError("NOT_FOUND", `there is no message ${uid} in ${mailbox}`);
    const missing = (what) => new MailboxError("NOT_FOUND", `the message has no ${what}`);
    const encoded = (octets) => ({ mailbox, uid, base64: Buffer.from(octets).toString("base64") });
    if (values.part !== undefined || values.source) {
      const octets = values.source ? message.source : await message.part(values.part, { signal });
      if (octets === undefined) throw missing(values.source ? "octets any more" : `part ${values.part}`);
      await output.octets(json ? `${JSON.stringify(encoded(octets))}\n` : octets);
      return 0;
    }
    if (values.html && message.html === undefined) throw missing("HTML");
    const [record] = summary(message, mailbox);
    const { cc, bcc, replyTo, messageId, inReplyTo } = message.envelope;
    const full = { ...record, cc, bcc, replyTo, messageId, inReplyTo, text: message.text, attachments: message.attachments };
    if (json) await output.record(values.html ? { ...full, html: message.html } : full);
    else if (values.html) await output.octets(message.html);
    else await output.octets(`${values.text ? shownLines(message.text) : shownMessage(message, mailbox)}\n`);
    return 0;
  };
}

export function verify(positionals) {
  if (positionals.length > 0) throw new UsageError("verify takes no words");
  return async ({ session, output, signal }) => {
    const { problems } = await session.verify({ signal });
    for (const { mailbox, description } of problems) {
      await output.record({ mailbox, description }, `${mailbox === undefined ? "" : `${shown(mailbox)}: `}${shown(description)}`);
    }
    await output.note(problems.length === 0 ? "all is well" : `${plural(problems.length, "problem")} found`);
    return problems.length === 0 ? 0 : 3;
  };
}

export function stats(positionals) {
  if (positionals.length > 0) throw new UsageError("stats takes no words");
  return async ({ session, output, file }) => {
    const sums = { mailboxes: 0, messages: 0, unseen: 0, octets: 0 };
    for (const { name, attributes } of (await session.listMailboxes()).mailboxes) {
      if (attributes.includes("\\Noselect")) continue;
      const { exists, unseen, size: octets } = await session.status(name);
      sums.mailboxes += 1;
      sums.messages += exists;
      sums.unseen += unseen;
      sums.octets += octets;
    }
    const { usage, backend } = await session.storage();
    const lines = [
      `${plural(sums.messages, "message")} in ${plural(sums.mailboxes, "mailbox").replace(/xs$/, "xes")}, ${sums.unseen} unseen`,
      `${size(sums.octets)} of mail${usage === undefined ? "" : `, ${size(usage)} on disk`}`,
      ...(file === undefined ? [] : [file]),
    ];
    await output.record({ ...sums, usage, backend, owner: session.owner, file }, lines.join("\n"));
    return 0;
  };
}
