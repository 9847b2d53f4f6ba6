// What is written is read again: mbox and .eml, octet for octet, with flags and dates.

import assert from "node:assert/strict";
import { test } from "node:test";

import { exportEml, messageFileName, readEml } from "../../pkg/eml.js";
import { MailboxError, openSession } from "../../pkg/index.js";
import { readMbox, writeMbox } from "../../pkg/mbox.js";
import { fresh, mail } from "./support/mail.mjs";
import { anyOctets, collected, contents, hex, pieces, random } from "./support/octets.mjs";

const bytes = (text) => new TextEncoder().encode(text);
const text = (octets) => new TextDecoder().decode(octets);

async function opened(t) {
  const session = await openSession(fresh());
  t.after(() => session.close());
  return session;
}

async function all(source, options) {
  const messages = [];
  for await (const message of readMbox(source, options)) messages.push(message);
  return messages;
}

const DATES = ["1970-01-01T00:00:00Z", "2026-11-23T07:08:09Z", "1999-12-31T23:59:59Z", "2032-02-29T12:00:00Z"].map((date) => new Date(date));

test("any octets survive writeMbox and readMbox, in every format that reads mboxrd", { timeout: 120_000 }, async (t) => {
  const session = await opened(t);
  for (let seed = 1; seed <= 150; seed += 1) {
    const next = random(seed);
    const name = `run ${seed}`;
    await session.createMailbox(name);
    const messages = Array.from({ length: 1 + next(6) }, () => ({ raw: anyOctets(next), internalDate: DATES[next(DATES.length)] }));
    await session.importMessages(name, messages);
    const file = await collected(writeMbox(session, name));
    for (const format of ["auto", "mboxrd"]) {
      for (const source of [file, pieces(file, next)]) {
        const read = await all(source, { format });
        assert.deepEqual(read.map(({ raw }) => hex(raw)), messages.map(({ raw }) => hex(raw)), `seed ${seed} ${format}`);
        assert.deepEqual(read.map(({ date }) => date), messages.map(({ internalDate }) => internalDate), `seed ${seed} ${format}`);
      }
    }
    assert.equal(file.at(-1), 10);
  }
});

test("flags go along where asked, and come back", async (t) => {
  const session = await opened(t);
  const flags = [
    [],
    ["\\Seen"],
    ["\\Answered", "\\Deleted", "\\Draft", "\\Flagged"],
    ["\\Seen", "$Forwarded", "Work", "NonJunk"],
  ];
  const raws = [mail("a"), mail("b", "x\n").replaceAll("\r\n", "\n"), "", "no header at all"];
  await session.appendMessages("INBOX", flags.map((each, at) => ({ raw: raws[at], flags: each })));
  const kept = await collected(writeMbox(session, "INBOX"));
  assert.doesNotMatch(text(kept), /^X?-?Status:/m);
  const file = await collected(writeMbox(session, "INBOX", { status: true }));
  const read = await all(file, { stripStatus: true });
  assert.deepEqual(read.map((message) => [...message.flags].sort()), flags.map((each) => [...each].sort()));
  assert.deepEqual(read.map(({ raw }) => text(raw)), raws);
  assert.match(text(file), /^Status: RO\nX-Keywords: /m);
  // Line ends are the message's own.
  assert.match(text((await all(file))[0].raw), /^Status: O\r\nFrom: Grace/);
  // Fields that a message had of another program give way.
  await session.createMailbox("Old");
  await session.appendMessages("Old", [{ raw: "Status: RO\nX-Keywords: one\n  two\nSubject: s\nX-Status: D\n\nStatus: RO\n" }]);
  const [again] = await all(await collected(writeMbox(session, "Old", { status: true })));
  assert.equal(text(again.raw), "Status: O\nSubject: s\n\nStatus: RO\n");
});

test("a set, progress, the sender, and a signal that ends it", async (t) => {
  const session = await opened(t);
  await session.importMessages("INBOX", Array.from({ length: 450 }, (_, at) => ({ raw: mail(`number ${at}`) })));
  const told = [];
  const some = await all(await collected(writeMbox(session, "INBOX", { set: "2:3,450", onProgress: (each) => told.push(each) })));
  assert.deepEqual(some.map(({ raw }) => /number \d+/.exec(text(raw))[0]), ["number 1", "number 2", "number 449"]);
  assert.equal(some[0].from, "grace@example.org");
  assert.deepEqual(told.at(-1), { messages: 3, octets: some.reduce((sum, { raw }) => sum + raw.length, 0), missing: 0, total: 3 });
  const controller = new AbortController();
  const reason = new Error("enough");
  const stream = writeMbox(session, "INBOX", { signal: controller.signal, onProgress: () => controller.abort(reason) });
  await assert.rejects(collected(stream), (error) => error === reason);
  await assert.rejects(collected(writeMbox(session, "nowhere")), { code: "NOT_FOUND" });
  assert.throws(() => writeMbox(session, "INBOX", { flags: true }), { code: "INVALID_ARGUMENT" });
  // Cancelled, the view is closed: the session closes without waiting for it.
  const reader = writeMbox(session, "INBOX").getReader();
  await reader.read();
  await reader.cancel();
});

test("no more is read than is asked for", async (t) => {
  const session = await opened(t);
  const large = new Uint8Array(3_000_000).fill(97);
  for (let count = 0; count < 12; count += 1) {
    large[0] = 97 + count;
    await session.appendMessages("INBOX", [{ raw: large }]);
  }
  let read = 0;
  const reader = writeMbox(session, "INBOX", { onProgress: ({ octets }) => (read = octets) }).getReader();
  for (let seen = 0; seen < 3_000_000; ) seen += (await reader.read()).value.length;
  assert.ok(read <= 6_000_000, `${read}`);
  await reader.cancel();
});

const CL = (body, more = "") => `A: 1\n${more}Content-Length: ${body.length}\n\n${body}`;
const LINE = "From a@b Thu Jan  1 10:20:30 2026";

test("mboxcl2: messages are as long as they say, nothing is unquoted", async () => {
  const body = `one\n\n${LINE}\n>From kept\n`;
  const file = bytes(`${LINE}\n${CL(body)}\n${LINE}\n${CL("two\n")}\n`);
  for (const format of ["mboxcl2", "auto"]) {
    const read = await all(file, { format });
    assert.deepEqual(read.map(({ raw }) => text(raw)), [CL(body), CL("two\n")], format);
    const split = [];
    for await (const message of readMbox(pieces(file, random(7)), { format })) split.push(text(message.raw));
    assert.deepEqual(split, [CL(body), CL("two\n")], format);
  }
  // mboxcl is quoted, and counts the quotes.
  const cl = bytes(`${LINE}\n${CL(">From x\n")}\n`);
  assert.equal(text((await all(cl, { format: "mboxcl" }))[0].raw), CL(">From x\n").replace(">From", "From"));
  // Without an empty line between, which is allowed there.
  const tight = bytes(`${LINE}\n${CL("one\n")}${LINE}\n${CL("two\n")}`);
  assert.equal((await all(tight, { format: "mboxcl2" })).length, 2);
});

test("a Content-Length that leads nowhere, or that only some messages have, counts for nothing", async () => {
  const lying = (length) => `A: 1\nContent-Length: ${length}\n\none\n`;
  for (const length of [0, 3, 5, 17, 999_999, 9_999_999_999]) {
    const file = bytes(`${LINE}\n${lying(length)}\n${LINE}\nA: 2\n\ntwo\n\n`);
    // Up to the From line itself is what mboxcl2 allows.
    for (const format of length === 5 ? ["auto"] : ["auto", "mboxcl2"]) {
      const read = await all(file, { format });
      assert.deepEqual(read.map(({ raw }) => text(raw)), [lying(length), "A: 2\n\ntwo\n"], `${format} ${length}`);
    }
  }
  // A sender cannot swallow the message behind his own: the first message shows that the file has no lengths.
  const second = `${LINE}\nA: 3\n\nhis\n\n`;
  const swallowing = `A: 2\nContent-Length: ${"x\n\n".length + second.length - 1}\n\nx\n\n`;
  const file = bytes(`${LINE}\nA: 1\n\none\n\n${LINE}\n${swallowing}${second}${LINE}\nA: 4\n`);
  assert.equal((await all(file)).length, 4);
});

test("keywords and Mozilla's flags", async () => {
  const flags = async (header) => (await all(bytes(`${LINE}\n${header}\nx\n`)))[0].flags;
  assert.deepEqual(await flags('X-Keywords: Work  $Junk \n more (bad) "bad" \\Seen   \n'), ["$Junk", "Work", "more"]);
  assert.deepEqual(await flags("X-Mozilla-Status: 0007\nX-Mozilla-Keys: $label1\n"), ["$label1", "\\Answered", "\\Flagged", "\\Seen"]);
  assert.deepEqual(await flags("X-Mozilla-Status: 0008\n"), ["\\Deleted"]);
  const [stripped] = await all(bytes(`${LINE}\nX-UID: 4\nA: 1\nX-Keywords: a\n b\nContent-Length: 2\n\nx\n`), { stripStatus: true });
  assert.equal(text(stripped.raw), "A: 1\n\nx\n");
  assert.deepEqual(stripped.flags, ["a", "b"]);
});

test("readEml takes files of every kind, one message each", async () => {
  const raw = bytes("Date: Thu, 01 Jan 2026 10:20:30 +0100 (CET)\r\nSubject: x\r\n\r\ny");
  const file = new File([raw], "x.eml", { lastModified: 1_000_000_000_000 });
  const sources = [file, new Blob([raw]), raw, [raw.subarray(0, 9), raw.subarray(9)], ReadableStream.from([raw]), raw.buffer];
  const read = [];
  for await (const message of readEml(sources)) read.push(message);
  assert.deepEqual(read.map((message) => hex(message.raw)), sources.map(() => hex(raw)));
  for (const { date } of read) assert.equal(date.toISOString(), "2026-01-01T09:20:30.000Z");
  const dates = async (options, ...given) => {
    const found = [];
    for await (const { date } of readEml(given, options)) found.push(date?.toISOString());
    return found;
  };
  assert.deepEqual(await dates({ date: "file" }, file, raw), ["2001-09-09T01:46:40.000Z", undefined]);
  assert.deepEqual(await dates({ date: "none" }, file), [undefined]);
  assert.deepEqual(await dates({}, bytes("Date: nonsense\n\n"), bytes("\n"), bytes("Date: 1 Jan 2026 00:00:00\n\n")), [undefined, undefined, "2026-01-01T00:00:00.000Z"]);
  const alone = [];
  for await (const message of readEml(file)) alone.push(hex(message.raw));
  assert.deepEqual(alone, [hex(raw)]);
  await assert.rejects(readEml([new Uint8Array(11)], { maxOctets: 10 }).next(), { code: "LIMIT" });
  for (const wrong of [7, null, "text", {}]) await assert.rejects(readEml(wrong).next(), { code: "INVALID_ARGUMENT" });
  await assert.rejects(readEml([raw], { signal: AbortSignal.abort(new Error("no")) }).next(), /no/);
});

test("one message as a file", async (t) => {
  const session = await opened(t);
  const internalDate = new Date("2026-03-04T05:06:07Z");
  await session.appendMessages("INBOX", [{ raw: mail("../../etc/passwd"), internalDate }]);
  const { name, raw, date } = await exportEml(session, "INBOX", 1);
  assert.equal(name, "_.._etc_passwd.eml");
  assert.equal(text(raw), mail("../../etc/passwd"));
  assert.deepEqual(date, internalDate);
  await assert.rejects(exportEml(session, "INBOX", 2), { code: "NOT_FOUND" });
  await assert.rejects(exportEml(session, "INBOX", 0), { code: "INVALID_ARGUMENT" });
});

test("names of files are safe whatever the subject", () => {
  const names = [
    ["", "message"],
    [undefined, "message"],
    ["   ...   ", "message"],
    ["a/b\\c:d*e?f\"g<h>i|j", "a_b_c_d_e_f_g_h_i_j"],
    ["..", "message"],
    [".hidden", "hidden"],
    ["-rf", "rf"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["com¹", "_com¹"],
    ["console", "console"],
    ["end. . ", "end"],
    ["two\r\nlines\u0000", "two lines_"],
    ["exe\u202Egpj.", "exe_gpj"],
    ["Zu\u0308rich", "Zürich"],
  ];
  for (const [subject, expected] of names) assert.equal(messageFileName(subject), `${expected}.eml`, JSON.stringify(subject));
  for (const subject of ["ü".repeat(500), "😀".repeat(500), "x".repeat(10_000), `${"y".repeat(195)}. .`]) {
    const name = messageFileName(subject);
    assert.ok(new TextEncoder().encode(name).length <= 200, name);
    assert.doesNotMatch(name, /\p{Surrogate}|[. ]\.eml$/u);
  }
  assert.equal(messageFileName("x", { extension: ".txt" }), "x.txt");
  assert.throws(() => messageFileName(7), MailboxError);
});

test("an import comes back out as it went in", async (t) => {
  const session = await opened(t);
  const raws = [mail("one"), mail("two", "From here\n>From there\n"), "last, unended"];
  await session.importMessages("INBOX", raws);
  await session.createMailbox("Again");
  await session.importMessages("Again", readMbox(writeMbox(session, "INBOX")));
  const [before, after] = [await contents(session, "INBOX"), await contents(session, "Again")];
  assert.deepEqual(after.map(({ emailId }) => emailId), before.map(({ emailId }) => emailId));
});

test("streams can be iterated where the platform's cannot", async (t) => {
  const session = await opened(t);
  await session.importMessages("INBOX", Array.from({ length: 100 }, (_, at) => mail(`number ${at}`, "x".repeat(2000))));
  const { asyncIterator } = Symbol;
  const native = Object.getOwnPropertyDescriptor(ReadableStream.prototype, asyncIterator);
  Object.defineProperty(ReadableStream.prototype, asyncIterator, { value: undefined, configurable: true, writable: true });
  t.after(() => Object.defineProperty(ReadableStream.prototype, asyncIterator, native));
  const own = await collected(writeMbox(session, "INBOX"));
  assert.equal((await all(own)).length, 100);
  for await (const chunk of writeMbox(session, "INBOX")) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.equal((await all(writeMbox(session, "INBOX"))).length, 100);
});
