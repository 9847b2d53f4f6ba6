// Names of files for messages: safe on every system, readable, each once.

import * as check from "./arguments.js";

/** Octets of a name, its ending included: what file systems take at least is 255. */
const NAME_OCTETS = 200;

/** What is a path, a wildcard or a quotation on some system, what cannot be seen, or turns the text around. */
const UNSAFE = /[\\/:*?"<>|\u00ad\u061c\u115f\u1160\u17b4\u17b5\u3164\uffa0]|\p{Cc}|\p{Cf}|\p{Co}|\p{Cn}|\p{Surrogate}/gu;
/** Devices of Windows, whatever follows the first dot. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:\.|$)/i;

const encoder = new TextEncoder();

/** The text, cut between characters so that it has at most so many octets. */
function cut(text, octets) {
  if (encoder.encode(text).length <= octets) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += encoder.encode(character).length;
    if (used > octets) break;
    kept += character;
  }
  return kept;
}

/** Without what systems drop from the ends of names, or hide a file for. */
const trimmed = (text) => text.replace(/^[.\s~-]+/u, "").replace(/[.\s]+$/u, "");

function safe(text, octets) {
  const spaced = String(text ?? "").slice(0, 1000).replace(/[\t\r\n]+/g, " ").normalize("NFC").replace(UNSAFE, "_").replace(/\s+/gu, " ");
  const name = trimmed(cut(trimmed(spaced), octets)) || "message";
  return RESERVED.test(name) ? `_${name}` : name;
}

/**
 * A name for a file with this message: its subject as far as a file can be called so, and `extension`.
 */
export function messageFileName(subject, options) {
  const { extension } = check.options(options, ["extension"]);
  const ending = check.optional(extension, check.text, "extension", { max: 20 }) ?? ".eml";
  return safe(check.optional(subject, check.text, "the subject", { max: Infinity }), NAME_OCTETS - ending.length) + ending;
}

/** Gives names that no other message of one export has, on systems that tell no case apart too. */
export function uniqueNames(ending = ".eml") {
  const used = new Set();
  const last = new Map();
  return (subject) => {
    const base = safe(subject, NAME_OCTETS - 20 - ending.length);
    const folded = base.toLowerCase().toUpperCase().normalize("NFKC");
    let number = last.get(folded) ?? 0;
    for (;;) {
      number += 1;
      const name = number === 1 ? base : `${base} (${number})`;
      const key = name.toLowerCase().toUpperCase().normalize("NFKC");
      if (!used.has(key)) {
        used.add(key);
        last.set(folded, number);
        return name + ending;
      }
    }
  };
}
