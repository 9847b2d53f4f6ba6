// What a caller may hand over by mistake or malice: values of every kind, each with a name. Not here:
// where they are handed in.

/** What the throwing ones throw. */
export class Thrown extends Error {}

const fail = () => {
  throw new Thrown("a trap of the caller's");
};

const everyTrap = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, fail]));

/** An object whose members all throw when they are read; `keys` are those it says it has. */
export function throwing(keys) {
  return Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, { enumerable: true, get: fail }])));
}

/** An object each of whose members is another value every time it is read: first what is right. */
export function changing(right) {
  const members = Object.entries(right).map(([key, value]) => {
    let reads = 0;
    return [key, { enumerable: true, get: () => (reads++ === 0 ? value : Symbol("changed")) }];
  });
  return Object.defineProperties({}, Object.fromEntries(members));
}

function detached(view) {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

function shrunk() {
  const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
  const view = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  return view;
}

function cyclic() {
  const object = {};
  object.not = object;
  object.or = [object];
  return object;
}

function deep(levels) {
  let object = { seen: true };
  for (let level = 0; level < levels; level += 1) object = level % 2 ? { not: object } : [object];
  return object;
}

/** Small, and larger than the world when it is written out. */
function bomb() {
  let object = { seen: true };
  for (let level = 0; level < 90; level += 1) object = level % 2 ? { or: [object, object] } : [object, object];
  return object;
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Looks like a signal, and misbehaves when it is used. */
const falseSignal = { aborted: false, addEventListener: fail, removeEventListener: fail };

/** New ones at each call, for some are used up: [name, value]. `foreign` are objects of other sessions. */
export function hostileValues(foreign = {}) {
  const values = {
    undefined,
    null: null,
    true: true,
    false: false,
    zero: 0,
    "minus one": -1,
    half: 1.5,
    NaN,
    Infinity,
    "2^32": 2 ** 32,
    "2^53": 2 ** 53,
    "a bigint": 1n,
    "a symbol": Symbol("x"),
    "no text": "",
    NUL: "a\0b",
    "half a character": "\ud800",
    "a long text": "x".repeat(100_000),
    __proto__text: "__proto__",
    "turned text": "\u202efdp.exe\u2066",
    "a line end": "a\r\nb: c",
    "an array": [],
    holes: [, , 1],
    "an array of everything": [undefined, null, {}, Symbol("x"), -1, "x"],
    "an endless array": new Array(2 ** 32 - 1),
    "an endless list": { length: 2 ** 53 },
    "an object": {},
    "an object without prototype": Object.create(null),
    "an unknown member": { __nothing: 1 },
    "a member named __proto__": JSON.parse('{"__proto__": {"signal": 7}}'),
    "a throwing proxy": new Proxy({}, everyTrap),
    "a throwing array": new Proxy([1], { get: fail }),
    "a revoked proxy": revoked(),
    "a throwing toString": { toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail },
    "a throwing iterable": { [Symbol.iterator]: fail, [Symbol.asyncIterator]: fail },
    "an iterable of nothing good": { *[Symbol.iterator]() { yield Symbol("x"); } },
    "a false signal": falseSignal,
    "a function": () => {},
    "a throwing function": fail,
    "a promise": Promise.resolve("INBOX"),
    "a thenable": { then: fail },
    "no date": new Date(NaN),
    "a far date": new Date(8.64e15),
    "a date": new Date(0),
    "a false date": Object.create(Date.prototype),
    "a regular expression": /x/,
    "a map": new Map([["a", 1]]),
    "a string object": new String("INBOX"),
    "a detached array": detached(new Uint8Array(8)),
    "detached numbers": detached(Uint32Array.of(1, 2)),
    "shared octets": new Uint8Array(new SharedArrayBuffer(8)),
    "a shared buffer": new SharedArrayBuffer(8),
    "shared numbers": new Uint32Array(new SharedArrayBuffer(8)),
    "octets out of bounds": shrunk(),
    "a growing buffer": new Uint8Array(new ArrayBuffer(4, { maxByteLength: 16 })),
    "broken numbers": Float64Array.of(0.5, NaN),
    "big numbers": BigUint64Array.of(1n),
    "a view of octets": new DataView(new ArrayBuffer(4)),
    "false octets": Object.create(Uint8Array.prototype),
    cyclic: cyclic(),
    deep: deep(5_000),
    "a bomb": bomb(),
    "an error": new Error("x"),
    "the global object": globalThis,
    ...foreign,
  };
  return Object.entries(values);
}
