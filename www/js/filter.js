// The filter line: words that ask for flags, days, sizes and texts, as an object for `searchMailbox`.

/** What can be typed, for the completion list. */
export const WORDS = ["unread", "read", "starred", "unstarred", "answered", "unanswered", "deleted", "draft", "recent", "larger:1MB", "smaller:10kB", "since:2026-01-01", "before:2026-01-01", "on:2026-01-01", "keyword:work", "from:", "to:", "cc:", "subject:", "body:", "has:attachment"];

const FLAGS = {
  unread: { seen: false }, unseen: { seen: false }, new: { seen: false },
  read: { seen: true }, seen: { seen: true },
  starred: { flagged: true }, flagged: { flagged: true }, star: { flagged: true },
  unstarred: { flagged: false }, unflagged: { flagged: false },
  answered: { answered: true }, unanswered: { answered: false },
  deleted: { deleted: true }, undeleted: { deleted: false },
  draft: { draft: true }, recent: { recent: true }, all: {},
};

const flag = (word = "") => (Object.hasOwn(FLAGS, word.toLowerCase()) ? FLAGS[word.toLowerCase()] : undefined);

const TEXTS = ["from", "to", "cc", "bcc", "subject", "body", "text"];

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
 * The search keys of a filter line; undefined where it is empty. A word that is no filter is a text;
 * quotes keep blanks together, a leading `-` means not. Throws an Error with a sentence for the user
 * where it cannot be read.
 */
export function parseFilter(line) {
  const keys = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const negated = word.startsWith("-") && word.length > 1;
    const plain = word.slice(negated ? 1 : 0);
    const [name, value] = (plain.startsWith('"') ? [plain] : plain.split(/:(.*)/s)).map((part) => part.replaceAll('"', ""));
    let key;
    switch (name.toLowerCase()) {
      case "is": key = flag(value); break;
      case "larger": key = { larger: size(value ?? "") }; break;
      case "smaller": key = { smaller: size(value ?? "") }; break;
      case "since": case "after": key = { since: day(value ?? "") }; break;
      case "before": key = { before: day(value ?? "") }; break;
      case "on": key = { on: day(value ?? "") }; break;
      case "keyword": case "tag": key = value ? { keyword: value } : undefined; break;
      case "has": key = /^attachments?$/i.test(value ?? "") ? { hasAttachment: true } : undefined; break;
      default:
        if (value === undefined) key = flag(name) ?? (name && { text: name });
        else if (TEXTS.includes(name.toLowerCase()) && value) key = { [name.toLowerCase()]: value };
    }
    if (!key) throw new Error(`“${word}” is no filter; try unread, from:ada, since:2026-01-31, larger:1MB.`);
    keys.push(negated ? { not: key } : key);
  }
  if (keys.length === 0) return undefined;
  return keys.length === 1 ? keys[0] : keys;
}
