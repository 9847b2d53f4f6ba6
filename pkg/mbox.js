// mbox files, read and written as streams. Here: where messages begin and end, and quoting. Not here:
// the From line and status fields (mbox_status.js), what a message is (src/mime).

import * as check from "./arguments.js";
import { invalid } from "./errors.js";
import { exportedMessages, exportOptions } from "./exported.js";
import { HEADER_LIMIT, bodyStart, contentLength, endsEmptyLine, fromLine, readFromLine, statusFields, statusFlags, withoutStatus } from "./mbox_status.js";
import { gathered, octetChunks, streamOf } from "./sources.js";

const LF = 10;
const CR = 13;
const GT = 62;
const FROM = Uint8Array.of(70, 114, 111, 109, 32); // "From "
/** More than this before the first line's end is not an mbox. */
const FIRST_LINE_LIMIT = 65_536;
/** A Content-Length that says more is not believed: no store takes such a message. */
const CONTENT_LIMIT = 536_870_912;
/** In unknown files one is held against what follows; no more than this is kept in memory for that. */
const TRIED_LIMIT = 67_108_864;

const FORMATS = ["auto", "mboxrd", "mboxo", "mboxcl", "mboxcl2", "none"];

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

/** The end of a message without the empty line that separates it from the next. */
function trimmedEnd(bytes) {
  const end = bytes.length;
  if (end === 0 || bytes[end - 1] !== LF || !endsEmptyLine(bytes, end - 1)) return end;
  return bytes[end - 2] === CR ? end - 2 : end - 1;
}

/** A copy of the message with its quoted lines restored. */
function unquoted(bytes, format) {
  if (format === "none" || format === "mboxcl2") return bytes.slice();
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

/** Whether a line within begins with "From ", unquoted. */
function hasBareFrom(bytes) {
  for (let at = bytes.indexOf(70); at !== -1; at = bytes.indexOf(70, at + 1)) {
    if ((at === 0 || bytes[at - 1] === LF) && startsWithFrom(bytes, at)) return true;
  }
  return false;
}

const WAIT = Symbol("more is needed");

/** Reads one file: where messages end in what has come so far. */
class Reader {
  #format;
  #auto;
  #strip;
  #pending = new Pending();
  #line; // the From line of the message that is being read
  #dated = false; // whether every separator must have a date
  #over = false;
  #searched = 0; // up to where `#pending` holds no separator
  #counted; // whether messages are taken by their Content-Length
  #scanned = 0; // up to where no empty line ends the header
  #length; // where this message ends by its Content-Length; undefined until its header is there; -1 if not so

  constructor(format, strip) {
    this.#auto = format === "auto";
    this.#format = this.#auto ? "mboxrd" : format;
    this.#strip = strip;
    this.#counted = this.#auto || format.startsWith("mboxcl");
  }

  append(chunk) {
    this.#pending.append(chunk);
  }

  /** The next message that is there whole; undefined where more must come first. */
  next(ended) {
    if (this.#line === undefined && !this.#begin(ended)) return undefined;
    const bytes = this.#pending.view;
    const counted = this.#counted ? this.#byLength(bytes, ended) : undefined;
    if (counted === WAIT) return undefined;
    if (counted !== undefined) return this.#finished(counted.end, counted.next, true);
    for (;;) {
      const next = separatorIn(bytes, this.#searched);
      const lineEnd = next === -1 ? -1 : bytes.indexOf(LF, next);
      if (next === -1 || (lineEnd === -1 && !ended)) {
        // Back to what may yet prove the beginning of a separator.
        this.#searched = next === -1 ? Math.max(0, bytes.length - FROM.length) : next;
        break;
      }
      const end = lineEnd === -1 ? bytes.length : lineEnd + 1;
      if (!this.#dated || readFromLine(bytes.subarray(next, end)).date !== undefined) {
        return this.#finished(trimmedEnd(bytes.subarray(0, next)), next, false);
      }
      this.#searched = next + 1;
    }
    return ended ? this.#finished(trimmedEnd(bytes), undefined, false) : undefined;
  }

  #begin(ended) {
    if (this.#over) return false;
    this.#line = firstLine(this.#pending, ended);
    if (this.#line === undefined) return false;
    // Then a paragraph that nobody quoted can be told from a separator.
    this.#dated = this.#auto && readFromLine(this.#line).date !== undefined;
    return true;
  }

  /**
   * Where the message ends by its Content-Length, if that leads to the end or to another From line.
   * The field is the sender's as often as the file's: of unknown files it counts only while every
   * message so far had one that was right.
   */
  #byLength(bytes, ended) {
    if (this.#length === undefined) {
      const body = bodyStart(bytes, this.#scanned);
      if (body === -1 && !ended && bytes.length < HEADER_LIMIT) {
        this.#scanned = bytes.length;
        return WAIT;
      }
      const said = body === -1 ? undefined : contentLength(bytes.subarray(0, body));
      this.#length = said === undefined || said > (this.#auto ? TRIED_LIMIT : CONTENT_LIMIT) ? -1 : body + said;
    }
    const end = this.#length;
    if (end !== -1) {
      const known = bytes.length - end;
      // The empty line after it, and a From line.
      if (known < 2 + FROM.length && !ended) return WAIT;
      if (known >= 0) {
        const next = end + (bytes[end] === CR && bytes[end + 1] === LF ? 2 : bytes[end] === LF ? 1 : 0);
        // A message without the empty line after it is what these formats allow, and others do not.
        const parted = next > end || !this.#auto;
        if (parted && next === bytes.length) return { end, next: undefined };
        if (parted && startsWithFrom(bytes, next)) {
          const lf = bytes.indexOf(LF, next);
          if (lf === -1 && !ended) return WAIT;
          const line = bytes.subarray(next, lf === -1 ? bytes.length : lf + 1);
          if (!this.#dated || readFromLine(line).date !== undefined) return { end, next };
        }
      }
    }
    if (this.#auto) this.#counted = false;
    this.#length = -1;
    return undefined;
  }

  /** The message up to `end`; at `next` begins the next one's From line, if there is one. */
  #finished(end, next, counted) {
    const bytes = this.#pending.view;
    const { unended, ...told } = readFromLine(this.#line);
    const body = bytes.subarray(0, unended && bytes[end - 1] === LF ? end - 1 : end);
    // What nobody quoted was not quoted elsewhere either.
    const format = counted && this.#auto && hasBareFrom(body) ? "none" : this.#format;
    const raw = unquoted(body, format);
    const flags = statusFlags(raw);
    if (next === undefined) {
      this.#line = undefined;
      this.#over = true;
      this.#pending.drop(bytes.length);
    } else {
      const lf = bytes.indexOf(LF, next);
      const begin = lf === -1 ? bytes.length : lf + 1;
      this.#line = bytes.slice(next, begin);
      this.#pending.drop(begin);
    }
    this.#searched = 0;
    this.#scanned = 0;
    this.#length = undefined;
    return { raw: this.#strip ? withoutStatus(raw) : raw, ...told, flags };
  }
}

/** Reads the messages of an mbox of any size, holding one at a time. */
export async function* readMbox(source, options) {
  const given = check.options(options, ["format", "stripStatus", "signal"]);
  const format = check.optional(given.format, check.oneOf, "format", FORMATS) ?? "auto";
  const strip = check.optional(given.stripStatus, check.boolean, "stripStatus") ?? false;
  const signal = check.optionalSignal(given.signal);
  const reader = new Reader(format, strip);
  for await (const chunk of octetChunks(source, signal)) {
    reader.append(chunk);
    for (let message = reader.next(false); message !== undefined; message = reader.next(false)) yield message;
  }
  for (let message = reader.next(true); message !== undefined; message = reader.next(true)) yield message;
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

/** The pieces of a message with every line quoted that begins with ">"s and "From ". */
function* quoted(raw) {
  let given = 0;
  for (let from = raw.indexOf(70); from !== -1; from = raw.indexOf(70, from + 1)) {
    if (!startsWithFrom(raw, from)) continue;
    let start = from;
    while (raw[start - 1] === GT) start -= 1;
    if (start > 0 && raw[start - 1] !== LF) continue;
    yield raw.subarray(given, start);
    yield Uint8Array.of(GT);
    given = start;
  }
  yield raw.subarray(given);
}

async function* written(messages, status) {
  for await (const { source, flags, internalDate, envelope } of messages) {
    const fields = status ? statusFields(flags, source) : new Uint8Array(0);
    const raw = status ? withoutStatus(source) : source;
    const last = raw.length > 0 ? raw[raw.length - 1] : fields.at(-1);
    const unended = last !== LF;
    yield fromLine(envelope?.from[0]?.address, internalDate, unended);
    yield fields;
    yield* quoted(raw);
    yield Uint8Array.of(LF, LF).subarray(unended ? 0 : 1);
  }
}

/** The messages of a mailbox as an mboxrd file. */
export function writeMbox(session, mailbox, options) {
  const { given, ...wanted } = exportOptions(options, ["status"]);
  const status = check.optional(given.status, check.boolean, "status") ?? false;
  return streamOf(gathered(written(exportedMessages(session, mailbox, wanted), status)));
}
