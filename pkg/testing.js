// What every store must do, as cases that a store of one's own can be put through. They know no test
// framework. Not here: the mailbox rules above a store; how an adapter is written (index.d.ts, StoreAdapter).

import * as check from "./arguments.js";

const JOURNAL_LENGTH = 4096;
const UNLIMITED = 0xffff_ffff;
const MOST = Number.MAX_SAFE_INTEGER;
const CORE = 1;
const IDS = 4;
const CONTENT = 7;
const BUCKETS = 9;

// Telling what was found from what was expected.

const hex = (bytes) => Array.from(bytes.subarray(0, 40), (byte) => byte.toString(16).padStart(2, "0")).join("");

function shown(value) {
  const one = (each) => (ArrayBuffer.isView(each) ? `<${each.length} bytes ${hex(bytesOf(each))}>` : each);
  const text = JSON.stringify(value, (_, each) => (each === undefined ? "undefined" : one(each)));
  return text !== undefined && text.length > 600 ? `${text.slice(0, 600)}…` : String(text);
}

function fail(what, found, expected) {
  throw new Error(`${what}: found ${shown(found)}, expected ${shown(expected)}`);
}

const equal = (found, expected, what) => {
  if (found !== expected) fail(what, found, expected);
};

function same(found, expected, what) {
  if (Array.isArray(expected) ? !Array.isArray(found) || found.length !== expected.length : found !== expected) {
    fail(what, found, expected);
  }
  if (Array.isArray(expected)) expected.forEach((each, at) => same(found[at], each, `${what}[${at}]`));
}

const isTrue = (found, what) => {
  if (found !== true) throw new Error(what);
};

// Bytes and keys.

function bytesOf(value, what = "bytes") {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") return new Uint8Array(value);
  throw new Error(`${what}: ${shown(value)} is not a Uint8Array`);
}

const key = (text, space = CORE) => Uint8Array.of(space, ...new TextEncoder().encode(text));
const value = (text) => new TextEncoder().encode(text);
const numbered = (space, number, prefix = []) =>
  Uint8Array.of(space, ...prefix, number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255);
const textOf = (bytes) => new TextDecoder().decode(bytesOf(bytes));

function compare(a, b) {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

/** The range of all keys that begin so. */
function prefix(from) {
  const to = [...from];
  while (to.at(-1) === 255) to.pop();
  to[to.length - 1] += 1;
  return { from, to: Uint8Array.from(to) };
}
const space = (number) => prefix(Uint8Array.of(number));
const all = (range, more) => ({ ...range, reverse: false, keysOnly: false, maxBytes: UNLIMITED, maxRows: UNLIMITED, ...more });

// Calls, and the shape of their answers.

let named = 0;
function batch(more = {}) {
  named += 1;
  return {
    id: numbered(0, named, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    guards: [],
    deleteRanges: [],
    deletes: [],
    puts: [],
    note: new Uint8Array(0),
    durability: "relaxed",
    ...more,
  };
}
const putting = (rows, more) => batch({ puts: rows.map(([name, text]) => [key(name), value(text)]), ...more });

async function read(store, { keys = [], scans = [], guards = [] } = {}) {
  const answer = await store.read({ keys, scans, guards });
  for (const [name, wanted] of Object.entries({ values: keys, scanned: scans, revisions: guards })) {
    isTrue(Array.isArray(answer?.[name]), `read: ${name} is not an array`);
    equal(answer[name].length, wanted.length, `read: the length of ${name}`);
  }
  isTrue(Number.isSafeInteger(answer.sequence), "read: sequence is not a whole number");
  return {
    sequence: answer.sequence,
    values: answer.values.map((each) => (each === null || each === undefined ? null : bytesOf(each, "a value"))),
    scanned: answer.scanned.map((rows, at) =>
      rows.map(([found, each]) => [bytesOf(found, "a scanned key"), scans[at].keysOnly ? null : bytesOf(each, "a scanned value")]),
    ),
    revisions: answer.revisions,
  };
}

async function commit(store, changes) {
  const { committed, conflict } = await store.commit(changes);
  isTrue(Number.isSafeInteger(committed), `commit: not committed but in conflict on ${shown(conflict)}`);
  return committed;
}

async function journal(store, after, max) {
  const answer = await store.journal(after, max);
  isTrue(Array.isArray(answer?.entries) && typeof answer.truncated === "boolean", "journal: not { entries, truncated }");
  return answer;
}

const texts = (values) => values.map((each) => (each === null ? null : textOf(each)));
const readTexts = async (store, names) => texts((await read(store, { keys: names.map((name) => key(name)) })).values);
const scannedTexts = async (store, scan) =>
  (await read(store, { scans: [scan] })).scanned[0].map(([found, each]) => [textOf(found.subarray(1)), textOf(each)]);

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// The cases. Each is given a store of a new database, and `connect` for another connection to it.

const CASES = {
  async "a new store is empty"({ store }) {
    const scans = Array.from({ length: 10 }, (_, number) => all(space(number)));
    const found = await read(store, { keys: [key("a"), Uint8Array.of(0)], scans, guards: [0, 7, MOST] });
    equal(found.sequence, 0, "sequence");
    same(found.values, [null, null], "values");
    same(found.scanned, scans.map(() => []), "scanned");
    same(found.revisions, [0, 0, 0], "revisions");
    const { entries, truncated } = await journal(store, 0, 10);
    same([entries.length, truncated], [0, false], "journal");
    await read(store);
  },

  async "what is put is read back"({ store }) {
    equal(await commit(store, putting([["a", "1"], ["b", "2"], ["", "no key"]])), 1, "the first commit");
    const found = await read(store, { keys: ["b", "missing", "a", "", "b"].map((name) => key(name)) });
    equal(found.sequence, 1, "sequence");
    same(texts(found.values), ["2", null, "1", "no key", "2"], "values");
    same((await read(store, { keys: [key("a", 5)] })).values, [null], "the same bytes in another space");
    equal(await commit(store, putting([["a", "longer than before"]])), 2, "the second commit");
    same(await readTexts(store, ["a"]), ["longer than before"], "a value written again");
  },

  async "every commit moves the sequence by one, whatever is in it"({ store, connect }) {
    const rival = await connect();
    const commits = [
      batch({}),
      batch({ guards: [[1, 0]] }),
      putting([["a", "1"]], { guards: [[1, 1], [2, 0]] }),
      batch({ deletes: [key("a"), key("not there")] }),
      batch({ deleteRanges: [space(CORE)], guards: [[2, 1]] }),
      batch({ note: Uint8Array.of(1) }),
    ];
    for (const [at, each] of commits.entries()) {
      equal(await commit(store, each), at + 1, "the commit");
      equal((await read(rival)).sequence, at + 1, "the sequence in another connection");
    }
  },

  async "a moved guard is a conflict and changes nothing"({ store }) {
    await commit(store, putting([["a", "1"]], { guards: [[1, 0], [2, 0], [MOST, 0]] }));
    await commit(store, putting([["a", "2"]], { guards: [[1, 1]] }));
    const look = () => read(store, { keys: [key("a"), key("b")], guards: [1, 2, 3, MOST] });
    const before = await look();
    same(before.revisions, [2, 1, 0, 1], "revisions");
    const stale = putting([["b", "never"]], {
      guards: [[1, 1], [2, 1], [3, 5], [MOST, 1]],
      deletes: [key("a")],
      deleteRanges: [space(CORE)],
      note: Uint8Array.of(9),
    });
    const outcome = await store.commit(stale);
    equal(outcome.committed ?? null, null, "a stale commit's sequence");
    same([...outcome.conflict], [1, 3], "the guards in conflict");
    const after = await look();
    equal(after.sequence, before.sequence, "sequence after a conflict");
    same(after.revisions, before.revisions, "revisions after a conflict");
    same(texts(after.values), ["2", null], "values after a conflict");
    equal((await journal(store, 0, 10)).entries.length, 2, "journal entries after a conflict");
    equal(await commit(store, putting([["b", "now"]], { guards: [[1, 2]] })), 3, "the commit after a conflict");
  },

  async "a batch lands in order and as one"({ store }) {
    await commit(store, putting(["a1", "a2", "a3", "b1", "b2", "c"].map((name) => [name, "x"])));
    const changes = batch({
      deleteRanges: [
        prefix(key("a")),
        // Inverted and empty ranges hold nothing.
        { from: key("c"), to: key("b") },
        { from: key("b1"), to: key("b1") },
      ],
      deletes: [key("b2"), key("never there")],
      puts: [
        [key("a2"), value("kept")],
        [key("b2"), value("first")],
        [key("b2"), value("last")],
        [key("row", 5), value("row")],
      ],
    });
    equal(await commit(store, changes), 2, "the commit");
    same(
      await scannedTexts(store, all(space(CORE))),
      [["a2", "kept"], ["b1", "x"], ["b2", "last"], ["c", "x"]],
      "what is left",
    );
    same(await readTexts(store, ["a1", "a2", "b2"]), [null, "kept", "last"], "values");
    same(texts((await read(store, { keys: [key("row", 5)] })).values), ["row"], "another space's value");
  },

  async "ranges are half-open and bytewise"({ store }) {
    const known = [[], [0], [0, 0], [1], [1, 255], [2], [127], [128], [255, 255]];
    const id = (...bytes) => Uint8Array.of(IDS, ...bytes);
    const neighbours = [Uint8Array.of(IDS - 1, 1), Uint8Array.of(IDS + 1, 1)];
    const keys = [...known.map((bytes) => id(...bytes)).reverse(), ...neighbours];
    await commit(store, batch({ puts: keys.map((each) => [each, value("v")]) }));
    const end = Uint8Array.of(IDS + 1);
    const cases = [
      [space(IDS), known],
      [{ from: id(), to: end }, known],
      [{ from: id(0), to: id(1) }, [[0], [0, 0]]],
      [{ from: id(0, 0), to: id(1, 255) }, [[0, 0], [1]]],
      [prefix(id(1)), [[1], [1, 255]]],
      [prefix(id(255)), [[255, 255]]],
      [{ from: id(128), to: end }, [[128], [255, 255]]],
      [{ from: id(2), to: id(2) }, []],
      [{ from: id(2), to: id(1) }, []],
    ];
    const { scanned } = await read(store, { scans: cases.map(([range]) => all(range)) });
    cases.forEach(([range, expected], at) =>
      same(scanned[at].map(([found]) => [...found.subarray(1)]), expected, `from ${hex(range.from)} to ${hex(range.to)}`),
    );
  },

  async "scans reverse and stop at their bounds"({ store }) {
    // Rows of 0, 10, 20 … 390 bytes, so that stores that read in steps meet growing sizes.
    const rows = Array.from({ length: 40 }, (_, n) => [`k${String(n).padStart(2, "0")}`, "x".repeat(n * 10)]);
    await commit(store, putting(rows));
    const scans = [];
    for (const range of [prefix(key("k")), { from: key("k05"), to: key("k35") }])
      for (const reverse of [false, true])
        for (const keysOnly of [false, true])
          for (const maxRows of [0, 1, 2, 7, 8, 9, 29, 30, 39, 40, 41, 1000, UNLIMITED])
            for (const maxBytes of [0, 1, 10, 399, 2500, 100_000, UNLIMITED]) scans.push({ ...range, reverse, keysOnly, maxBytes, maxRows });
    const { scanned } = await read(store, { scans });
    scans.forEach((scan, at) => {
      const ordered = rows.filter(([name]) => compare(key(name), scan.from) >= 0 && compare(key(name), scan.to) < 0);
      if (scan.reverse) ordered.reverse();
      const expected = [];
      let bytes = 0;
      for (const [name, text] of ordered.slice(0, scan.maxRows)) {
        expected.push([name, scan.keysOnly ? null : text]);
        bytes += text.length;
        if (!scan.keysOnly && bytes >= scan.maxBytes) break;
      }
      const found = scanned[at].map(([name, each]) => [textOf(name.subarray(1)), each && textOf(each)]);
      const { reverse, keysOnly, maxBytes, maxRows } = scan;
      same(found, expected, `from ${textOf(scan.from)} with ${shown({ reverse, keysOnly, maxBytes, maxRows })}`);
    });
  },

  async "a read sees one moment"({ store, connect }) {
    const other = await connect();
    const step = (n) => putting(["first", "k1", "k2", "zlast"].map((name) => [name, String(n)]), { guards: [[5, n]] });
    await commit(store, step(0));
    const writing = (async () => {
      for (let n = 1; n < 30; n += 1) await commit(other, step(n));
    })();
    const reading = (async () => {
      for (let n = 0; n < 30; n += 1) {
        const found = await read(store, {
          keys: [key("first"), key("zlast")],
          scans: [all(prefix(key("k"))), all(prefix(key("")), { reverse: true, maxRows: 3, maxBytes: 2 })],
          guards: [5],
        });
        same(found.revisions, [found.sequence], "the guard's revision and the sequence");
        const seen = [...texts(found.values), ...found.scanned.flat().map(([, each]) => textOf(each))];
        isTrue(seen.length >= 5, "rows are missing");
        for (const text of seen) equal(text, String(found.sequence - 1), "a value of another moment");
      }
    })();
    await Promise.all([writing, reading]);
    equal((await read(store)).sequence, 30, "sequence");
  },

  async "concurrent counters lose nothing"({ store, connect }) {
    const other = await connect();
    const add = async (own) => {
      for (let n = 0; n < 10; ) {
        const { values, revisions } = await read(own, { keys: [key("n")], guards: [1] });
        const next = Number(texts(values)[0] ?? 0) + 1;
        const outcome = await own.commit(putting([["n", String(next)]], { guards: [[1, revisions[0]]] }));
        if (Number.isSafeInteger(outcome.committed)) n += 1;
      }
    };
    await Promise.all([add(store), add(store), add(other), add(other)]);
    same(await readTexts(store, ["n"]), ["40"], "the counter");
  },

  async "the journal tells every commit"({ store }) {
    const numbers = Array.from({ length: 20 }, (_, at) => at + 1);
    for (const n of numbers) await commit(store, batch({ id: new Uint8Array(16).fill(n), note: new Uint8Array(n - 1).fill(n) }));
    const { entries, truncated } = await journal(store, 0, 100);
    equal(truncated, false, "truncated");
    same(entries.map(({ sequence }) => sequence), numbers, "sequences");
    for (const { sequence, id, note } of entries) {
      same([...bytesOf(id, "an id")], Array(16).fill(sequence), "an id");
      same([...bytesOf(note, "a note")], Array(sequence - 1).fill(sequence), "a note");
    }
    same((await journal(store, 17, 2)).entries.map(({ sequence }) => sequence), [18, 19], "two after 17");
    for (const after of [20, 21, MOST]) {
      const none = await journal(store, after, 100);
      same([none.entries.length, none.truncated], [0, false], `after ${after}`);
    }
    equal((await journal(store, 0, 0)).entries.length, 0, "none asked for");
  },

  async "the journal keeps the newest entries and says when others are gone"({ store }) {
    const steps = JOURNAL_LENGTH + 600;
    for (let n = 0; n < steps; n += 8) {
      await Promise.all(Array.from({ length: 8 }, () => commit(store, batch({ note: Uint8Array.of(1) }))));
    }
    equal((await read(store)).sequence, steps, "sequence");
    const { entries, truncated } = await journal(store, 0, UNLIMITED);
    isTrue(entries.length >= JOURNAL_LENGTH, `only ${entries.length} entries are left`);
    const first = entries[0].sequence;
    equal(truncated, first > 1, "truncated, from the beginning");
    equal(entries.length, steps - first + 1, "entries without a gap");
    equal(entries.at(-1).sequence, steps, "the last entry");
    equal((await journal(store, first - 1, 1)).truncated, false, "truncated, where all is there");
    if (first > 1) equal((await journal(store, first - 2, 1)).truncated, true, "truncated, where one is gone");
    equal((await journal(store, steps, 1)).truncated, false, "truncated, at the end");
  },

  async "two connections are one database"({ store, connect, close, shared }) {
    if (!shared) return;
    const other = await connect();
    let end;
    const heard = new Promise((resolve) => {
      if (other.subscribe) end = other.subscribe(() => resolve(true));
      else resolve(true);
    });
    equal(await commit(store, putting([["a", "1"]])), 1, "the first commit");
    isTrue(await Promise.race([heard, sleep(6000)]), "subscribe: no call within 6 s of another connection's commit");
    if (typeof end === "function") end();
    same(await readTexts(other, ["a"]), ["1"], "what the other reads");
    equal(await commit(other, putting([["a", "2"]])), 2, "the other's commit");
    same(await readTexts(store, ["a"]), ["2"], "what the first reads");
    await close(other);
    equal(await commit(store, putting([["a", "3"]])), 3, "the commit after the other was closed");
  },

  async "values of any size"({ store }) {
    const pattern = new Uint8Array(5 << 20);
    for (let at = 0; at < pattern.length; at += 1) pattern[at] = at ^ (at >> 8) ^ (at >> 16);
    const sizes = [0, 1, 4095, 4096, 4097, 70_000, 5 << 20];
    const puts = sizes.map((size) => [numbered(CONTENT, size), pattern.slice(0, size)]);
    await commit(store, batch({ puts, durability: "strict" }));
    const { values } = await read(store, { keys: puts.map(([each]) => each) });
    values.forEach((found, at) => {
      isTrue(found !== null && compare(found, pattern.subarray(0, sizes[at])) === 0, `a value of ${sizes[at]} bytes came back changed`);
    });
    // Windows on a buffer are no more than themselves.
    await commit(store, batch({ puts: [[numbered(CONTENT, 1), pattern.subarray(1000, 2000)], [numbered(CONTENT, 2), pattern.subarray(7, 7)]] }));
    const again = (await read(store, { keys: [numbered(CONTENT, 1), numbered(CONTENT, 2)] })).values;
    isTrue(again[0] !== null && compare(again[0], pattern.subarray(1000, 2000)) === 0, "a window came back changed");
    equal(again[1]?.length, 0, "the length of an empty window");
    const bounded = all(space(CONTENT), { maxBytes: 100_000, reverse: true });
    equal((await read(store, { scans: [bounded] })).scanned[0].length, 1, "rows of a bounded scan");
  },

  async "many records and the longest keys"({ store }) {
    const long = (n) => numbered(BUCKETS, n, Array(28).fill(0xab));
    await commit(store, batch({ puts: Array.from({ length: 2000 }, (_, n) => [long(n), numbered(0, n).subarray(1)]) }));
    const whole = all(space(BUCKETS));
    const scans = [whole, { ...whole, reverse: true, maxRows: 50 }, { ...whole, maxBytes: 4000 }];
    const wanted = Array.from({ length: 286 }, (_, at) => at * 7);
    const { values, scanned } = await read(store, { keys: wanted.map(long), scans });
    const number = (bytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4);
    same(values.map((each) => each && number(each)), wanted, "values");
    const found = scanned.map((rows) => rows.map(([each]) => number(each)));
    const upTo = (n) => Array.from({ length: n }, (_, at) => at);
    same(found, [upTo(2000), upTo(2000).reverse().slice(0, 50), upTo(1000)], "scans");
    await commit(store, batch({ deleteRanges: [{ from: long(10), to: Uint8Array.of(BUCKETS + 1) }] }));
    same((await read(store, { scans: [whole] })).scanned[0].map(([each]) => number(each)), upTo(10), "what is left");
  },

  async "what was handed over is not changed, and what was handed out stays"({ store }) {
    const [name, bytes] = [key("k"), value("before")];
    await commit(store, batch({ puts: [[name, bytes]] }));
    const { values: [first] } = await read(store, { keys: [key("k")] });
    await commit(store, putting([["k", "after!"]]));
    await commit(store, batch({ deletes: [key("k")] }));
    equal(textOf(first), "before", "a value read before it was written again");
    same([textOf(name.subarray(1)), textOf(bytes)], ["k", "before"], "the arrays of a batch");
  },

  async "calls under way disturb nothing"({ store }) {
    await commit(store, putting([["a", "1"]]));
    const calls = [];
    for (let n = 0; n < 20; n += 1) {
      calls.push(store.commit(putting([["b", "left alone"]])));
      calls.push(read(store, { keys: [key("a")], scans: [all(prefix(key("")))], guards: [1] }));
      calls.push(journal(store, 0, 100));
    }
    await Promise.all(calls);
    const { sequence } = await read(store);
    equal((await journal(store, 0, 100)).entries.length, sequence, "one entry per commit");
    equal(await commit(store, putting([["c", "3"]])), sequence + 1, "the next commit");
  },

  async "reopening keeps everything"({ store, reopen }) {
    if (!reopen) return;
    const id = new Uint8Array(16).fill(3);
    await commit(store, putting([["a", "1"], ["b", "2"]], { id, note: Uint8Array.of(1, 2), guards: [[4, 0]] }));
    const again = await reopen();
    const found = await read(again, { keys: [key("a"), key("b")], guards: [4] });
    same([found.sequence, ...found.revisions], [1, 1], "sequence and revision");
    same(texts(found.values), ["1", "2"], "values");
    const { entries: [entry] } = await journal(again, 0, 10);
    same([...bytesOf(entry.id)], [...id], "the entry's id");
    same([...bytesOf(entry.note)], [1, 2], "the entry's note");
    equal(await commit(again, putting([["a", "3"]], { guards: [[4, 1]] })), 2, "the next commit");
  },
};

async function runCase(run, factory, { remove, persistent, shared }) {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const name = `store-contract-${random}`;
  const opened = new Set();
  const connect = async () => {
    const store = await factory(name);
    for (const method of ["read", "commit", "journal"]) {
      isTrue(typeof store?.[method] === "function", `the store has no method ${method}`);
    }
    opened.add(store);
    return store;
  };
  const close = async (store) => {
    opened.delete(store);
    await store.close?.();
  };
  const closeAll = async () => {
    for (const store of opened) await close(store);
  };
  const store = await connect();
  const reopen = persistent && (async () => {
    await closeAll();
    return connect();
  });
  try {
    await run({ store, connect: shared ? connect : async () => store, close, reopen, shared });
  } finally {
    await closeAll();
    await remove?.(name);
  }
}

const OPTIONS = ["remove", "persistent", "shared"];

export function storeContract(factory, options) {
  check.callback(factory, "the factory");
  const { remove, persistent, shared } = check.options(options, OPTIONS);
  const given = {
    remove: check.optional(remove, check.callback, "remove"),
    persistent: check.optional(persistent, check.boolean, "persistent") ?? false,
    shared: check.optional(shared, check.boolean, "shared") ?? true,
  };
  return Object.entries(CASES).map(([name, run]) => ({ name, run: () => runCase(run, factory, given) }));
}

export async function runStoreContract(factory, options = {}) {
  const { test, ...others } = check.options(options, ["test", ...OPTIONS]);
  const cases = storeContract(factory, others);
  if (check.optional(test, check.callback, "test")) {
    // All are registered before any is waited for.
    await Promise.all(cases.map(({ name, run }) => test(name, async () => run())));
    return;
  }
  const failures = [];
  for (const { name, run } of cases) {
    try {
      await run();
    } catch (cause) {
      failures.push(new Error(`${name}: ${cause?.message ?? cause}`, { cause }));
    }
  }
  if (failures.length > 0) {
    throw new AggregateError(failures, `the store fails ${failures.length} of ${cases.length} cases:\n${failures.map((each) => each.message).join("\n")}`);
  }
}
