// What mbox programs write into messages of their state: the status fields, read, taken out and
// written; and the From line. Not here: where messages begin and end (mbox.js).

const LF = 10;
const CR = 13;
const LATIN1 = new TextDecoder("latin1");

/** More of a header than this is not searched for status fields. */
export const HEADER_LIMIT = 262_144;

const STATUS_FLAGS = { R: "\\Seen", A: "\\Answered", F: "\\Flagged", D: "\\Deleted", T: "\\Draft" };

/** Letters alone: other programs write words into a field of this name. */
const STATUS_FIELD = /^(?:x-)?status:[ \t]*([RODNUAFT]{1,8})[ \t]*\r?$/gim;

/** Bits of Mozilla's: read, replied, marked, expunged. */
const MOZILLA_FIELD = /^x-mozilla-status:[ \t]*([0-9a-f]{4})[ \t]*\r?$/im;
const MOZILLA_FLAGS = [[1, "\\Seen"], [2, "\\Answered"], [4, "\\Flagged"], [8, "\\Deleted"]];

const KEYWORDS_FIELD = /^x-(?:mozilla-)?key(?:word)?s:([^\n]*(?:\n[ \t][^\n]*)*)/gim;

/** An atom of IMAP (RFC 9051 section 9) of ASCII. */
const ATOM = /^[^\u0000- (){%*"\\\]\u007f-\uffff]{1,255}$/;

/** Fields that are the mbox's, not the message's. */
const OWN_FIELD = /^(?:status|x-status|x-keywords|x-uid|x-imap|x-imapbase|x-mozilla-status2?|x-mozilla-keys|content-length)[ \t]*:/i;

/** Whether the line that this LF ends is empty. */
export function endsEmptyLine(bytes, lf) {
  const last = bytes[lf - 1] === CR ? lf - 1 : lf;
  return last === 0 || bytes[last - 1] === LF;
}

/** Where the body begins: after the empty line that ends the header; -1 where there is none (within some 256 KB). No such line ends before `from`. */
export function bodyStart(raw, from = 0) {
  for (let lf = raw.indexOf(LF, from); lf !== -1 && lf < HEADER_LIMIT; lf = raw.indexOf(LF, lf + 1)) {
    if (endsEmptyLine(raw, lf)) return lf + 1;
  }
  return -1;
}

function headerOf(raw) {
  const end = bodyStart(raw);
  return raw.subarray(0, end === -1 ? HEADER_LIMIT : end);
}

/** The flags that the status fields of the header name, sorted. */
export function statusFlags(raw) {
  const header = LATIN1.decode(headerOf(raw));
  const flags = new Set();
  for (const [, letters] of header.matchAll(STATUS_FIELD)) {
    for (const letter of letters.toUpperCase()) {
      if (Object.hasOwn(STATUS_FLAGS, letter)) flags.add(STATUS_FLAGS[letter]);
    }
  }
  const bits = Number.parseInt(MOZILLA_FIELD.exec(header)?.[1] ?? "0", 16);
  for (const [bit, flag] of MOZILLA_FLAGS) if (bits & bit) flags.add(flag);
  for (const [, words] of header.matchAll(KEYWORDS_FIELD)) {
    for (const word of words.split(/[\s,]+/)) if (ATOM.test(word)) flags.add(word);
  }
  return [...flags].sort();
}

/** What the last Content-Length field of a header says; undefined without one. */
export function contentLength(header) {
  let length;
  for (const [, digits] of LATIN1.decode(header).matchAll(/^content-length:[ \t]*(\d{1,10})[ \t]*\r?$/gim)) length = Number(digits);
  return length;
}

/** The message without the fields that are the mbox's; itself where it has none. */
export function withoutStatus(raw) {
  const header = headerOf(raw);
  const kept = [];
  let own = false;
  let from = 0;
  for (let at = 0; at < header.length; ) {
    const lf = header.indexOf(LF, at);
    const next = lf === -1 ? header.length : lf + 1;
    const folded = header[at] === 32 || header[at] === 9;
    const wasOwn = own;
    own = folded && at > 0 ? own : lf !== -1 && OWN_FIELD.test(LATIN1.decode(header.subarray(at, Math.min(next, at + 64))));
    if (own !== wasOwn) {
      if (own) kept.push(raw.subarray(from, at));
      else from = at;
    }
    at = next;
  }
  if (kept.length === 0) return raw;
  kept.push(raw.subarray(own ? header.length : from));
  const target = new Uint8Array(kept.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of kept) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}

/** Status fields for these flags, to stand before a message, with its line ends. */
export function statusFields(flags, raw) {
  const has = (flag) => flags.includes(flag);
  const letters = Object.entries(STATUS_FLAGS).filter(([letter, flag]) => letter !== "R" && has(flag)).map(([letter]) => letter);
  const keywords = flags.filter((flag) => !flag.startsWith("\\"));
  const lines = [`Status: ${has("\\Seen") ? "R" : ""}O`];
  if (letters.length > 0) lines.push(`X-Status: ${letters.join("")}`);
  if (keywords.length > 0) lines.push(`X-Keywords: ${keywords.join(" ")}`);
  const lf = raw.indexOf(LF);
  const eol = lf > 0 && raw[lf - 1] === CR ? "\r\n" : "\n";
  return new TextEncoder().encode(lines.map((line) => line + eol).join(""));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const ZONED = /\b([a-z]{3}) +(\d{1,2}) +(\d{1,2}):(\d\d)(?::(\d\d))?(?: +([+-]\d{4}|[a-z]{1,5}))? +(\d{4})(?: +([+-]\d{4}))?/i;

/** After the date: the message did not end its last line, and the LF there is the mbox's. */
const UNENDED = "unended";

/** `From sender Thu Jan  1 00:00:00 1970`, and the same with a zone: its sender, date, and whether the last line is unended. */
export function readFromLine(bytes) {
  const line = new TextDecoder("utf-8").decode(bytes.subarray(5, 4096)).trimEnd();
  const match = ZONED.exec(line);
  const from = /^\S*/.exec(line)[0];
  const month = match ? MONTHS.findIndex((name) => name.toLowerCase() === match[1].toLowerCase()) : -1;
  if (month === -1) return { from, date: undefined, unended: false };
  const [, , dayOfMonth, hours, minutes, seconds = "0", before, year, after] = match;
  const zone = /^([+-])(\d\d)(\d\d)$/.exec(after ?? before ?? "");
  const east = zone ? (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  const parts = [Number(year), month, Number(dayOfMonth), Number(hours), Number(minutes), Number(seconds)];
  const local = new Date(0).setUTCFullYear(...parts.slice(0, 3)) + ((parts[3] * 60 + parts[4]) * 60 + parts[5]) * 1000;
  const date = new Date(local - east * 60_000);
  const isDay = new Date(local).getUTCDate() === parts[2] && parts[3] < 24 && parts[4] < 60 && parts[5] <= 60;
  const unended = line.slice(match.index + match[0].length).trim() === UNENDED;
  return { from, date: isDay && !Number.isNaN(date.getTime()) ? date : undefined, unended };
}

const padded = (number, width, fill = "0") => String(number).padStart(width, fill);

/** The From line of a message: its sender without anything that could end the line, its date in UTC. */
export function fromLine(sender, date, unended) {
  // A year that the line has no room for would make the date unreadable.
  const year = date?.getUTCFullYear();
  const when = year >= 0 && year <= 9999 ? date : new Date(0);
  const safe = /^[!-~]{1,255}$/.test(sender ?? "") ? sender : "MAILER-DAEMON";
  const day = `${DAYS[when.getUTCDay()]} ${MONTHS[when.getUTCMonth()]} ${padded(when.getUTCDate(), 2, " ")}`;
  const time = [when.getUTCHours(), when.getUTCMinutes(), when.getUTCSeconds()].map((part) => padded(part, 2)).join(":");
  const end = unended ? ` ${UNENDED}` : "";
  return new TextEncoder().encode(`From ${safe} ${day} ${time} ${padded(when.getUTCFullYear(), 4)}${end}\n`);
}
