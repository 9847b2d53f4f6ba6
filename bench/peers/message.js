// What the peers share: a message taken in as records for a database, and what a list shows of one. No engine's
// own schema or storage.

import { parseMail } from "/bench/fields.js";

/** As many messages a commit as may be; fewer where their octets are many, so that no commit is a memory hog. */
const MESSAGES = 1_000;
const OCTETS = 16 << 20;

/** The messages in runs that go into one commit each. */
export function* commits(messages) {
  let from = 0;
  let octets = 0;
  for (let i = 0; i < messages.length; i++) {
    octets += messages[i].raw.byteLength;
    if (octets >= OCTETS || i + 1 - from === MESSAGES) {
      yield messages.slice(from, i + 1);
      from = i + 1;
      octets = 0;
    }
  }
  if (from < messages.length) yield messages.slice(from);
}

/** The messages parsed, each as the columns of a list row and of the keys, and apart from them its octets and text. */
export async function parsed(messages) {
  const all = [];
  for (const { raw, internalDate, flags } of messages) {
    const mail = await parseMail(raw);
    all.push({
      row: {
        flags: [...flags],
        internalDate,
        sentDate: mail.sentDate,
        size: mail.size,
        subject: mail.subject,
        fromName: mail.fromName,
        fromAddress: mail.fromAddress,
        to: mail.to,
        hasAttachment: mail.hasAttachment,
        preview: mail.preview,
        messageId: mail.messageId,
        sortSubject: mail.sortSubject,
        sortFrom: mail.sortFrom,
        threadKey: mail.threadKey,
      },
      raw,
      text: mail.text,
    });
  }
  return all;
}

/**
 * Takes messages in: while one commit is being written by the browser's storage, the next ones are parsed here.
 * `write(run)` writes one commit.
 */
export async function pipelined(messages, parse, write) {
  let written = Promise.resolve();
  try {
    for (const run of commits(messages)) {
      const ready = await parse(run);
      await written;
      written = write(ready);
      // Awaited one run later: a failure in between is that one's.
      written.catch(() => {});
    }
  } finally {
    await written;
  }
}

/** Those in it whose flag is not as asked are changed; true if it was. */
export function change(row, flag, on) {
  if (row.flags.includes(flag) === on) return false;
  row.flags = on ? [...row.flags, flag] : row.flags.filter((other) => other !== flag);
  return true;
}

export const seen = (row) => row.flags.includes("\\Seen");
export const unseen = (rows) => rows.reduce((count, row) => count + (seen(row) ? 0 : 1), 0);

/** Uids of the rows, ascending by that key, equal ones by uid. The rows ascend by uid. */
export function sorted(rows, key) {
  // A stable sort keeps the order of uids.
  return rows.sort((a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0)).map(({ uid }) => uid);
}

/** Uids by thread. The rows ascend by uid. */
export function threads(rows) {
  const all = new Map();
  for (const { uid, threadKey } of rows) {
    const thread = all.get(threadKey);
    if (thread) thread.push(uid);
    else all.set(threadKey, [uid]);
  }
  return [...all.values()];
}

/** A test of rows for a text in a header field. */
export function headerTest(field, text) {
  const needle = text.toLowerCase();
  return field === "subject"
    ? (row) => row.subject.toLowerCase().includes(needle)
    : (row) => `${row.fromName} <${row.fromAddress}>`.toLowerCase().includes(needle);
}
