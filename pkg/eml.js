// Single messages as files: reading many, writing one. Not here: archives of them (zip.js).

import * as check from "./arguments.js";
import { MailboxError } from "./errors.js";
import { messageFileName } from "./file_names.js";
import { bodyStart } from "./mbox_status.js";
import { isBlob, octetChunks } from "./sources.js";
import { throwIfAborted } from "./signals.js";

export { messageFileName } from "./file_names.js";

/** What one commit takes. */
const LARGEST = 536_870_912;
const HEADER_LIMIT = 262_144;

async function wholeOctets(source, limit, signal) {
  if (isBlob(source) && source.size > limit) throw tooLarge(source.size, limit, source.name);
  const chunks = [];
  let length = 0;
  for await (const chunk of octetChunks(source, signal)) {
    length += chunk.length;
    if (length > limit) throw tooLarge(length, limit, source.name);
    chunks.push(chunk);
  }
  const raw = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    raw.set(chunk, at);
    at += chunk.length;
  }
  return raw;
}

const tooLarge = (length, limit, name) =>
  new MailboxError("LIMIT", `${name === undefined ? "a message" : JSON.stringify(name)} has ${length} octets or more; ${limit} are read`);

/** The date of the Date field; undefined where there is none that can be read. */
export function sentDate(raw) {
  const end = bodyStart(raw);
  const header = new TextDecoder("latin1").decode(raw.subarray(0, end === -1 ? HEADER_LIMIT : end));
  const field = /^date:([^\n]*(?:\n[ \t][^\n]*)*)/im.exec(header)?.[1];
  if (field === undefined) return undefined;
  const text = field.slice(0, 500).replace(/\([^()]*\)/g, " ").replace(/\s+/g, " ").trim();
  // What says nothing of a zone would be read in this machine's.
  const zoned = /(?:[+-]\d{4}|[A-Za-z])$/.test(text) ? text : `${text} +0000`;
  const date = new Date(zoned);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const DATES = ["header", "file", "none"];

function dateOf(which, source, raw) {
  if (which === "none") return undefined;
  const modified = typeof source?.lastModified === "number" ? new Date(source.lastModified) : undefined;
  const ofFile = modified && !Number.isNaN(modified.getTime()) ? modified : undefined;
  return which === "file" ? ofFile : (sentDate(raw) ?? ofFile);
}

/** Reads files of one message each, holding one at a time. */
export async function* readEml(sources, options) {
  const given = check.options(options, ["date", "maxOctets", "signal"]);
  const which = check.optional(given.date, check.oneOf, "date", DATES) ?? "header";
  const limit = check.optional(given.maxOctets, check.integer, "maxOctets", 1, LARGEST) ?? LARGEST;
  const signal = check.optionalSignal(given.signal);
  const isStream = typeof sources?.getReader === "function";
  const many = isBlob(sources) || isStream || ArrayBuffer.isView(sources) || sources instanceof ArrayBuffer ? [sources] : sources;
  if (typeof (many?.[Symbol.asyncIterator] ?? many?.[Symbol.iterator]) !== "function" || typeof many === "string") {
    throw check.refuse("the sources", "a file, or an iterable of files", sources);
  }
  for await (const source of many) {
    throwIfAborted(signal);
    const raw = await wholeOctets(source, limit, signal);
    yield { raw, date: dateOf(which, source, raw) };
  }
}

/** One message as a file: its octets and a name for it. */
export async function exportEml(session, mailbox, uid, options) {
  const signal = check.optionalSignal(check.options(options, ["signal"]).signal);
  check.uid(uid);
  const { selected } = await session.selectMailbox(mailbox, { readonly: true, signal });
  try {
    const { messages } = await session.fetchMessages(selected, [uid], { source: true, envelope: true, signal });
    const [message] = messages;
    if (message?.source === undefined) throw new MailboxError("NOT_FOUND", `there is no message ${uid} in ${mailbox}`);
    return { name: messageFileName(message.envelope.subject), raw: message.source, date: message.internalDate };
  } finally {
    if (!selected.closed) await session.closeMailbox(selected).catch(() => {});
  }
}
