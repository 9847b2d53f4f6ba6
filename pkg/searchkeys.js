// What is searched for, checked and turned into the engine's tree of keys; IMAP's text is the engine's
// to read. Not here: what matches.

import * as check from "./arguments.js";
import { MailboxError, invalid } from "./errors.js";

const MAX_DEPTH = 100;
/** Of one search: an object that holds another twice, and so on, is soon more than there is room for. */
const MAX_KEYS = 100_000;

const MAX_TEXT = 1024 * 1024;

/** Keys of imapflow's form that are questions to one provider's servers. */
const FOREIGN_KEYS = ["gmraw", "gmailraw"];

const node = (key, value) => (value === undefined ? { key } : { key, value });
const ALL = node("all");
const not = (key) => node("not", key);

const present = (flag) => (value, what) => node(check.boolean(value, what) ? "flag" : "notFlag", flag);

function mustBeTrue(value, what) {
  if (value !== true) throw check.refuse(what, "true", value);
}

const members = (uid) => (value, what) => {
  const numbers = check.numberSet(typeof value === "number" ? [value] : value, what);
  return node("set", { set: numbers, uid });
};

const DAY = 86_400_000;

/** A calendar day as days since 1970-01-01. */
const day = (key) => (value, what) => {
  if (typeof value !== "string") return node(key, Math.floor(check.date(value, what) / DAY));
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  const midnight = parts ? Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])) : NaN;
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== value) {
    throw check.refuse(what, 'a Date or a day such as "2026-01-31"', value);
  }
  return node(key, midnight / DAY);
};

const octetCount = (key) => (value, what) => node(key, check.integer(value, what, 0, Number.MAX_SAFE_INTEGER));
const seconds = (key) => (value, what) => node(key, check.integer(value, what, 1, Number.MAX_SAFE_INTEGER));
const contained = (key) => (value, what) => node(key, check.text(value, what));
const word = (key, max) => (value, what) => node(key, check.text(value, what, { min: 1, max }));

/** Each field with the text it must contain; `true` and `false` ask whether there is one. */
function header(value, what) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw check.refuse(what, 'an object such as { "List-Id": "rust" }', value);
  }
  const fields = [];
  for (const [name, given] of Object.entries(value)) {
    if (!/^[!-9;-~]{1,255}$/.test(name)) throw check.refuse(`a name in ${what}`, "a header field's", name);
    if (given === undefined || given === null) continue;
    const text = typeof given === "boolean" ? "" : check.text(given, `${what}[${JSON.stringify(name)}]`);
    const field = node("header", { name, text });
    fields.push(given === false ? not(field) : field);
  }
  return group(fields);
}

const KEYS = {
  all: (value, what) => (mustBeTrue(value, what), ALL),
  seen: present("\\Seen"),
  unseen: (value, what) => present("\\Seen")(!check.boolean(value, what), what),
  answered: present("\\Answered"),
  flagged: present("\\Flagged"),
  deleted: present("\\Deleted"),
  draft: present("\\Draft"),
  recent: (value, what) => (check.boolean(value, what) ? node("recent") : node("old")),
  new: (value, what) => (mustBeTrue(value, what), node("new")),
  old: (value, what) => (mustBeTrue(value, what), node("old")),
  keyword: word("keyword", 255),
  unKeyword: word("notKeyword", 255),
  uid: members(true),
  seq: members(false),
  before: day("before"),
  on: day("on"),
  since: day("since"),
  savedBefore: day("savedBefore"),
  savedOn: day("savedOn"),
  savedSince: day("savedSince"),
  sentBefore: day("sentBefore"),
  sentOn: day("sentOn"),
  sentSince: day("sentSince"),
  younger: seconds("younger"),
  older: seconds("older"),
  from: contained("from"),
  to: contained("to"),
  cc: contained("cc"),
  bcc: contained("bcc"),
  subject: contained("subject"),
  body: contained("body"),
  text: contained("text"),
  header,
  hasAttachment: (value, what) => node("hasAttachment", check.boolean(value, what)),
  larger: octetCount("larger"),
  smaller: octetCount("smaller"),
  emailId: word("emailId", 255),
  threadId: word("threadId", 255),
  modseq: (value, what) => node("modSeq", check.modSeq(value, what)),
  not: (value, what, level) => not(tree(value, what, level)),
  or: (value, what, level) => {
    if (!Array.isArray(value) || value.length === 0) throw check.refuse(what, "an array of at least one search", value);
    return either(Array.from(value, (each, at) => tree(each, `${what}[${at}]`, level)));
  },
};

/** Halved again and again: the engine knows only an or of two, and a long chain of those would be deep. */
function either(keys) {
  if (keys.length <= 2) return node("or", keys);
  const middle = keys.length >> 1;
  return node("or", [either(keys.slice(0, middle)), either(keys.slice(middle))]);
}

/** Several keys are a key of their own kind, which may be disabled; one is just itself. */
const group = (keys) => (keys.length === 1 ? keys[0] : node("and", keys));

function tree(value, what, { depth, budget }) {
  if (depth > MAX_DEPTH) throw invalid(`the search is nested more than ${MAX_DEPTH} deep`);
  if (budget.keys === 0) throw invalid(`the search has more than ${MAX_KEYS} keys`);
  budget.keys -= 1;
  const level = { depth: depth + 1, budget };
  if (Array.isArray(value)) return group(Array.from(value, (each, at) => tree(each, `${what}[${at}]`, level)));
  if (value === null || typeof value !== "object") throw check.refuse(what, "an object or an array of them", value);
  const keys = [];
  for (const [name, given] of Object.entries(value)) {
    if (FOREIGN_KEYS.includes(name)) {
      throw new MailboxError("CANNOT", `${what}.${name}: the provider's own search language is not understood here`);
    }
    if (!Object.hasOwn(KEYS, name)) throw invalid(`${what} has no key ${JSON.stringify(name)}`);
    if (given === undefined || given === null) continue;
    keys.push(KEYS[name](given, `${what}.${name}`, level));
  }
  return group(keys);
}

/** IMAP's text as it is, octets as a copy; all else as a tree. */
export const searchKeys = (value) => check.reading("the search", () => keysOf(value, "the search"));

function keysOf(value, what) {
  if (typeof value === "string") return check.text(value, what, { min: 1, max: MAX_TEXT });
  if (check.tagOf(value, what) !== "[object Uint8Array]") return tree(value, what, { depth: 0, budget: { keys: MAX_KEYS } });
  if (value.length === 0 || value.length > MAX_TEXT) throw check.refuse(what, `1 to ${MAX_TEXT} octets long`, value);
  return new Uint8Array(value);
}
