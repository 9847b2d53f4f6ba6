// The seeded generator of the benchmark's mail: message `i` is the same octets on every machine, whichever others are
// made. Sizes, words, threads, parts and addresses are as mailboxes have them. Not here: anything that is timed.

/**
 * What kind of mail: `full` has sizes as mailboxes have them (lognormal, median 6 KB, mean 30 KB, some of 1 to 5 MB),
 * most of it in attachments; `short` has text alone, some 600 octets of it; `rows` a line or two.
 */
export const KINDS = ["full", "short", "rows"];

/** What to search for, and how often it was planted: found nowhere else. */
export const TERMS = {
  /** In one message of 2,000. */
  rare: "zyzzogeton",
  /** A word that is in every fourth message or so. */
  common: "schedule",
  /** In one message of 100. */
  phrase: "quarterly budget review",
  /** In no message. */
  none: "qqxyzzyqq",
  /** In a subject of 500 or so. */
  subject: "conference",
  /** A part of some senders' names. */
  from: "hopper",
};

const SEED = 0x5eed;
const START = Date.UTC(2016, 0, 1);
const MINUTE = 60_000;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A stream of numbers in [0, 1) of a seed (mulberry32). */
function random(seed) {
  let state = (seed ^ SEED) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Spreads neighbouring numbers. */
const mixed = (i, purpose) => Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (purpose * 0x85ebca6b), 0xc2b2ae35) >>> 0;

// ---------------------------------------------------------------------------------------------
// Words

const ENGLISH =
  "the to and of a in for is you we that on with be this it have are will please as at meeting report can from our your if not week project draft thanks budget schedule invoice review attached question monday update release notes customer deadline travel lunch conference quarterly contract office".split(
    " ",
  );
const OTHERS = [
  "die der und in zu den das nicht von sie ist mit dem für Grüße Straße Rechnung Übersicht Besprechung können müssen Änderung schön nächste Woche Angebot",
  "de la le et les des en un une que est pour qui dans réunion été très déjà château façon facture équipe même bientôt première semaine",
  "и в не на я что это они мы который встреча отчёт проект письмо неделя счёт вопрос спасибо привет завтра документ договор",
  "会議 報告 資料 確認 お願い ありがとう 予定 来週 日本語 東京 添付 連絡 質問 請求書 変更 ございます",
  "في من على إلى اجتماع تقرير مشروع رسالة أسبوع فاتورة سؤال شكرا غدا مرحبا",
  "και το να με για συνάντηση αναφορά έργο εβδομάδα τιμολόγιο ερώτηση ευχαριστώ αύριο",
].map((words) => words.split(" "));
const SYLLABLES = "ar ben cor dal est fin gra hol ing jo ket lum mor ner oul pra quin ros ste tam und vel wex yan".split(" ");

/** 20,000 words, the commonest first; rarer ones are made up. */
function vocabulary(common) {
  const words = [...common];
  const next = random(7);
  const seen = new Set(words);
  while (words.length < 20_000) {
    let word = "";
    const length = 2 + Math.floor(next() * 3);
    for (let n = 0; n < length; n++) word += SYLLABLES[Math.floor(next() * SYLLABLES.length)];
    if (!seen.has(word)) {
      seen.add(word);
      words.push(word);
    }
  }
  return words;
}
const WORDS = vocabulary(ENGLISH);
const LOG = Math.log(WORDS.length);

/** The k-th word is drawn about 1/k as often as the first (Zipf); of another language two of three. */
function word(next, language) {
  const place = Math.floor(Math.exp(next() * LOG)) - 1;
  if (language === undefined || next() < 0.33) return WORDS[place];
  return language[place % language.length];
}

const GIVEN = "Ada Grace Alan Barbara Edsger Katherine Linus Margaret Donald Radia Ken Frances Dennis Sofia Niklaus Hedy Jürgen Zoë François Łukasz Søren Ирина Дмитрий Ελένη 健 美咲".split(" ");
const FAMILY = "Lovelace Hopper Turing Liskov Dijkstra Johnson Torvalds Hamilton Knuth Perlman Thompson Allen Ritchie Kovalevskaya Wirth Lamarr Müller Şahin Lefèvre Wałęsa Kierkegaard Петрова Иванов Παπαδοπούλου 田中 佐藤".split(" ");
const DOMAINS = ["example.org", "example.com", "example.net", "mail.example.org", "lists.example.net", "corp.example.com"];

/** The sender number `k` of 2,000. */
function person(k) {
  const next = random(mixed(k, 3));
  const given = GIVEN[Math.floor(next() * GIVEN.length)];
  const family = FAMILY[Math.floor(next() * FAMILY.length)];
  const local = `${SYLLABLES[Math.floor(next() * SYLLABLES.length)]}${SYLLABLES[Math.floor(next() * SYLLABLES.length)]}`;
  const address = `${local}${k}@${DOMAINS[Math.floor(next() * DOMAINS.length)]}`;
  return { name: `${given} ${family}`, address };
}
const PEOPLE = Array.from({ length: 2_000 }, (_, k) => person(k));
const someone = (next) => PEOPLE[Math.floor(Math.exp(next() * Math.log(PEOPLE.length + 1))) - 1];

// ---------------------------------------------------------------------------------------------
// What is known of a message without making it

/** The messages before it that it answers, the first one first. */
export function ancestors(i) {
  const chain = [];
  let at = i;
  for (;;) {
    const back = 1 + (mixed(at, 2) % 300);
    if (mixed(at, 1) >= 0.55 * 4294967296 || at < back) return chain.reverse();
    at -= back;
    chain.push(at);
  }
}

const messageId = (i) => `<${mixed(i, 4).toString(36)}.${i}@mail.example.org>`;

/** What a list must show of message `i` (from 0; in an empty mailbox its uid is one more). */
export function describe(i) {
  const [first = i] = ancestors(i);
  const next = random(mixed(first, 5));
  const language = next() < 0.25 ? OTHERS[Math.floor(next() * OTHERS.length)] : undefined;
  const words = [];
  const length = 2 + Math.floor(next() * 5);
  for (let n = 0; n < length; n++) words.push(word(next, language));
  // Conversations have subjects of their own, as tickets and invoices do.
  const base = `${words.join(" ")} ${first.toString(36).toUpperCase()}`;
  const own = random(mixed(i, 6));
  const from = someone(own);
  const flags = [];
  if (own() < 0.7) flags.push("\\Seen");
  if (own() < 0.1) flags.push("\\Answered");
  if (own() < 0.05) flags.push("\\Flagged");
  if (own() < 0.01) flags.push("$Label1");
  return {
    subject: first === i ? base : `Re: ${base}`,
    fromName: from.name,
    fromAddress: from.address,
    internalDate: START + i * MINUTE,
    flags,
    threadRoot: first,
    language,
  };
}

/** Whether a term of {@link TERMS} was planted in the text of message `i`. */
export const planted = { rare: (i) => i % 2000 === 77, phrase: (i) => i % 100 === 42 };

// ---------------------------------------------------------------------------------------------
// The octets

const encoder = new TextEncoder();

/** RFC 2047 where it has to be. */
function encoded(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  // Words of at most 45 octets, none of which cuts a character.
  const parts = [];
  let part = "";
  for (const character of text) {
    if (encoder.encode(part + character).length > 42) {
      parts.push(part);
      part = "";
    }
    part += character;
  }
  parts.push(part);
  return parts.map((piece) => `=?UTF-8?B?${base64(encoder.encode(piece))}?=`).join("\r\n ");
}

const base64 = (octets) => btoa(String.fromCharCode(...octets));

function date(milliseconds) {
  const at = new Date(milliseconds);
  const two = (number) => String(number).padStart(2, "0");
  return `${DAYS[at.getUTCDay()]}, ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

/** About so many octets of text in lines of at most 72 characters; what is planted has lines of its own. */
function prose(next, octets, language, plants) {
  const lines = [...plants];
  let written = 0;
  let line = "";
  while (written < octets) {
    const piece = word(next, language);
    if (line.length + piece.length > 71) {
      lines.splice(Math.min(lines.length, 2), 0, line);
      written += line.length + 2;
      line = "";
    }
    line += line === "" ? piece : next() < 0.08 ? `. ${piece[0].toUpperCase()}${piece.slice(1)}` : ` ${piece}`;
  }
  lines.push(`${line}.`);
  return lines;
}

/** Quoted-printable, of text whose lines are short (RFC 2045 section 6.7). */
function quotedPrintable(octets) {
  let out = "";
  let column = 0;
  for (let n = 0; n < octets.length; n++) {
    const octet = octets[n];
    if (octet === 13 && octets[n + 1] === 10) {
      out += "\r\n";
      column = 0;
      n += 1;
      continue;
    }
    const plain = octet >= 32 && octet < 127 && octet !== 61 && !(octet === 32 && octets[n + 1] === 13);
    const piece = plain ? String.fromCharCode(octet) : `=${octet.toString(16).toUpperCase().padStart(2, "0")}`;
    if (column + piece.length > 75) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.length;
  }
  return out;
}

function base64Lines(octets) {
  let out = "";
  for (let n = 0; n < octets.length; n += 57) out += `${base64(octets.subarray(n, n + 57))}\r\n`;
  return out;
}

/** A text part: its header's fields, an empty line and its body. */
function textPart(type, text, next, language) {
  if (/^[\r\n\x20-\x7e]*$/.test(text)) {
    return `Content-Type: text/${type}; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${text}\r\n`;
  }
  const latin = next() < 0.2 && (language === OTHERS[0] || language === OTHERS[1]);
  const octets = latin ? Uint8Array.from(text, (character) => character.charCodeAt(0)) : encoder.encode(text);
  const charset = latin ? "iso-8859-1" : "utf-8";
  return language === OTHERS[0] || language === OTHERS[1]
    ? `Content-Type: text/${type}; charset=${charset}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quotedPrintable(octets)}\r\n`
    : `Content-Type: text/${type}; charset=${charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(octets)}`;
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** The same text as HTML, with styles that bring it to about so many octets. */
function html(lines, octets, next) {
  const rows = [];
  const spare = Math.max(0, Math.floor((octets - lines.length * 90) / Math.max(1, lines.length)));
  for (const line of lines) {
    const style = spare > 40 ? ` style="${"font-family:Arial,sans-serif;color:#333333;".repeat(Math.min(16, Math.floor(spare / 42)))}"` : "";
    rows.push(`<tr><td width="${100 + Math.floor(next() * 500)}"${style}>`, escaped(line), "</td></tr>");
  }
  return `<html><head><style>body{margin:0}</style></head><body>\r\n<table>\r\n${rows.join("\r\n")}\r\n</table>\r\n</body></html>`;
}

// Base64 of what does not compress, as photographs and archives are; attachments are pieces of it.
const FILLER = (() => {
  const next = random(11);
  const alphabet = encoder.encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  const filler = new Uint8Array(78 * 8192);
  for (let n = 0; n < filler.length; n++) {
    const column = n % 78;
    filler[n] = column === 76 ? 13 : column === 77 ? 10 : alphabet[Math.floor(next() * 64)];
  }
  return filler;
})();

/** About so many octets of base64, in whole lines. */
function filler(octets, next) {
  const length = Math.max(1, Math.floor(octets / 78));
  const out = new Uint8Array(length * 78);
  let place = Math.floor(next() * 8192) * 78;
  for (let at = 0; at < out.length; ) {
    const piece = FILLER.subarray(place, place + out.length - at);
    out.set(piece, at);
    at += piece.length;
    place = 0;
  }
  return out;
}

/** Standard normal (Box and Muller). */
const normal = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

const FILES = [
  ["application/pdf", "report.pdf"],
  ["image/jpeg", "photo.jpg"],
  ["application/zip", "archive.zip"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "figures.xlsx"],
];

/** The pieces of what follows the first header fields. */
function content(kind, i, next, language) {
  const plants = [];
  if (planted.rare(i)) plants.push(`They found a ${TERMS.rare} in the cellar`);
  if (planted.phrase(i)) plants.push(`Here is the ${TERMS.phrase} that you asked for`);
  if (kind !== "full") {
    const octets = kind === "rows" ? 20 : Math.min(4_000, Math.exp(Math.log(500) + 0.7 * normal(next)));
    return [textPart("plain", prose(next, octets, language, plants).join("\r\n"), next, language)];
  }
  const size = Math.max(700, Math.min(5_500_000, Math.exp(Math.log(6_000) + 1.794 * normal(next)))) - 600;
  const words = Math.min(size * 0.6, Math.exp(Math.log(2_500) + 0.8 * normal(next)));
  const small = size < 3_000;
  const text = prose(next, small ? size : words, language, plants);
  const plain = textPart("plain", text.join("\r\n"), next, language);
  if (small) return [plain];
  const boundary = `=_${mixed(i, 8).toString(36)}`;
  const rest = size - plain.length;
  const marked = textPart("html", html(text, rest < 50_000 ? rest : 1.4 * words, next), next, language);
  const alternative = `Content-Type: multipart/alternative; boundary="${boundary}a"\r\n\r\n--${boundary}a\r\n${plain}--${boundary}a\r\n${marked}--${boundary}a--\r\n`;
  if (rest - marked.length < 4_000) return [alternative];
  const [type, name] = FILES[Math.floor(next() * FILES.length)];
  return [
    `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n${alternative}--${boundary}\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n`,
    filler(rest - marked.length, next),
    `--${boundary}--\r\n`,
  ];
}

/** Message `i` of a kind, from 0. */
export function message(i, kind) {
  const about = describe(i);
  const next = random(mixed(i, 7));
  const references = ancestors(i).map(messageId);
  const to = Array.from({ length: 1 + Math.floor(next() * 3) }, () => someone(next));
  const head = [
    `Received: from relay${i % 7}.example.net (relay${i % 7}.example.net [192.0.2.${i % 250}])\r\n\tby mail.example.org with ESMTPS id ${mixed(i, 9).toString(36)};\r\n\t${date(about.internalDate)}`,
    `Message-ID: ${messageId(i)}`,
    ...(references.length > 0 ? [`In-Reply-To: ${references.at(-1)}`, `References: ${references.join("\r\n ")}`] : []),
    `Date: ${date(about.internalDate - 5_000)}`,
    `From: ${mailboxOf({ name: about.fromName, address: about.fromAddress })}`,
    `To: ${to.map(mailboxOf).join(",\r\n ")}`,
    `Subject: ${encoded(about.subject)}`,
    "MIME-Version: 1.0",
  ].join("\r\n");
  const pieces = [`${head}\r\n`, ...content(kind, i, next, about.language)].map((piece) =>
    typeof piece === "string" ? encoder.encode(piece) : piece,
  );
  const raw = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    raw.set(piece, at);
    at += piece.length;
  }
  return { raw, internalDate: about.internalDate, flags: about.flags };
}

const mailboxOf = ({ name, address }) => `${encoded(name)} <${address}>`;

/** Messages `from` to `to`. */
export function messages(from, to, kind) {
  const list = [];
  for (let i = from; i < to; i++) list.push(message(i, kind));
  return list;
}
