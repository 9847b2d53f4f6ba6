// Checks of what callers give. Everything is checked here because the engine cannot: numbers wrap
// silently when they enter wasm. Every check throws INVALID_ARGUMENT and names the argument.

import { MailboxError, invalid } from "./errors.js";

export const MAX_UINT32 = 0xffff_ffff;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** What reads an object may run the caller's code, which may throw anything. */
export function reading(what, read) {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof MailboxError) throw cause;
    throw new MailboxError("INVALID_ARGUMENT", `${what} cannot be read`, { cause });
  }
}

/** `[object Uint8Array]` and the like. */
export const tagOf = (value, what) => reading(what, () => Object.prototype.toString.call(value));

function shown(value) {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null || ["undefined", "number", "boolean", "bigint"].includes(typeof value)) return String(value);
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "an object that cannot be read";
  }
}

export const refuse = (what, wanted, value) => invalid(`${what} must be ${wanted}, not ${shown(value)}`);

/**
 * The members of an options object, which has none but these keys; absent gives none. Each is read
 * once, so that it cannot change between check and use; inherited ones, which a polluted prototype
 * would add, are none.
 */
export function options(value, keys, what = "options") {
  const members = Object.create(null);
  if (value === undefined || value === null) return members;
  return reading(what, () => {
    if (typeof value !== "object" || Array.isArray(value)) throw refuse(what, "an object", value);
    for (const key of Object.keys(value)) {
      if (!keys.includes(key)) {
        throw invalid(`${what} has no ${JSON.stringify(key)}; it can have ${keys.join(", ") || "no members"}`);
      }
      members[key] = value[key];
    }
    return members;
  });
}

/** What `each` makes of the members of an array, holes too; map would pass over these. */
export function list(value, what, wanted, each, { min = 0, max = Infinity } = {}) {
  return reading(what, () => {
    if (!Array.isArray(value) || value.length < min || value.length > max) throw refuse(what, wanted, value);
    const made = [];
    // One after the other: a length is quickly said, and room for it not always there.
    for (let at = 0; at < value.length; at += 1) made.push(each(value[at], `${what}[${at}]`));
    return made;
  });
}

export function text(value, what, { min = 0, max = 4096 } = {}) {
  if (typeof value !== "string") throw refuse(what, "a string", value);
  if (value.length < min || value.length > max) throw refuse(what, `${min} to ${max} characters long`, value);
  if (LONE_SURROGATE.test(value)) throw refuse(what, "well-formed Unicode", value);
  return value;
}

export function optional(value, check, what, ...rest) {
  return value === undefined || value === null ? undefined : check(value, what, ...rest);
}

export function boolean(value, what) {
  if (typeof value !== "boolean") throw refuse(what, "true or false", value);
  return value;
}

export function integer(value, what, min, max) {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw refuse(what, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}

export const uid = (value, what = "the uid") => integer(value, what, 1, MAX_UINT32);

export const modSeq = (value, what) => integer(value, what, 0, Number.MAX_SAFE_INTEGER);

export function oneOf(value, what, allowed) {
  if (!allowed.includes(value)) throw refuse(what, `one of ${allowed.map((each) => JSON.stringify(each)).join(", ")}`, value);
  return value;
}

export function callback(value, what) {
  if (typeof value !== "function") throw refuse(what, "a function", value);
  return value;
}

export function date(value, what) {
  let time = NaN;
  try {
    time = Date.prototype.getTime.call(value);
  } catch {
    // No Date.
  }
  if (Number.isNaN(time)) throw refuse(what, "a valid Date", value);
  return time;
}

/** Asked of the platform: what only looks like a signal could fail when it is needed. */
export function isSignal(value) {
  try {
    Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted").get.call(value);
    return true;
  } catch {
    return false;
  }
}

export function signal(value, what = "signal") {
  if (!isSignal(value)) throw refuse(what, "an AbortSignal", value);
  return value;
}

export const optionalSignal = (value, what = "signal") => optional(value, signal, what);

export function flags(value, what = "flags") {
  return list(value, what, "an array of strings", (flag, each) => text(flag, each, { min: 1, max: 255 }));
}

/** Numbers as a Uint32Array of the caller's own, so that later changes do not matter. */
export const uint32s = (value, what, min = 1) => reading(what, () => uint32sOf(value, what, min));

function uint32sOf(value, what, min) {
  if (value instanceof Uint32Array) {
    let numbers;
    try {
      numbers = value.slice();
    } catch {
      throw invalid(`${what} rests on a buffer that was transferred away`);
    }
    if (min > 0 && numbers.includes(0)) throw refuse(what, "numbers from 1 on", 0);
    return numbers;
  }
  if (!isList(value)) throw refuse(what, "an array of numbers", value);
  const { length } = value;
  const numbers = [];
  // One after the other: a length is quickly said, and room for it not always there.
  for (let at = 0; at < length; at += 1) numbers.push(integer(value[at], `${what}[${at}]`, min, MAX_UINT32));
  return Uint32Array.from(numbers);
}

/** Whether it is an ArrayLike, other than a string. */
const isList = (value) =>
  Array.isArray(value) ||
  (value !== null && typeof value === "object" && !(value instanceof DataView) && !Object.hasOwn(value, "seq") && Number.isInteger(value.length));

const SET = /^(?:[1-9]\d*|\*)(?::(?:[1-9]\d*|\*))?(?:,(?:[1-9]\d*|\*)(?::(?:[1-9]\d*|\*))?)*$/;

/** A set without its number space: an IMAP set, or numbers. */
export function numberSet(value, what) {
  if (typeof value !== "string") return uint32s(value, what);
  if (!SET.test(value)) throw refuse(what, 'a set such as "1:3,7,20:*"', value);
  for (const [digits] of value.matchAll(/\d+/g)) integer(Number(digits), what, 1, MAX_UINT32);
  return value;
}

/** A MessageSet as { numbers, uid }. */
export function messageSet(value, what = "the set") {
  if (value !== null && typeof value === "object" && !ArrayBuffer.isView(value) && !reading(what, () => isList(value))) {
    const { seq } = options(value, ["seq"], what);
    return { numbers: numberSet(seq, `${what}.seq`), uid: false };
  }
  return { numbers: numberSet(value, what), uid: true };
}

export const isEmptySet = (set) => typeof set.numbers !== "string" && set.numbers.length === 0;

export const specialUse = (value, what) =>
  oneOf(value, what, ["\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash"]);

export const mailboxName = (value, what = "the mailbox name") => text(value, what);

export const operation = (value, what = "the operation") => oneOf(value ?? "add", what, ["add", "delete", "replace"]);

export const durability = (value, what = "durability") => oneOf(value, what, ["relaxed", "strict"]);
