// Everything that fetchMessages can be asked for, and the parts of fetched messages, in Node on stores in memory.

import assert from "node:assert/strict";
import { test } from "node:test";

import { registerBackend } from "../../pkg/index.js";
import { fresh, mail } from "./support/mail.mjs";
import { openSession, testRegistering } from "./support/open.mjs";
import { mapStore } from "./support/store.mjs";

const text = (octets) => new TextDecoder().decode(octets);
const lines = (...all) => all.join("\r\n");
const base64 = (octets) => Buffer.from(octets).toString("base64").replace(/.{76}/g, "$&\r\n");

async function open(t, options) {
  const session = await openSession(fresh(options));
  t.after(() => session.close());
  return session;
}

/** A session whose INBOX holds these messages, uids from 1 on. */
async function holding(t, ...raws) {
  const session = await open(t);
  await session.appendMessages("INBOX", raws.map((raw) => ({ raw })));
  const { selected } = await session.selectMailbox("INBOX");
  return { session, selected, fetch: async (set, options) => (await session.fetchMessages(selected, set, options)).messages };
}

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 255);
const BIG = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 31) ^ (at >> 8));

const rich = (big = Uint8Array.of(1, 2, 3)) =>
  lines(
    "From: =?utf-8?q?J=C3=B6rg?= <j@example.org>",
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
    "X-Tag: one",
    "x-tag: =?utf-8?b?w58=?=",
    "Content-Type: multipart/mixed; boundary=m",
    "",
    "--m",
    "Content-Type: multipart/related; boundary=r",
    "",
    "--r",
    "Content-Type: multipart/alternative; boundary=a",
    "",
    "--a",
    "Content-Type: text/plain; charset=utf-8; __proto__=x",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "Gr=C3=BC=C3=9Fe",
    "--a",
    "Content-Type: text/html; charset=utf-8",
    "",
    '<p>Hello <img src="cid:p@x"><script>1</script></p>',
    "--a--",
    "--r",
    "Content-Type: image/png",
    "Content-ID: <p@x>",
    "Content-Transfer-Encoding: base64",
    "",
    base64(PNG),
    "--r--",
    "--m",
    "Content-Type: application/octet-stream",
    "Content-Disposition: attachment; filename*=utf-8''%C3%9F.bin",
    "Content-Transfer-Encoding: base64",
    "",
    base64(big),
    "--m",
    "Content-Type: message/rfc822",
    "",
    "Subject: inner",
    "",
    "within",
    "--m--",
    "",
  );

test("envelopes, header fields, sections, structure", async (t) => {
  const { fetch } = await holding(t, rich(), mail("plain"));
  const [message, plain] = await fetch("1:2", {
    rawEnvelope: true,
    bodyStructure: true,
    headers: ["X-TAG", "subject", "absent", "__proto__"],
    sections: ["HEADER.FIELDS (X-Tag)", "1.1.1", "BINARY[1.1.1]", "body[1.1.1]<0.4>", "BINARY.SIZE[2]", "3.HEADER", "3.1", "1.1.1.MIME", "9", "TEXT<0.3>", ""],
  });
  assert.equal(message.rawEnvelope.subject, "=?utf-8?q?Gr=C3=BC=C3=9Fe?=");
  assert.deepEqual(message.rawEnvelope.from, [{ name: "=?utf-8?q?J=C3=B6rg?=", mailbox: "j", host: "example.org" }]);
  assert.deepEqual(message.rawEnvelope.cc, []);
  assert.equal("date" in message.rawEnvelope, false);

  assert.deepEqual(Object.entries(message.headers), [["x-tag", ["one", "ß"]], ["subject", ["Grüße"]], ["absent", []], ["__proto__", []]]);
  assert.equal(Object.getPrototypeOf(message.headers), Object.prototype);

  const { sections } = message;
  assert.equal(text(sections["HEADER.FIELDS (X-Tag)"]), "X-Tag: one\r\nx-tag: =?utf-8?b?w58=?=\r\n\r\n");
  assert.equal(text(sections["1.1.1"]), "Gr=C3=BC=C3=9Fe");
  assert.equal(text(sections["BINARY[1.1.1]"]), "Grüße");
  assert.equal(text(sections["body[1.1.1]<0.4>"]), "Gr=C");
  assert.equal(sections["BINARY.SIZE[2]"], 3);
  assert.equal(text(sections["3.HEADER"]), "Subject: inner\r\n\r\n");
  assert.equal(text(sections["3.1"]), "within");
  assert.match(text(sections["1.1.1.MIME"]), /^Content-Type: text\/plain[^]*\r\n\r\n$/);
  assert.ok("9" in sections && sections["9"] === undefined);
  assert.equal(text(sections["TEXT<0.3>"]), "--m");
  assert.equal(text(sections[""]), rich());
  assert.equal(Object.keys(sections).length, 11);

  const root = message.bodyStructure;
  assert.deepEqual([root.type, "part" in root, root.parameters], ["multipart/mixed", false, { boundary: "m" }]);
  const [related, file, inner] = root.childNodes;
  const [plainText] = related.childNodes[0].childNodes;
  assert.deepEqual([plainText.part, plainText.type, plainText.encoding, plainText.size, plainText.lineCount], ["1.1.1", "text/plain", "quoted-printable", 15, 0]);
  assert.deepEqual(Object.entries(plainText.parameters), [["charset", "utf-8"], ["__proto__", "x"]]);
  assert.deepEqual([related.part, related.childNodes[1].id], ["1", "<p@x>"]);
  assert.deepEqual([file.disposition, file.dispositionParameters], ["attachment", { "filename*": "utf-8''%C3%9F.bin" }]);
  assert.equal(inner.envelope.subject, "inner");
  assert.deepEqual(inner.childNodes.map((node) => node.part), ["3.1"]);
  assert.equal(plain.bodyStructure.part, "1");
  assert.equal("childNodes" in plain.bodyStructure, false);
  assert.deepEqual(plain.headers.subject, ["plain"]);
});

test("text, html, attachments and their octets", async (t) => {
  const { fetch } = await holding(t, rich(BIG), mail("plain"));
  const [message, plain] = await fetch("1:2", { text: true, html: true, attachments: true });
  assert.equal(message.text, "Grüße");
  assert.match(message.html, /^<p>Hello <img src="cid:p@x"><script>/);
  assert.deepEqual(
    message.attachments.map(({ part, type, filename, size, contentId, inline }) => [part, type, filename, size, contentId, inline]),
    [
      ["1.2", "image/png", undefined, PNG.length, "p@x", true],
      ["2", "application/octet-stream", "ß.bin", BIG.length, undefined, false],
      ["3", "message/rfc822", undefined, 24, undefined, false],
    ],
  );
  assert.ok(message.attachments[1].encodedSize > BIG.length);
  assert.deepEqual([plain.text, "html" in plain, plain.attachments], ["Hello.\n", false, []]);

  const shown = message.attachments.findIndex((each) => each.contentId === "p@x");
  assert.deepEqual(await message.attachment(shown), PNG);
  assert.deepEqual(await message.attachment(1), BIG);
  assert.deepEqual(await message.part("2"), BIG);
  assert.equal(text(await message.part("3")), "Subject: inner\r\n\r\nwithin");
  assert.equal(text(await plain.part("1")), "Hello.\r\n");
  assert.equal(await message.part("2.1"), undefined);
  const octets = await message.part("1.1.2");
  // A buffer of its own, of its own size.
  assert.equal(octets.byteLength, octets.buffer.byteLength);

  const pieces = [];
  for await (const piece of message.attachmentStream(1)) pieces.push(piece);
  assert.ok(pieces.length > 10 && pieces.every((piece) => piece.length > 0 && piece.length <= 131_072), `${pieces.length} pieces`);
  assert.deepEqual(new Uint8Array(await new Blob(pieces).arrayBuffer()), BIG);
  assert.equal(await new Response(message.partStream("1.1.1")).text(), "Grüße");
});

test("fetched messages are plain data for whoever copies them", async (t) => {
  const { fetch } = await holding(t, mail("one"));
  const [message] = await fetch([1], { envelope: true, headers: ["subject"] });
  const clone = structuredClone(message);
  assert.deepEqual(clone.headers, { subject: ["one"] });
  assert.deepEqual(Object.keys({ ...message }).sort(), Object.keys(clone).sort());
  assert.equal(clone.part, undefined);
  assert.equal(JSON.parse(JSON.stringify(message)).uid, 1);
  const proxied = new Proxy(message, {});
  assert.equal(text(await proxied.part("1")), "Hello.\r\n");
});

test("metadata that is not wanted, macros, pages", async (t) => {
  const { session, selected, fetch } = await holding(t, rich(), mail("two"), mail("three"));
  const [bare] = await fetch([1], { flags: false, internalDate: false, size: false });
  for (const name of ["flags", "internalDate", "zoneMinutes", "size"]) assert.equal(name in bare, false, name);
  const [fast] = await fetch([1], { macro: "FAST", flags: true });
  assert.deepEqual([fast.flags, "envelope" in fast, "bodyStructure" in fast], [["\\Recent"], false, false]);
  const [all] = await fetch([1], { macro: "ALL" });
  assert.deepEqual([all.envelope.subject, "bodyStructure" in all], ["Grüße", false]);
  const [full] = await fetch([1], { macro: "FULL", text: true, envelope: false });
  assert.deepEqual(["envelope" in full, full.bodyStructure.type, full.text], [false, "multipart/mixed", "Grüße"]);
  const subjects = [];
  for await (const { messages } of session.fetchPages(selected, "1:*", { headers: ["subject"], sections: ["1"], text: true, pageSize: 2 })) {
    subjects.push(messages.map((each) => [each.headers.subject[0], each.sections["1"].length > 0, each.text.length > 0]));
  }
  assert.deepEqual(subjects, [[["Grüße", true, true], ["two", true, true]], [["three", true, true]]]);
  await fetch("1:*", { sections: ["BODY[1]"], source: true });
  assert.equal((await session.status("INBOX")).unseen, 3);
  await fetch([2], { sections: ["1"], setSeen: true });
  assert.equal((await session.status("INBOX")).unseen, 2);
});

test("what fails, and what is left then", async (t) => {
  const { session, selected, fetch } = await holding(t, lines("Content-Transfer-Encoding: x-secret", "", "qqq"), mail("two"));
  await assert.rejects(fetch([1], { sections: ["BINARY[1]"] }), { code: "UNKNOWN_CTE", imapCode: "UNKNOWN-CTE" });
  const [odd, two] = await fetch("1:2", { sections: ["1"], attachments: true });
  assert.equal(text(odd.sections["1"]), "qqq");
  await assert.rejects(odd.part("1"), { code: "UNKNOWN_CTE" });
  await assert.rejects(two.attachment(0), { code: "INVALID_ARGUMENT" });
  await assert.rejects((await fetch([2]))[0].attachment(0), /attachments: true/);
  await assert.rejects(fetch([2], { sections: ["1", "BODY[1"], setSeen: true }), { code: "INVALID_ARGUMENT" });
  assert.equal((await session.status("INBOX")).unseen, 2);
  await assert.rejects(two.part("1", { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
  await assert.rejects(new Response(two.partStream("9")).text(), { code: "NOT_FOUND" });

  await session.closeMailbox(selected);
  assert.equal(text(await two.part("1")), "Hello.\r\n");
  const { selected: again } = await session.selectMailbox("INBOX");
  await session.updateFlags(again, [2], ["\\Deleted"]);
  await session.expungeMailbox(again);
  await session.cleanup({ thorough: true });
  await assert.rejects(two.part("1"), { code: "NOT_FOUND" });
  await assert.rejects(new Response(two.partStream("1")).text(), { code: "NOT_FOUND" });
  await session.close();
  await assert.rejects(two.part("1"), { code: "CLOSED" });
  await assert.rejects(new Response(two.partStream("1")).text(), { code: "CLOSED" });
});

test("streams end when they are cancelled or the session is closed", async (t) => {
  const { session, fetch } = await holding(t, rich(BIG));
  const [message] = await fetch([1], { attachments: true });
  const cancelled = message.attachmentStream(1).getReader();
  assert.equal((await cancelled.read()).done, false);
  await cancelled.cancel();
  assert.equal((await cancelled.read()).done, true);
  const early = message.attachmentStream(1).getReader();
  const first = early.read();
  await early.cancel();
  assert.equal((await first).done, true);
  const open = message.attachmentStream(1).getReader();
  assert.equal((await open.read()).done, false);
  await session.close();
  await assert.rejects(open.read(), { code: "CLOSED" });
});

/** A kind of record by the first byte of its keys. */
const PACKS = 7;

testRegistering("a list reads no content, and a fetch no more than its messages", async (t) => {
  const reads = [];
  const inner = mapStore();
  registerBackend("counted", () => ({
    ...inner,
    read(request) {
      for (const key of request.keys) reads.push(key[0]);
      for (const scan of request.scans) reads.push(scan.from[0]);
      return inner.read(request);
    },
  }));
  const options = fresh({ backend: "counted" });
  const filling = await openSession(options);
  await filling.importMessages("INBOX", Array.from({ length: 200 }, (_, n) => rich(BIG.subarray(0, n * 100))));
  await filling.close();
  const session = await openSession(options);
  t.after(() => session.close());
  const { selected } = await session.selectMailbox("INBOX");
  const { rows } = await session.listMessages(selected, { limit: 50 });
  const { messages } = await session.fetchMessages(selected, "100:149", { envelope: true, preview: true, macro: "ALL", setSeen: true });
  assert.deepEqual([rows.length, rows[0].subject, messages.length, messages[0].preview], [50, "Grüße", 50, "Grüße"]);
  const kinds = new Set(reads);
  reads.length = 0;
  await session.fetchMessages(selected, [100], { headers: ["subject"] });
  const more = [...new Set(reads)].filter((kind) => !kinds.has(kind));
  assert.ok(more.includes(PACKS), `contents are records of kind ${more}`);
  assert.ok(!kinds.has(PACKS), `a list read records of kind ${[...kinds]}`);
});
