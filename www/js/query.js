// The search line: words and `from:ada` keys as an object for the library's searches, or IMAP's own
// text form as it is.

/** What can be typed, for the completion list. */
export const WORDS = ["from:", "to:", "subject:", "body:", "has:attachment", "is:unread", "is:starred", "is:answered", "since:2026-01-01", "before:2026-01-01", "larger:1MB", "smaller:10kB", "keyword:work"];

const FLAGS = {
  unread: { seen: false }, unseen: { seen: false }, read: { seen: true }, seen: { seen: true },
  starred: { flagged: true }, flagged: { flagged: true }, unstarred: { flagged: false },
  answered: { answered: true }, unanswered: { answered: false },
  deleted: { deleted: true }, draft: { draft: true }, recent: { recent: true },
};

const UNITS = { "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9 };

/** A search line that cannot be read: a sentence for the user, and where in the line. */
export class QueryError extends Error {
  constructor(message, from, to) {
    super(message);
    Object.assign(this, { from, to });
  }
}

function size(text) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kmg]?b?)$/i.exec(text) ?? [];
  if (number === undefined) throw new Error("a size is written 500kB or 2MB");
  return Math.min(Math.round(Number(number) * UNITS[unit.toLowerCase()]), 4_294_967_295);
}

function day(text) {
  const date = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(date.getTime())) throw new Error("a day is written 2026-01-31");
  return text;
}

function flag(text) {
  const keys = text.toLowerCase();
  if (!Object.hasOwn(FLAGS, keys)) throw new Error(`is: knows ${Object.keys(FLAGS).join(", ")}`);
  return FLAGS[keys];
}

function part(text) {
  if (!/^(attachments?|files?)$/i.test(text)) throw new Error("has: knows attachment");
  return { hasAttachment: true };
}

const KEYS = {
  from: (from) => ({ from }), to: (to) => ({ or: [{ to }, { cc: to }] }), cc: (cc) => ({ cc }), subject: (subject) => ({ subject }),
  body: (body) => ({ body }), text: (text) => ({ text }), is: flag, has: part,
  larger: (text) => ({ larger: size(text) }), smaller: (text) => ({ smaller: size(text) }),
  since: (text) => ({ since: day(text) }), after: (text) => ({ since: day(text) }),
  before: (text) => ({ before: day(text) }), on: (text) => ({ on: day(text) }),
  keyword: (keyword) => ({ keyword }),
};

const anywhere = (text) => ({ or: [{ subject: text }, { from: text }, { to: text }, { cc: text }, { body: text }] });

/** One of IMAP's search keys in capitals at the beginning: nobody begins to type words like that. */
const IMAP = /^\(*(?:NOT |OR |\()*(?:ALL|ANSWERED|BCC|BEFORE|BODY|CC|CHARSET|DELETED|DRAFT|EMAILID|FLAGGED|FROM|HEADER|KEYWORD|LARGER|MODSEQ|NEW|OLD|OLDER|ON|RECENT|SAVEDBEFORE|SAVEDON|SAVEDSINCE|SEEN|SENTBEFORE|SENTON|SENTSINCE|SINCE|SMALLER|SUBJECT|TEXT|THREADID|TO|UID|UNANSWERED|UNDELETED|UNDRAFT|UNFLAGGED|UNKEYWORD|UNSEEN|YOUNGER)(?=[ )]|$)/;

/**
 * Reads a search line: `keys` for a search, and whether that is IMAP's text form; undefined where the
 * line is empty, or has but the beginnings of keys. All words must be found; `"two words"` are one,
 * and a leading `-` means not. Throws a QueryError.
 */
export function parseQuery(line) {
  if (IMAP.test(line.trim())) return { keys: line.trim(), imap: true };
  const keys = [];
  for (const match of line.matchAll(/(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"?|([^\s"]+))?/g)) {
    const [word, minus, name, quoted, bare] = match;
    let value = quoted ?? bare ?? "";
    if (word === "" || (!value && !name)) continue;
    const read = name === undefined ? anywhere : Object.hasOwn(KEYS, name.toLowerCase()) ? KEYS[name.toLowerCase()] : undefined;
    // Something like https://… is a word.
    if (!read) value = word.slice(minus.length);
    if (!value) continue;
    let key;
    try {
      key = (read ?? anywhere)(value);
    } catch (error) {
      throw new QueryError(`Not understood: ${error.message}.`, match.index, match.index + word.length);
    }
    keys.push(minus ? { not: key } : key);
  }
  return keys.length > 0 ? { keys, imap: false } : undefined;
}

/** Where the library found fault with IMAP's text form: it counts characters, from 1. */
export function faultIn(line, { column }) {
  if (column === undefined) return undefined;
  const before = [...line.trim()].slice(0, column - 1).join("");
  const from = line.length - line.trimStart().length + before.length;
  return { from: Math.min(from, line.length), to: line.length };
}
