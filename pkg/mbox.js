// Reading mbox files as a stream. Here: where messages begin and end, quoting, the status fields.
// Not here: what a message is (src/mime).

import * as check from "./arguments.js";
import { invalid } from "./errors.js";
import { abandonable, throwIfAborted } from "./signals.js";

const LF = 10;
const CR = 13;
const GT = 62;
const FROM = Uint8Array.of(70, 114, 111, 109, 32); // "From "
/** More than this before the first line's end is not an mbox. */
const FIRST_LINE_LIMIT = 65_536;

async function* blobChunks(blob) {
  for (let at = 0; at < blob.size; at += 1_048_576) {
    yield new Uint8Array(await blob.slice(at, at + 1_048_576).arrayBuffer());
  }
}

/** By hand: a generator that waits for a stuck stream could not be told to stop. */
function streamChunks(stream) {
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    return: async () => {
      await reader.cancel();
      return { value: undefined, done: true };
    },
  };
}

function chunksOf(source) {
  const tag = Object.prototype.toString.call(source);
  if (tag === "[object Blob]" || tag === "[object File]") return blobChunks(source);
  if (ArrayBuffer.isView(source) || tag === "[object ArrayBuffer]") return [source][Symbol.iterator]();
  if (typeof source?.getReader === "function") return streamChunks(source);
  const start = typeof source === "object" ? (source?.[Symbol.asyncIterator] ?? source?.[Symbol.iterator]) : undefined;
  if (typeof start !== "function") {
    throw check.refuse("the source", "a Blob, a stream, bytes or an iterable of Uint8Array", source);
  }
  return start.call(source);
}

function bytesOf(chunk) {
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (Object.prototype.toString.call(chunk) === "[object ArrayBuffer]") return new Uint8Array(chunk);
  throw check.refuse("a chunk of the source", "a Uint8Array", chunk);
}

const startsWithFrom = (bytes, at) => FROM.every((byte, offset) => bytes[at + offset] === byte);

/** Bytes that have come and are not yet given out: one array with room to grow, no copy per search. */
class Pending {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get view() {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  append(chunk) {
    const length = this.#end - this.#start;
    if (this.#end + chunk.length > this.#bytes.length) {
      const room = length + chunk.length;
      const target = room > this.#bytes.length || this.#start < room ? new Uint8Array(room * 2) : this.#bytes;
      target.set(this.view);
      this.#bytes = target;
      this.#start = 0;
      this.#end = length;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Drops the first `count` bytes. */
  drop(count) {
    this.#start += count;
  }
}

/** Where a line begins with "From " after an empty line, from `at` on; -1 where none is complete yet. */
function separatorIn(bytes, at) {
  // By its F: a letter far rarer than line ends.
  for (let from = bytes.indexOf(70, at); from !== -1; from = bytes.indexOf(70, from + 1)) {
    if (bytes[from - 1] === LF && startsWithFrom(bytes, from) && endsEmptyLine(bytes, from - 1)) return from;
  }
  return -1;
}

/** Whether the line that this LF ends is empty. */
function endsEmptyLine(bytes, lf) {
  const last = bytes[lf - 1] === CR ? lf - 1 : lf;
  return last === 0 || bytes[last - 1] === LF;
}

/** The end of a message without the empty line that separates it from the next. */
function trimmedEnd(bytes) {
  const end = bytes.length;
  if (end === 0 || bytes[end - 1] !== LF || !endsEmptyLine(bytes, end - 1)) return end;
  return bytes[end - 2] === CR ? end - 2 : end - 1;
}

/** A copy of the message with its quoted lines restored. */
function unquoted(bytes, format) {
  if (format === "none") return bytes.slice();
  const target = new Uint8Array(bytes.length);
  let written = 0;
  let copied = 0; // up to where `bytes` has been taken
  const take = (upTo) => {
    target.set(bytes.subarray(copied, upTo), written);
    written += upTo - copied;
  };
  for (let gt = bytes.indexOf(GT); gt !== -1; gt = bytes.indexOf(GT, gt + 1)) {
    const start = gt;
    if (start > 0 && bytes[start - 1] !== LF) continue;
    while (bytes[gt + 1] === GT) gt += 1;
    if (format === "mboxo" && gt !== start) continue;
    if (!startsWithFrom(bytes, gt + 1)) continue;
    take(start);
    copied = start + 1;
  }
  take(bytes.length);
  return written === target.length ? target : target.slice(0, written);
}

const STATUS_FLAGS = { R: "\\Seen", A: "\\Answered", F: "\\Flagged", D: "\\Deleted", T: "\\Draft" };

/** Letters alone: other programs write words into a field of this name. */
const STATUS_FIELD = /^(?:[Xx]-)?[Ss]tatus:[ \t]*([RODNUAFT]{1,8})[ \t]*$/gm;

/** The flags that Status and X-Status of the header name, sorted. */
function statusFlags(raw) {
  let end = raw.length;
  for (let lf = raw.indexOf(LF); lf !== -1; lf = raw.indexOf(LF, lf + 1)) {
    if (endsEmptyLine(raw, lf)) {
      end = lf;
      break;
    }
  }
  const header = new TextDecoder("latin1").decode(raw.subarray(0, Math.min(end, 262_144)));
  const flags = new Set();
  for (const [, letters] of header.matchAll(STATUS_FIELD)) {
    for (const letter of letters) if (Object.hasOwn(STATUS_FLAGS, letter)) flags.add(STATUS_FLAGS[letter]);
  }
  return [...flags].sort();
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const ZONED = /\b([a-z]{3}) +(\d{1,2}) +(\d{1,2}):(\d\d)(?::(\d\d))?(?: +([+-]\d{4}|[a-z]{1,5}))? +(\d{4})(?: +([+-]\d{4}))?/i;

/** `From sender Thu Jan  1 00:00:00 1970`, and the same with a zone. */
function separatorLine(bytes) {
  const line = new TextDecoder("utf-8").decode(bytes.subarray(FROM.length)).trimEnd();
  const match = ZONED.exec(line);
  const sender = /^\S*/.exec(line)[0];
  const month = match ? MONTHS.indexOf(match[1].toLowerCase()) : -1;
  if (month === -1) return { from: sender, date: undefined };
  const [, , dayOfMonth, hours, minutes, seconds = "0", before, year, after] = match;
  const zone = /^([+-])(\d\d)(\d\d)$/.exec(after ?? before ?? "");
  const east = zone ? (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  const parts = [Number(year), month, Number(dayOfMonth), Number(hours), Number(minutes), Number(seconds)];
  const local = Date.UTC(...parts);
  const date = new Date(local - east * 60_000);
  const isDay = new Date(local).getUTCDate() === parts[2] && parts[3] < 24 && parts[4] < 60 && parts[5] <= 60;
  return { from: sender, date: isDay && !Number.isNaN(date.getTime()) ? date : undefined };
}

function finished(line, body, format) {
  const raw = unquoted(body.subarray(0, trimmedEnd(body)), format);
  return { raw, ...separatorLine(line), flags: statusFlags(raw) };
}

/** Reads the messages of an mbox of any size, holding one at a time. */
export async function* readMbox(source, options) {
  const given = check.options(options, ["format", "signal"]);
  const named = check.optional(given.format, check.oneOf, "format", ["mboxrd", "mboxo", "none", "auto"]) ?? "auto";
  const format = named === "auto" ? "mboxrd" : named;
  const signal = check.optionalSignal(given.signal);
  const chunks = chunksOf(source);

  const pending = new Pending();
  let line; // the From line of the message that is being read
  let dated = false; // whether every separator must have a date
  let searched = 0; // up to where `pending` holds no separator
  let ended = false;
  try {
    while (!ended) {
      throwIfAborted(signal);
      const { value, done } = await abandonable(Promise.resolve(chunks.next()), signal);
      ended = done === true;
      if (!ended) pending.append(bytesOf(await value));

      if (line === undefined) {
        line = firstLine(pending, ended);
        if (line === undefined) continue;
        // Then a paragraph that nobody quoted can be told from a separator.
        dated = named === "auto" && separatorLine(line).date !== undefined;
        // The line's own end may begin the next separator: an empty message.
        searched = 0;
      }
      for (;;) {
        const bytes = pending.view;
        const next = separatorIn(bytes, searched);
        const lineEnd = next === -1 ? -1 : bytes.indexOf(LF, next);
        if (next === -1 || (lineEnd === -1 && !ended)) {
          // Back to what may yet prove the beginning of a separator.
          searched = next === -1 ? Math.max(0, bytes.length - FROM.length) : next;
          break;
        }
        const end = lineEnd === -1 ? bytes.length : lineEnd + 1;
        if (dated && separatorLine(bytes.subarray(next, end)).date === undefined) {
          searched = next + 1;
          continue;
        }
        yield finished(line, bytes.subarray(0, next), format);
        line = bytes.slice(next, end);
        pending.drop(end);
        searched = 0;
      }
    }
    if (line !== undefined) yield finished(line, pending.view, format);
  } finally {
    if (!ended) Promise.resolve(chunks.return?.()).catch(() => {});
  }
}

/** Takes the first From line; undefined while it is incomplete, or where there is nothing at all. */
function firstLine(pending, ended) {
  let bytes = pending.view;
  let blank = 0;
  while (bytes[blank] === LF || bytes[blank] === CR) blank += 1;
  pending.drop(blank);
  bytes = pending.view;
  if (bytes.length === 0) return undefined;
  const known = Math.min(bytes.length, FROM.length);
  const isFrom = FROM.subarray(0, known).every((byte, at) => bytes[at] === byte);
  if (!isFrom || (ended && bytes.length < FROM.length)) {
    throw invalid('this is not an mbox: its first line does not begin with "From "');
  }
  const lf = bytes.indexOf(LF);
  if (lf === -1 && !ended) {
    if (bytes.length > FIRST_LINE_LIMIT) throw invalid("this is not an mbox: its first line does not end");
    return undefined;
  }
  const end = lf === -1 ? bytes.length : lf + 1;
  const line = bytes.slice(0, end);
  pending.drop(end);
  return line;
}
