// What fetchMessages can be asked for, checked. Not here: what it answers (fetched_message.js), nor what sections mean.

import * as check from "./arguments.js";

const SWITCHES = [
  "envelope", "rawEnvelope", "bodyStructure", "preview", "text", "html", "attachments", "source", "setSeen",
];

/** Metadata is known anyway: to ask for it costs nothing, and only `false` does something. */
const METADATA = { flags: ["flags"], internalDate: ["internalDate", "zoneMinutes"], size: ["size"] };

/** RFC 9051 section 6.4.5. */
const MACROS = { FAST: {}, ALL: { envelope: true }, FULL: { envelope: true, bodyStructure: true } };

const ONCE = ["changedSince"];
const PAGED = [...SWITCHES, ...Object.keys(METADATA), "headers", "sections", "macro", "signal"];

const MAX_LIST = 1000;

const texts = (value, what, each) =>
  check.list(value, what, `an array of at most ${MAX_LIST} strings`, each, { max: MAX_LIST });

function headerName(value, what) {
  if (!/^[!-9;-~]{1,255}$/.test(check.text(value, what))) throw check.refuse(what, "the name of a header field", value);
  return value;
}

/** Options of fetchMessages, or, with more keys and without changedSince, those of fetchPages. */
export function fetchOptions(value, { once = true, more = [] } = {}) {
  const given = check.options(value, [...PAGED, ...(once ? ONCE : []), ...more]);
  const macro = check.optional(given.macro, check.oneOf, "macro", Object.keys(MACROS));
  // Without a prototype: the engine, too, would read what was put there.
  const wanted = Object.assign(Object.create(null), MACROS[macro], { leftOut: [] });
  for (const name of SWITCHES) {
    const asked = check.optional(given[name], check.boolean, name);
    if (asked !== undefined) wanted[name] = asked;
  }
  for (const [name, members] of Object.entries(METADATA)) {
    if (check.optional(given[name], check.boolean, name) === false) wanted.leftOut.push(...members);
  }
  wanted.headers = check.optional(given.headers, texts, "headers", headerName) ?? [];
  wanted.sections = check.optional(given.sections, texts, "sections", (text, what) => check.text(text, what)) ?? [];
  wanted.changedSince = once ? check.optional(given.changedSince, check.modSeq, "changedSince") : undefined;
  wanted.signal = check.optionalSignal(given.signal);
  return wanted;
}

/** The number of a part, such as "1.2". */
export function partNumber(value, what = "the number of the part") {
  const numbers = check.text(value, what, { max: 512 }).split(".");
  const fits = (number) => /^[1-9]\d{0,9}$/.test(number) && Number(number) <= check.MAX_UINT32;
  if (!numbers.every(fits)) throw check.refuse(what, 'numbers from 1 on with dots between, such as "1.2"', value);
  return value;
}
