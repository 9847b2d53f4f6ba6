// The filter line: words that ask for metadata, as an object for `searchMailbox`. Searching text
// comes with the library's search.

/** What can be typed, for the completion list. */
export const WORDS = ["unread", "read", "starred", "unstarred", "answered", "unanswered", "deleted", "draft", "recent", "larger:1MB", "smaller:10kB", "since:2026-01-01", "before:2026-01-01", "on:2026-01-01", "keyword:work"];

const FLAGS = {
  unread: { seen: false }, unseen: { seen: false }, new: { seen: false },
  read: { seen: true }, seen: { seen: true },
  starred: { flagged: true }, flagged: { flagged: true }, star: { flagged: true },
  unstarred: { flagged: false }, unflagged: { flagged: false },
  answered: { answered: true }, unanswered: { answered: false },
  deleted: { deleted: true }, undeleted: { deleted: false },
  draft: { draft: true }, recent: { recent: true }, all: {},
};

const UNITS = { "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9 };

function size(text) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmg]?b?)$/i.exec(text) ?? [];
  if (number === undefined) throw new Error(`“${text}” is no size; write 500kB or 2MB.`);
  return Math.min(Math.round(Number(number) * UNITS[unit.toLowerCase()]), 4_294_967_295);
}

function day(text) {
  const date = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(date.getTime())) throw new Error(`“${text}” is no day; write 2026-01-31.`);
  return text;
}

/**
 * The search keys of a filter line; undefined where it is empty. Throws an Error with a sentence
 * for the user where it cannot be read. A leading `-` means not.
 */
export function parseFilter(line) {
  const keys = [];
  for (const word of line.trim().split(/\s+/).filter(Boolean)) {
    const negated = word.startsWith("-");
    const [name, value] = word.slice(negated ? 1 : 0).split(/:(.*)/s);
    let key;
    switch (name.toLowerCase()) {
      case "is": key = FLAGS[value?.toLowerCase()]; break;
      case "larger": key = { larger: size(value ?? "") }; break;
      case "smaller": key = { smaller: size(value ?? "") }; break;
      case "since": case "after": key = { since: day(value ?? "") }; break;
      case "before": key = { before: day(value ?? "") }; break;
      case "on": key = { on: day(value ?? "") }; break;
      case "keyword": case "tag": key = value ? { keyword: value } : undefined; break;
      default: key = value === undefined ? FLAGS[name.toLowerCase()] : undefined;
    }
    if (!key) throw new Error(`“${word}” is no filter; try unread, starred, since:2026-01-31, larger:1MB.`);
    keys.push(negated ? { not: key } : key);
  }
  if (keys.length === 0) return undefined;
  return keys.length === 1 ? keys[0] : keys;
}
