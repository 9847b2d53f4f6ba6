// The mbox reader: where messages begin and end, quoting, status fields, any split of the input.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readMbox } from "../../pkg/mbox.js";

const bytes = (text) => new TextEncoder().encode(text);
const text = (octets) => new TextDecoder().decode(octets);

async function all(source, options) {
  const messages = [];
  for await (const message of readMbox(source, options)) messages.push(message);
  return messages;
}

/** A random generator that a seed repeats. */
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function* split(octets, next) {
  for (let at = 0; at < octets.length; ) {
    const length = next(4) === 0 ? 1 + next(40) : 1 + next(3);
    yield octets.subarray(at, at + length);
    at += length;
  }
}

const FROM = "From ada@example.org Thu Jan  1 10:20:30 2026";

test("messages are what stands between the From lines, without the empty line after them", async () => {
  const messages = await all(bytes(`${FROM}\nA: 1\n\none\n\n${FROM}\nA: 2\n\ntwo\n\n\n${FROM}\nA: 3\n`));
  assert.deepEqual(messages.map((each) => text(each.raw)), ["A: 1\n\none\n", "A: 2\n\ntwo\n\n", "A: 3\n"]);
  assert.deepEqual(messages.map((each) => each.from), Array(3).fill("ada@example.org"));
  assert.equal(messages[0].date.toISOString(), "2026-01-01T10:20:30.000Z");
});

test("line endings stay as they are, and CRLF files are read alike", async () => {
  const messages = await all(bytes(`${FROM}\r\nA: 1\r\n\r\none\r\n\r\n${FROM}\r\nA: 2\r\n\r\nbare\nline\r\n`));
  assert.deepEqual(messages.map((each) => text(each.raw)), ["A: 1\r\n\r\none\r\n", "A: 2\r\n\r\nbare\nline\r\n"]);
});

test("From within a paragraph begins no message", async () => {
  const [message, ...others] = await all(bytes(`${FROM}\nA: 1\n\ntext\nFrom here on\n`));
  assert.equal(others.length, 0);
  assert.equal(text(message.raw), "A: 1\n\ntext\nFrom here on\n");
});

test("where separators have dates, a paragraph that begins with From is none, unless the format says so", async () => {
  const file = bytes(`${FROM}\nA: 1\n\ntext\n\nFrom here on\n\n${FROM}\nA: 2\n`);
  const read = async (options) => (await all(file, options)).map((each) => text(each.raw));
  assert.deepEqual(await read(), ["A: 1\n\ntext\n\nFrom here on\n", "A: 2\n"]);
  assert.equal((await read({ format: "mboxrd" })).length, 3);
  assert.equal((await all(bytes("From a\nA: 1\n\nFrom b\nA: 2\n"))).length, 2);
});

test("quoting is undone as the format says", async () => {
  const body = "\n>From a\n>>From b\n > From c\nx >From d\n>Fro\n>>>\n>From";
  const read = async (format) => text((await all(bytes(`${FROM}\nA: 1\n${body}`), { format }))[0].raw);
  const rest = "\n > From c\nx >From d\n>Fro\n>>>\n>From";
  assert.equal(await read("mboxrd"), `A: 1\n\nFrom a\n>From b${rest}`);
  assert.equal(await read("auto"), `A: 1\n\nFrom a\n>From b${rest}`);
  assert.equal(await read("mboxo"), `A: 1\n\nFrom a\n>>From b${rest}`);
  assert.equal(await read("none"), `A: 1\n\n>From a\n>>From b${rest}`);
});

test("Status and X-Status are flags; words and body lines of that name are not", async () => {
  const flags = async (message) => (await all(bytes(`${FROM}\n${message}`)))[0].flags;
  assert.deepEqual(await flags("Status: RO\nX-Status: AF\n\nx"), ["\\Answered", "\\Flagged", "\\Seen"]);
  assert.deepEqual(await flags("x-status: DT\r\n\r\nx"), ["\\Deleted", "\\Draft"]);
  assert.deepEqual(await flags("Status: Forwarded\n\nStatus: R\n"), []);
  assert.deepEqual(await flags("\nStatus: R\n"), []);
});

test("dates of the From line: zones, and nonsense", async () => {
  const date = async (line) => (await all(bytes(`From ${line}\nA: 1\n`)))[0].date?.toISOString();
  assert.equal(await date("a@b Mon Feb  2 03:04:05 2026 +0130"), "2026-02-02T01:34:05.000Z");
  assert.equal(await date("a@b Mon Feb  2 03:04:05 -0200 2026"), "2026-02-02T05:04:05.000Z");
  assert.equal(await date("a@b Mon Feb  2 03:04 2026"), "2026-02-02T03:04:00.000Z");
  assert.equal(await date("a@b Mon Feb 31 03:04:05 2026"), undefined);
  assert.equal(await date("- nothing"), undefined);
});

test("what is empty yields nothing, what is not an mbox is refused", async () => {
  assert.deepEqual(await all(bytes("")), []);
  assert.deepEqual(await all(bytes("\r\n\n")), []);
  for (const wrong of ["Subject: x\n\n", "From", "Frome x\n", "F"]) {
    await assert.rejects(all(bytes(wrong)), { code: "INVALID_ARGUMENT" }, wrong);
  }
  await assert.rejects(all(bytes("F".repeat(100))), { code: "INVALID_ARGUMENT" });
  for (const wrong of [null, 7, "From x\n", {}]) await assert.rejects(all(wrong), { code: "INVALID_ARGUMENT" });
  await assert.rejects(all(["From x\n"]), { code: "INVALID_ARGUMENT" });
  await assert.rejects(all(bytes(""), { form: "mboxrd" }), { code: "INVALID_ARGUMENT" });
});

test("messages without anything in them", async () => {
  assert.deepEqual((await all(bytes(`${FROM}\n\n${FROM}\n\n${FROM}`))).map((each) => each.raw.length), [0, 0, 0]);
});

test("any split of the input reads the same, by every kind of source", async () => {
  const lines = ["", "", "From x", ">From x", ">>From x", "text", "From", "Status: RO", "\r", "longer line ".repeat(9)];
  for (let seed = 1; seed <= 300; seed += 1) {
    const next = random(seed);
    const eol = next(2) ? "\n" : "\r\n";
    const messages = [];
    for (let count = next(5); count >= 0; count -= 1) {
      let raw = "";
      for (let line = next(12); line > 0; line -= 1) raw += lines[next(lines.length)] + (next(9) ? eol : "\n");
      messages.push(raw);
    }
    // mboxrd as its writers do it.
    const quoted = messages.map((raw) => raw.replace(/^(>*From )/gm, ">$1"));
    const file = bytes(quoted.map((raw) => `${FROM}${eol}${raw}${eol}`).join(""));
    const expected = messages.map((raw) => raw);
    for (const source of [file, new Blob([file]), split(file, next), ReadableStream.from(split(file, next))]) {
      const read = (await all(source)).map((each) => text(each.raw));
      // A message that does not end its last line takes the separator for that: its writer's fault.
      assert.deepEqual(read.map((raw) => raw.trimEnd()), expected.map((raw) => raw.trimEnd()), `seed ${seed}`);
      assert.deepEqual(
        read.filter((_, at) => /\n$/.test(expected[at])),
        expected.filter((raw) => /\n$/.test(raw)),
        `seed ${seed}`,
      );
    }
  }
});

test("a message larger than 64 MB, in chunks of 64 KB", { timeout: 60_000 }, async () => {
  const line = bytes(`${"x".repeat(62)}\r\n`);
  const chunk = new Uint8Array(65_536);
  for (let at = 0; at < chunk.length; at += line.length) chunk.set(line, at);
  const count = 1040;
  function* source() {
    yield bytes(`${FROM}\r\nSubject: large\r\n\r\n`);
    for (let part = 0; part < count; part += 1) yield chunk;
    yield bytes(`\r\n${FROM}\r\nSubject: small\r\n`);
  }
  const [large, small] = await all(source());
  assert.equal(large.raw.length, 20 - 2 + chunk.length * count);
  assert.equal(text(large.raw.subarray(0, 18)), "Subject: large\r\n\r\n");
  assert.equal(text(small.raw), "Subject: small\r\n");
});

test("a signal ends the reading, even of a source that is stuck, and the source is let go", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  let cancelled = false;
  const stuck = new ReadableStream({
    start: (stream) => stream.enqueue(bytes(`${FROM}\nA: 1\n\n${FROM}\nA: 2\n`)),
    cancel: () => {
      cancelled = true;
    },
  });
  const reader = readMbox(stuck, { signal: controller.signal });
  assert.equal(text((await reader.next()).value.raw), "A: 1\n");
  const next = reader.next();
  controller.abort(reason);
  await assert.rejects(next, (error) => error === reason);
  assert.equal((await reader.next()).done, true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(cancelled, true);
});
