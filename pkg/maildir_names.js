// What the names in a Maildir say: flags and keywords of messages, names of folders. Not here: files.

import { MailboxError } from "./errors.js";

const FLAGS = { D: "\\Draft", F: "\\Flagged", P: "$Forwarded", R: "\\Answered", S: "\\Seen", T: "\\Deleted" };

/** Keywords that a folder's file can give a letter. */
export const MAX_KEYWORDS = 26;

/** What may stand before the flags: `:`, and where files cannot have that in their names, others. */
const INFO = /[:;!]2,([A-Za-z]*)$/;

/** The part of a file's name that stays when its flags change. */
export const uniquePart = (name) => name.replace(/[:;!][12],[^/]*$/, "");

/** The flags of a file of this name; `keywords` are those of the letters a to z. */
export function flagsOf(name, keywords) {
  const flags = [];
  for (const letter of INFO.exec(name)?.[1] ?? "") {
    const flag = Object.hasOwn(FLAGS, letter) ? FLAGS[letter] : keywords[letter.charCodeAt(0) - 97];
    if (flag !== undefined && !flags.includes(flag)) flags.push(flag);
  }
  return flags;
}

/** The letters for flags, and the keywords that have none. */
export function lettersOf(flags, keywords) {
  const letters = [];
  const missing = [];
  for (const flag of flags) {
    const same = (other) => other?.toLowerCase() === flag.toLowerCase();
    const standard = Object.keys(FLAGS).find((letter) => same(FLAGS[letter]));
    const index = keywords.findIndex(same);
    if (standard) letters.push(standard);
    else if (index !== -1 && index < MAX_KEYWORDS) letters.push(String.fromCharCode(97 + index));
    else if (!flag.startsWith("\\")) missing.push(flag);
  }
  return { letters: letters.sort().join(""), missing };
}

/** A `dovecot-keywords` file: lines of a number and a keyword. */
export function parseKeywords(text) {
  const keywords = [];
  for (const [, number, keyword] of text.matchAll(/^(\d{1,2}) (\S{1,255})\r?$/gm)) {
    if (Number(number) < MAX_KEYWORDS) keywords[Number(number)] = keyword;
  }
  return keywords;
}

export const writtenKeywords = (keywords) =>
  Array.from(keywords, (keyword, number) => (keyword === undefined ? "" : `${number} ${keyword}\n`)).join("");

/** The seconds since 1970 at the beginning of a message's name; undefined where there are none. */
export function secondsOf(name) {
  const seconds = Number(/^(\d{1,11})\./.exec(name)?.[1] ?? NaN);
  return Number.isNaN(seconds) ? undefined : seconds;
}

function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text.replaceAll(",", "/")), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** A folder's name out of modified UTF-7 (RFC 3501 section 5.1.3); as it is where it is none. */
export function decodedFolder(name) {
  let wrong = /[^\x20-\x7e]/.test(name);
  const decoded = name.replace(/&([^-]*)(-?)/g, (all, text, end) => {
    if (text === "" && end === "-") return "&";
    const octets = end === "-" ? fromBase64(text) : undefined;
    if (octets === undefined || octets.length === 0 || octets.length % 2 !== 0) {
      wrong = true;
      return all;
    }
    const units = new Uint16Array(octets.length / 2);
    const view = new DataView(octets.buffer);
    for (let at = 0; at < units.length; at += 1) units[at] = view.getUint16(at * 2);
    return String.fromCharCode(...units);
  });
  return wrong || /\p{Surrogate}/u.test(decoded) ? name : decoded;
}

function toBase64(text) {
  let octets = "";
  for (let at = 0; at < text.length; at += 1) octets += String.fromCharCode(text.charCodeAt(at) >> 8, text.charCodeAt(at) & 0xff);
  return btoa(octets).replaceAll("/", ",").replace(/=+$/, "");
}

/** A level of a mailbox's name in modified UTF-7; dots, which part levels, and what no file can be called too. */
export const encodedFolder = (level) =>
  level.replace(/&|[^\x20-\x7e]+|[./\\:*?"<>|]+/g, (text) => (text === "&" ? "&-" : `&${toBase64(text)}-`));

/** The folder of a mailbox in a Maildir++: `.Sub.Folder`; the empty name is INBOX's. */
export function folderName(mailbox) {
  if (mailbox === "INBOX") return "";
  const name = `.${mailbox.split("/").map(encodedFolder).join(".")}`;
  if (name.length > 255) throw new MailboxError("LIMIT", `the name of ${JSON.stringify(mailbox)} is too long for a folder`);
  return name;
}
