// Does with an engine that marks its calls (scripts/wasm-split.mjs) what an application does when it starts:
// opens its database, counts, selects, lists, asks for news. Writes the marks of that.
//
//   node scripts/first-list.mjs WASM ADDRESS-OF-MARKS NUMBER-OF-MARKS OUT

import "fake-indexeddb/auto";
import { readFile, writeFile } from "node:fs/promises";

const [file, address, number, out] = process.argv.slice(2);
const MESSAGES = 2_000;
const MAILBOXES = ["Archive", "Drafts", "Lists/Rust", "Lists/IMAP"];

let marks;
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const instance = await instantiate(...args);
  const { memory } = instance.exports;
  // Anew each time: the memory grows.
  // Node has others of its own.
  marks ??= () => new Uint8Array(memory.buffer, Number(address), Number(number));
  return instance;
};
const { openSession } = await import("../pkg/slim.js");
const wasm = await readFile(file);
const open = (owner) => openSession({ owner, backend: "indexeddb", wasm });

const ADDRESSES = [
  "=?utf-8?q?Gr=C3=A9ta?= <greta@example.org>",
  "plain@example.org",
  '"Quoted, Name" <quoted@example.org>, second@example.org (Second), =?iso-8859-1?b?6eg=?= <third@example.org>',
  "Group: one@example.org, Two <two@example.org>;",
  "<@broken",
];
const SUBJECTS = ["Plan", "Re: Plan", "=?utf-8?b?0J/RgNC40LLQtdGC?= world", "Fwd: [list] Re: Plan (fwd)", "Gr\u00fc\u00dfe \u4f1a\u8b70", "long ".repeat(60), ""];

/** Mail of all sorts, some of it without the fields that a list shows, or with odd ones. */
function message(number) {
  const subject = SUBJECTS[number % SUBJECTS.length];
  const isPlain = number % 5 > 0;
  const fields = [
    number % 11 > 0 && `From: ${ADDRESSES[number % ADDRESSES.length]}`,
    number % 7 > 0 && `To: ${ADDRESSES[(number + 1) % ADDRESSES.length]}`,
    number % 6 === 0 && `Cc: ${ADDRESSES[(number + 2) % ADDRESSES.length]}`,
    number % 13 > 0 && `Subject: ${subject} ${number % 400}`,
    number % 9 > 0 && `Date: ${new Date(1_700_000_000_000 + number * 60_000).toUTCString().replace("GMT", number % 2 ? "+0000" : "-0730")}`,
    number % 8 > 0 && `Message-ID: <${number}@example.org>`,
    number % 3 > 0 && `In-Reply-To: <${number - 1}@example.org>`,
    number % 4 === 1 && `References: <${number - 2}@example.org> <${number - 1}@example.org>`,
    "MIME-Version: 1.0",
    isPlain ? "Content-Type: text/plain; charset=utf-8" : "Content-Type: multipart/mixed; boundary=b",
  ];
  const words = `Words of message ${number}.\r\n`.repeat((number % 17) + 1);
  const parts = `--b\r\nContent-Type: text/html\r\n\r\n<p>${words}</p>\r\n--b\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: attachment\r\n\r\nAAAA\r\n--b--\r\n`;
  return { raw: Buffer.from([...fields.filter(Boolean), "", isPlain ? words : parts].join("\r\n")), flags: FLAGS[number % FLAGS.length] };
}

const FLAGS = [[], ["\\Seen"], ["\\Seen", "\\Answered"], ["\\Flagged", "$Important"], ["\\Seen", "work"]];

/** What shows a mailbox, and keeps it shown. */
async function show(session) {
  await session.listMailboxes();
  await session.listMailboxes({ status: true });
  for (const name of ["INBOX", ...MAILBOXES]) await session.status(name).catch(() => {});
  const { selected } = await session.selectMailbox("INBOX");
  for (let offset = 0; offset < MESSAGES; offset += 50) await session.listMessages(selected, { offset, limit: 50 });
  await session.checkMailbox(selected);
  return selected;
}

const fresh = await open("fresh@example.org");
await show(fresh);
await fresh.close();
const first = marks().slice();

// A mailbox with a past.
const filling = await open("filled@example.org");
for (const name of MAILBOXES) await filling.createMailbox(name);
await filling.importMessages("INBOX", Array.from({ length: MESSAGES }, (_, number) => message(number)));
const { selected } = await filling.selectMailbox("INBOX");
await filling.updateFlags(selected, "5:50", ["\\Deleted", "later"], "add");
await filling.updateFlags(selected, "1500:1520", ["\\Seen"], "delete");
await filling.expungeMailbox(selected);
await filling.moveMessages(selected, "1000:1100", "Archive");
await filling.appendMessages("INBOX", [message(1), message(2)]);
await filling.close();

marks().fill(0);
const session = await open("filled@example.org");
const shown = await show(session);
// News from elsewhere, which a list shows as they come.
const other = await open("filled@example.org");
const before = marks().slice();
await other.appendMessages("INBOX", [message(3)]);
marks().set(before);
await session.checkMailbox(shown);
await session.listMessages(shown, { offset: 0, limit: 50 });
await session.status("INBOX");
// Not the end, which a page that is closed does not come to.
const called = marks().map((mark, index) => mark | first[index]);
await other.close();
await session.close();
await writeFile(out, called);
