// What callers give as octets or messages, brought into the form the engine takes.

import * as check from "./arguments.js";
import { MailboxError, invalid } from "./errors.js";

const isShared = (buffer) => typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer;

/** Refuses octets whose buffer was transferred away, or shrank until they lie outside. */
function mustHoldOctets(octets, what) {
  try {
    // Neither does anything but look whether it could.
    if (ArrayBuffer.isView(octets)) Uint8Array.prototype.at.call(octets, 0);
    else new Uint8Array(octets);
  } catch {
    throw invalid(`${what} rests on a buffer that was transferred away`);
  }
}

/** What one commit takes: it is in the engine's memory, of 4 GiB at most, more than once for a while. */
const COMMIT_LIMIT = 512 * 1024 * 1024;

/**
 * The same messages, just before the engine copies them: until then somebody may have taken their
 * octets away.
 */
export function ready(messages) {
  let total = 0;
  for (const [at, [raw]] of messages.entries()) {
    mustHoldOctets(raw, `messages[${at}].raw`);
    total += raw.length;
  }
  if (total > COMMIT_LIMIT) {
    throw new MailboxError("LIMIT", `one commit takes ${COMMIT_LIMIT} octets, not ${total}; importMessages makes several`);
  }
  return messages;
}

/** A Uint8Array of any Octets; not a copy where it is one already. Only a Blob makes it wait. */
export async function octets(value, what = "raw") {
  if (typeof value === "string") return new TextEncoder().encode(value);
  const tag = check.tagOf(value, what);
  if (tag === "[object Blob]" || tag === "[object File]") return new Uint8Array(await value.arrayBuffer());
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (isShared(buffer)) throw invalid(`${what} must not rest on a SharedArrayBuffer`);
  if (ArrayBuffer.isView(value) ? tag === "[object Uint8Array]" : tag === "[object ArrayBuffer]") {
    mustHoldOctets(value, what);
    return ArrayBuffer.isView(value) ? value : new Uint8Array(value);
  }
  throw check.refuse(what, "a Uint8Array, an ArrayBuffer, a Blob or a string", value);
}

const MESSAGE_KEYS = ["raw", "flags", "internalDate", "zoneMinutes"];

function mustBeMessage(value, what) {
  if (value === null || typeof value !== "object") throw check.refuse(what, "a message: an object with raw octets", value);
  return value;
}

/** An AppendMessage as [octets, flags, milliseconds or undefined, zone minutes]. */
export async function message(value, what, keys = MESSAGE_KEYS) {
  const given = check.options(mustBeMessage(value, what), keys, what);
  const flags = check.optional(given.flags, check.flags, `${what}.flags`) ?? [];
  const date = check.optional(given.internalDate, check.date, `${what}.internalDate`);
  const zone = check.optional(given.zoneMinutes, check.integer, `${what}.zoneMinutes`, -1439, 1439) ?? 0;
  return [await octets(given.raw, `${what}.raw`), flags, date, zone];
}

/** What importMessages takes: the same, what readMbox yields, or just octets. */
export async function importedMessage(value, what) {
  const isObject = value !== null && typeof value === "object" && Object.hasOwn(value, "raw");
  if (!isObject) return [await octets(value, what), [], undefined, 0];
  const { from, date, ...given } = check.options(value, [...MESSAGE_KEYS, "date", "from"], what);
  check.optional(from, check.text, `${what}.from`, { max: Infinity });
  return message({ ...given, internalDate: given.internalDate ?? date }, what);
}

export async function messages(value, what = "messages") {
  const given = check.reading(what, () => {
    if (value === null || typeof value !== "object" || typeof value[Symbol.iterator] !== "function") {
      throw check.refuse(what, "an array of messages", value);
    }
    const each = [];
    // One after the other: a length is quickly said, and room for it not always there.
    for (const one of value) each.push(mustBeMessage(one, `${what}[${each.length}]`));
    return each;
  });
  const taken = [];
  for (const [at, each] of given.entries()) taken.push(await message(each, `${what}[${at}]`));
  return taken;
}
