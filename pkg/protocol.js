// What a page and the engine's worker say to each other: which methods there are, and how what cannot be
// cloned is named. Not here: who asks (client.js), who answers (host.js).

import { MailboxError, invalid } from "./errors.js";

const words = (text) => text.split(" ");

/** Every method that crosses and answers once. A test holds this against the classes themselves. */
export const METHODS = {
  Session: words(
    "listMailboxes getMailbox status createMailbox deleteMailbox renameMailbox subscribe unsubscribe setReadonly " +
      "setSpecialUse appendMessages deliver importMessages selectMailbox checkMailbox listMessages fetchMessages " +
      "searchMailbox search sortMailbox threadMailbox expungeMailbox copyMessages moveMessages updateFlags " +
      "closeMailbox cleanup verify storage requestPersistence close",
  ),
  MailboxSet: words("delimiter setSubscribed listSubscribed listMailboxes getMailbox addMailbox deleteMailbox renameMailbox"),
  FilterSet: words("put get delete rename setActive clearActive getActive getAll extensions check test"),
  MailboxData: words(
    "mailboxId readonly uidValidity permanentFlags sessionFlags selectedSet updateSelected append appendMany copy " +
      "copyMany move moveMany get update updateMany delete expunge claimRecent cleanup snapshot find findDeleted select",
  ),
  FetchedMessage: words("part attachment"),
};

/** Those that answer piece by piece, each when the next is asked for. */
export const STREAMS = { Session: words("changes fetchPages"), FetchedMessage: words("partStream attachmentStream") };

/** Those that change nothing: given up even when the answer is there, unless it tells updates. */
export const READS = words("listMessages searchMailbox search sortMailbox threadMailbox cleanup verify part attachment");

/** The argument that is read as an iterable, item by item, or as a list, at once. */
export const ITEMS = { importMessages: 1 };
export const LISTS = { appendMessages: 1, appendMany: 0 };

/** Deeper than any argument that is accepted. */
const DEPTH = 210;
/** What is longer is left to the platform to clone, and holds nothing but numbers. */
const LENGTH = 1_000_000;

function mustBeNumbers(list) {
  for (let at = 0; at < list.length; at += 1) {
    if (typeof list[at] !== "number") throw invalid(`an array of more than ${LENGTH} members can only hold numbers`);
  }
  return list;
}

/** A member of any name: `__proto__` is one like others. */
const put = (object, key, value) =>
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });

/**
 * A copy that can be posted. Whatever `special` names in other words is left out of it, and listed with
 * its path in `marks`. Rebuilt, because frameworks give proxies, which cannot be cloned; and of views only
 * what they show, not the whole buffer.
 */
export function pack(value, special = () => undefined) {
  const marks = [];
  const path = [];
  // What is met twice is one thing there too: an object in itself has an end, and one of many ways to each part is one.
  const copies = new Map();
  const fill = (copy, key, each) => {
    if ((typeof each !== "object" || each === null) && typeof each !== "function") {
      put(copy, key, each);
      return;
    }
    path.push(key);
    put(copy, key, walk(each));
    path.pop();
  };
  const walk = (each) => {
    if (copies.has(each)) return copies.get(each);
    const tag = Object.prototype.toString.call(each);
    const mark = special(each);
    if (mark !== undefined) {
      marks.push([[...path], mark]);
      return undefined;
    }
    if (Object.prototype.toString.call(each.buffer ?? each) === "[object SharedArrayBuffer]") {
      throw invalid("what is sent to a worker must not rest on a SharedArrayBuffer");
    }
    if (tag === "[object URL]") return each.href;
    if (ArrayBuffer.isView(each)) return each.slice && each.byteLength < each.buffer.byteLength ? each.slice() : each;
    if (path.length > DEPTH) throw invalid(`what is sent to a worker is nested more than ${DEPTH} deep`);
    const isList = Array.isArray(each);
    if (isList ? each.length > LENGTH : tag !== "[object Object]") return isList ? mustBeNumbers(each) : each;
    const copy = isList ? [] : {};
    copies.set(each, copy);
    if (isList) for (let at = 0; at < each.length; at += 1) fill(copy, at, each[at]);
    else for (const [key, item] of Object.entries(each)) fill(copy, key, item);
    return copy;
  };
  return { value: walk(value), marks };
}

/** Puts what `revive` makes of the marks where they were. */
export function unpack({ value, marks }, revive) {
  for (const [path, mark] of marks) {
    let place = value;
    for (const key of path.slice(0, -1)) place = place[key];
    place[path.at(-1)] = revive(mark);
  }
  return value;
}

/** The buffers of an answer, to be transferred. Updates are told to others too, and stay. */
export function buffersOf(value, found = new Set()) {
  if (typeof value !== "object" || value === null) return found;
  if (ArrayBuffer.isView(value)) {
    if (value.byteLength === value.buffer.byteLength) found.add(value.buffer);
  } else if (Array.isArray(value)) {
    for (const each of value) buffersOf(each, found);
  } else {
    for (const key of Object.keys(value)) if (key !== "updates") buffersOf(value[key], found);
  }
  return found;
}

export function packError(error) {
  if (!(error instanceof MailboxError)) return { other: error };
  const { code, message, imapCode, line, column, cause } = error;
  return { code, message, imapCode, line, column, cause: cause === undefined ? undefined : packError(cause) };
}

export function unpackError(packed) {
  if (packed.code === undefined) return packed.other;
  const { code, message, cause, ...rest } = packed;
  return new MailboxError(code, message, { ...rest, cause: cause && unpackError(cause) });
}

/** Listens to anything that takes messages: the platform's targets of events, and Node's emitters. */
export function listen(target, type, listener) {
  if (target.addEventListener) target.addEventListener(type, listener);
  else target.on(type, (data) => listener({ data }));
}

/** Node's ports have an end that can be heard; elsewhere the end of the other side is that of its lock. */
export const locksFor = (port) => (port.ref === undefined ? globalThis.navigator?.locks : undefined);

/** Holds a lock until it is let go or this side is no more; its name is told once it is held. */
export function holdLock(locks, tell) {
  const name = `offline-mailbox:${crypto.randomUUID()}`;
  let letGo;
  const held = new Promise((resolve) => {
    letGo = resolve;
  });
  locks.request(name, () => {
    tell(name);
    return held;
  });
  return letGo;
}
