// What callers get wrong: every method rejects with INVALID_ARGUMENT, says what, and changes nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as api from "../../pkg/index.js";
import { fresh, mail } from "./support/mail.mjs";
import { openSession } from "./support/open.mjs";

const { ERROR_CODES, MailboxError } = api;

test("the options of openSession", async () => {
  const wrong = [
    undefined,
    null,
    "ada",
    [],
    {},
    { owner: "" },
    { owner: 7 },
    { owner: "x".repeat(256) },
    { owner: "\ud800" },
    { owner: "a", databse: "typo" },
    { owner: "a", database: 7 },
    { owner: "a", backend: {} },
    { owner: "a", durability: "lax" },
    { owner: "a", disabledSearchKeys: "KEYWORD" },
    { owner: "a", expectDatabaseId: 7 },
    { owner: "a", expectDatabaseId: "" },
    { owner: "a", signal: {} },
  ];
  for (const options of wrong) {
    const opening = openSession(options);
    assert.ok(opening instanceof Promise);
    await assert.rejects(opening, { name: "MailboxError", code: "INVALID_ARGUMENT", imapCode: "CLIENTBUG" });
  }
  const reason = new Error("no");
  await assert.rejects(openSession(fresh({ signal: AbortSignal.abort(reason) })), (error) => error === reason);
  await assert.rejects(api.deleteDatabase({ ower: "a" }), { code: "INVALID_ARGUMENT" });
  await assert.rejects(api.deleteDatabase("x"), { code: "UNAVAILABLE" });
});

test("the arguments of every method", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  const other = await openSession(fresh());
  t.after(() => other.close());
  await session.appendMessages("INBOX", [{ raw: mail("one") }]);
  const { selected } = await session.selectMailbox("INBOX");
  const { selected: foreign } = await other.selectMailbox("INBOX");
  const data = await session.mailboxSet.getMailbox("INBOX");
  const before = await session.status("INBOX");

  const shared = new Uint8Array(new SharedArrayBuffer(8));
  const gone = new Uint8Array(8);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const goneUids = Uint32Array.of(1);
  structuredClone(goneUids.buffer, { transfer: [goneUids.buffer] });
  const cyclic = {};
  cyclic.not = cyclic;
  const calls = {
    listMailboxes: [["*"], [{ patern: "*" }], [{ pattern: 1 }], [{ subscribed: 1 }], [{ status: 1 }], [{ selected: {} }], [{ selected: foreign }]],
    getMailbox: [[], [7], ["INBOX", { select: selected }], ["\udfff"], ["a\u0000b"], ["x".repeat(5000)]],
    createMailbox: [[""], ["/x"], ["A", { specialUse: "\\Inbox" }], ["A", { firstUid: 0 }], ["A", { firstUid: 2 ** 32 }], ["A", { firstUid: "5" }]],
    deleteMailbox: [[], [null]],
    renameMailbox: [["INBOX"], ["INBOX", ""], ["INBOX", "a//b"]],
    subscribe: [[7]],
    unsubscribe: [[{}]],
    setReadonly: [["INBOX"], ["INBOX", 1]],
    setSpecialUse: [["INBOX", "Sent"], ["INBOX"]],
    appendMessages: [
      ["INBOX"],
      ["INBOX", { raw: "x" }],
      ["INBOX", [{}]],
      ["INBOX", ["x"]],
      ["INBOX", [{ raw: 7 }]],
      ["INBOX", [{ raw: shared }]],
      ["INBOX", [{ raw: gone }]],
      ["INBOX", [{ raw: new Uint16Array(2) }]],
      ["INBOX", [{ raw: "x", flag: ["\\Seen"] }]],
      ["INBOX", [{ raw: "x", flags: "\\Seen" }]],
      ["INBOX", [{ raw: "x", flags: [, "\\Seen"] }]],
      ["INBOX", [{ raw: "x", flags: ["two words"] }]],
      ["INBOX", [{ raw: "x", flags: ["ok"] }, { raw: "x", flags: [""] }]],
      ["INBOX", [{ raw: "x", internalDate: "2026-01-01" }]],
      ["INBOX", [{ raw: "x", internalDate: new Date(NaN) }]],
      ["INBOX", [{ raw: "x", zoneMinutes: 1440 }]],
      ["INBOX", [{ raw: "x" }], { signal: 7 }],
    ],
    deliver: [
      [],
      [7],
      [{ raw: "x" }],
      [shared],
      [gone],
      ["x", { sender: 7 }],
      ["x", { sender: "a\r\nb" }],
      ["x", { recipient: "a\0" }],
      ["x", { mailbox: "a//b" }],
      ["x", { mailbox: "" }],
      ["x", { flags: "\\Seen" }],
      ["x", { flags: ["a b"] }],
      ["x", { internalDate: 7 }],
      ["x", { zoneMinutes: 1440 }],
      ["x", { selected: foreign }],
      ["x", { durability: "lax" }],
      ["x", { signal: 7 }],
      ["x", { to: "a@b" }],
    ],
    importMessages: [["INBOX"], ["INBOX", "From x\n"], ["INBOX", new Uint8Array(3)], ["INBOX", [], { chunkBytes: 1 }], ["INBOX", [], { onProgress: 1 }], ["INBOX", [], { skipDuplicates: 1 }], ["INBOX", [], { skipDuplicates: "all" }], ["INBOX", [], { importId: "" }], ["INBOX", [], { importId: 7 }]],
    selectMailbox: [[], ["INBOX", { readOnly: true }], ["INBOX", { readonly: "yes" }]],
    checkMailbox: [[], [{}], [foreign], [selected, { waitOn: true }], [selected, { housekeeping: 1 }]],
    listMessages: [[selected, { offset: -1 }], [selected, { offset: 1.5 }], [selected, { limit: 10_001 }], [selected, { sort: "DATE" }], [selected, { sort: "bcc" }], [selected, { sort: [] }], [selected, { sort: ["arrival", "x"] }], [selected, { sort: 1 }]],
    fetchMessages: [
      [selected],
      [selected, 1],
      [selected, ""],
      [selected, "0"],
      [selected, "01"],
      [selected, "1,"],
      [selected, "1:"],
      [selected, "4294967296"],
      [selected, [0]],
      [selected, [-1]],
      [selected, [1.5]],
      [selected, ["1"]],
      [selected, [2 ** 32]],
      [selected, [NaN]],
      [selected, new Float64Array([0.5])],
      [selected, new Uint32Array([0])],
      [selected, goneUids],
      [selected, new Array(2 ** 32 - 1)],
      [selected, { length: 2 ** 40 }],
      [selected, { length: 1, 0: 0 }],
      [selected, new Map()],
      [selected, { uid: "1" }],
      [selected, { seq: "x" }],
      [selected, "1", { body: true }],
      [selected, "1", { source: 1 }],
      [selected, "1", { changedSince: -1 }],
      [selected, "1", { changedSince: 2 ** 53 }],
      [selected, "1", { flags: "no" }],
      [selected, "1", { macro: "all" }],
      [selected, "1", { headers: "subject" }],
      [selected, "1", { headers: ["a b"] }],
      [selected, "1", { headers: ["subject:"] }],
      [selected, "1", { headers: [""] }],
      [selected, "1", { headers: [, "a"] }],
      [selected, "1", { headers: new Array(1001).fill("a") }],
      [selected, "1", { sections: "1" }],
      [selected, "1", { sections: [1] }],
      [selected, "1", { sections: ["1."] }],
      [selected, "1", { sections: ["0"] }],
      [selected, "1", { sections: ["BODY[1"] }],
      [selected, "1", { sections: ["1", "HEADER.FIELDS ()"] }],
      [selected, "1", { sections: ["BODY[]<5>"] }],
      [selected, "1", { sections: ["BINARY.SIZE[1]<0.5>"] }],
      [selected, "1", { sections: ["\ud800"] }],
      [selected, "1", { sections: ["1".repeat(5000)] }],
      [selected, "1", { sections: ["4294967296"], setSeen: true }],
      [selected, "1", { html: 1, setSeen: true }],
    ],
    searchMailbox: [
      [selected],
      [selected, { sen: true }],
      [selected, { seen: 1 }],
      [selected, { all: false }],
      [selected, { since: "2026-13-01" }],
      [selected, { since: "2026-02-30" }],
      [selected, { since: 7 }],
      [selected, { larger: -1 }],
      [selected, { uid: "x" }],
      [selected, { or: [] }],
      [selected, { not: 7 }],
      [selected, { emailId: "a b" }],
      [selected, { keyword: "" }],
      [selected, [{ seen: true }, 7]],
      [selected, cyclic],
    ],
    sortMailbox: [
      [],
      [foreign, "date"],
      [selected],
      [selected, null],
      [selected, ""],
      [selected, "(DATE)"],
      [selected, "--date"],
      [selected, []],
      [selected, [["date"]]],
      [selected, ["date", undefined]],
      [selected, new Array(19).fill("date")],
      [selected, "date", { sen: true }],
      [selected, "date", 7],
      [selected, "date", {}, { signal: 1 }],
      [selected, "date", {}, { limit: 1 }],
    ],
    threadMailbox: [
      [],
      [foreign, "references"],
      [selected],
      [selected, "REFERENCES"],
      [selected, "refs"],
      [selected, "references", { sen: true }],
      [selected, "references", {}, { sort: "date" }],
    ],
    expungeMailbox: [[selected, { uids: "x" }], [selected, { uids: { seq: "1" } }]],
    copyMessages: [[selected, "1"], [selected, "1", "a//b"], [selected, "x", "INBOX"]],
    moveMessages: [[selected, "1", 7]],
    updateFlags: [[selected, "1", [, "x"]], [selected, "1"], [selected, "1", "\\Seen"], [selected, "1", ["a b"]], [selected, "1", ["x"], "set"], [selected, "1", ["x"], "add", { silnt: true }]],
    closeMailbox: [[], [foreign], [selected, { expunge: 1 }]],
    cleanup: [[{ through: true }]],
    verify: [[{ signal: 1 }]],
  };
  for (const [method, list] of Object.entries(calls)) {
    for (const [at, args] of list.entries()) {
      const call = session[method](...args);
      assert.ok(call instanceof Promise, method);
      await assert.rejects(
        call,
        (error) => error instanceof MailboxError && error.code === "INVALID_ARGUMENT" && error.message.length > 10,
        `${method}, case ${at}`,
      );
    }
  }
  const { messages: [message] } = await session.fetchMessages(selected, "1", { attachments: true });
  for (const number of [undefined, 1, "", "0", "1.", ".1", "01", "1.MIME", "TEXT", "4294967296", "1".repeat(600), " 1", "1,2", {}]) {
    await assert.rejects(message.part(number), { code: "INVALID_ARGUMENT" }, `part ${number}`);
    await assert.rejects(message.partStream(number).getReader().read(), { code: "INVALID_ARGUMENT" });
  }
  for (const index of [undefined, -1, 0, 0.5, "0", NaN]) {
    await assert.rejects(message.attachment(index), { code: "INVALID_ARGUMENT" }, `attachment ${index}`);
    await assert.rejects(message.attachmentStream(index).getReader().read(), { code: "INVALID_ARGUMENT" });
  }
  await assert.rejects(message.part("1", { signl: undefined }), { code: "INVALID_ARGUMENT" });
  await assert.rejects(message.part("1", { signal: 1 }), { code: "INVALID_ARGUMENT" });
  const below = {
    append: [["x"], [{ raw: 7 }], [{ raw: "x" }, { recnt: true }]],
    appendMany: [[7]],
    copy: [[0, data], [1, null], [-1, data]],
    moveMany: [["1", data]],
    get: [[], ["1"], [1, 7], [1, { uid: 0 }]],
    update: [[1, null, "x"], [1, null, ["x"], "and"]],
    updateMany: [[[1], ["a b"]], [[0], ["x"]], [[1], ["x"], "add", { unchangedSince: -1 }]],
    delete: [["1"]],
    expunge: [[[1.5]]],
    find: [["1", {}], ["x", selected], ["1", foreign]],
    select: [[{ readOnly: true }]],
  };
  for (const [method, list] of Object.entries(below)) {
    for (const [at, args] of list.entries()) {
      await assert.rejects(data[method](...args), { code: "INVALID_ARGUMENT" }, `MailboxData.${method}, case ${at}`);
    }
  }
  const filters = {
    put: [[], ["a"], ["", "keep;"], ["a\n", "keep;"], ["a", 7], ["a", "\ud800"], ["a", new Uint8Array(3)], ["a", "kepp;"], ["a", "keep;", { durability: "lax" }], ["a", "keep;", { active: true }]],
    get: [[], [7], ["\udfff"]],
    delete: [[], ["a", 7]],
    rename: [["a"], ["a", ""], ["a", "b\u0007"], [7, "b"]],
    setActive: [[], [null]],
    clearActive: [[{ silent: true }]],
    check: [[], [7], ["keep"], ["require \"nonsense\";"]],
    test: [["keep;"], ["keep;", 7], ["keep", "x"], [7, "x"], ["keep;", shared], ["keep;", gone], ["keep;", "x", { flags: [] }], ["keep;", "x", { sender: 7 }], ["keep;", "x", { sender: "a\r\nb" }], ["keep;", "x", { mailbox: "a//b" }]],
  };
  for (const [method, list] of Object.entries(filters)) {
    for (const [at, args] of list.entries()) {
      const call = session.filterSet[method](...args);
      assert.ok(call instanceof Promise, method);
      await assert.rejects(call, { name: "MailboxError", code: "INVALID_ARGUMENT" }, `FilterSet.${method}, case ${at}`);
    }
  }
  assert.deepEqual(await session.filterSet.getAll(), { active: undefined, names: [] });
  assert.deepEqual(await session.status("INBOX"), before);
  assert.equal(selected.closed, false);
});

test("null is absent", async (t) => {
  const session = await openSession(fresh({ durability: null, disabledSearchKeys: null, signal: null, wasm: null }));
  t.after(() => session.close());
  await session.appendMessages("INBOX", [{ raw: "x", flags: null, internalDate: null, zoneMinutes: null }], { selected: null, signal: null });
  const { selected } = await session.selectMailbox("INBOX", { readonly: null });
  assert.equal((await session.searchMailbox(selected, { seen: null })).uids.length, 1);
  const { messages } = await session.fetchMessages(selected, [1], { envelope: null, headers: null, sections: null, macro: null, flags: null });
  assert.deepEqual(Object.keys(messages[0]).includes("headers") || messages[0].flags.length !== 1, false);
  assert.equal((await messages[0].part("1", { signal: null })).length, 0);
  assert.equal((await session.listMailboxes({ pattern: null, selected: null })).mailboxes.length, 1);
});

test("MailboxError and the table of codes", () => {
  const cause = new Error("disk");
  const error = new MailboxError("QUOTA_EXCEEDED", "full", { cause });
  assert.ok(error instanceof Error);
  assert.equal(error.name, "MailboxError");
  assert.equal(String(error), "MailboxError: full");
  assert.equal(error.imapCode, "OVERQUOTA");
  assert.equal(error.cause, cause);
  assert.match(error.stack, /arguments\.test/);
  for (const [code, { description, imapCode, retryable }] of Object.entries(ERROR_CODES)) {
    assert.equal(new MailboxError(code, "x").code, code);
    assert.equal(new MailboxError(code, "x").imapCode, imapCode);
    assert.ok(description.endsWith("."), code);
    assert.equal(typeof retryable, "boolean");
  }
});

test("the codes, methods and version are those of the engine, the types and the package", () => {
  const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const rust = Object.fromEntries(
    [...read("src/model/error.rs").matchAll(/= "([A-Z_]+)", (?:Some\("([A-Z-]+)"\)|None);/g)].map(([, code, imap]) => [code, imap]),
  );
  assert.deepEqual(Object.fromEntries(Object.entries(ERROR_CODES).map(([code, { imapCode }]) => [code, imapCode])), rust);
  const types = read("pkg/index.d.ts");
  const union = /export type ErrorCode =([^;]*);/.exec(types)[1];
  assert.deepEqual([...union.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code).sort(), Object.keys(rust).sort());
  assert.equal(api.version, JSON.parse(read("pkg/package.json")).version);
  for (const name of ["Session", "FilterSet", "MailboxSet", "MailboxData", "SelectedMailbox"]) {
    const body = new RegExp(`export class ${name} \\{([^]*?)\\n\\}`).exec(types)[1];
    const declared = new Set([...body.matchAll(/^  (?:readonly )?(\w+)[(?:]/gm)].map(([, member]) => member));
    declared.delete("private");
    if (/^ {2}readonly\(\): /m.test(body)) declared.add("readonly");
    const real = Object.getOwnPropertyNames(api[name].prototype).filter((member) => member !== "constructor");
    assert.deepEqual([...declared].sort(), real.sort(), name);
    assert.throws(() => new api[name](), TypeError);
  }
});

test("any ArrayLike of numbers is a set, and an or of any length is searched", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  await session.appendMessages("INBOX", [{ raw: mail("one") }, { raw: mail("two"), flags: ["\\Seen"] }]);
  const { selected } = await session.selectMailbox("INBOX");
  const { messages } = await session.fetchMessages(selected, { length: 1, 0: 2 });
  assert.deepEqual(messages.map((message) => message.uid), [2]);
  for (const count of [1, 2, 3, 1000, 20_000]) {
    const or = [...Array(count - 1).fill({ uid: 9 }), { seen: true }];
    assert.deepEqual([...(await session.searchMailbox(selected, { or })).uids], [2], `${count} alternatives`);
  }
});
