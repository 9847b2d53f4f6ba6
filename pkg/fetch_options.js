// What fetchMessages can be asked for, checked. Not here: what it answers (fetched_message.js), nor what sections mean.

import * as check from "./arguments.js";
import { boolean } from "./arguments.js";
import { HEADER_NAME } from "./searchkeys.js";

/** Metadata is known anyway: to ask for it costs nothing, and only `false` does something. */
const METADATA = { flags: ["flags"], internalDate: ["internalDate", "zoneMinutes"], size: ["size"] };

/** RFC 9051 section 6.4.5. */
const MACROS = { FAST: {}, ALL: { envelope: true }, FULL: { envelope: true, bodyStructure: true } };

const MAX_LIST = 1000;

const textsOf = (each) => (value, what) =>
  check.list(value, what, `an array of at most ${MAX_LIST} strings`, each, { max: MAX_LIST });

function headerName(value, what) {
  if (!HEADER_NAME.test(check.text(value, what))) throw check.refuse(what, "the name of a header field", value);
  return value;
}

const PAGED = {
  envelope: boolean,
  rawEnvelope: boolean,
  bodyStructure: boolean,
  preview: boolean,
  text: boolean,
  html: boolean,
  attachments: boolean,
  source: boolean,
  setSeen: boolean,
  flags: boolean,
  internalDate: boolean,
  size: boolean,
  headers: textsOf(headerName),
  sections: textsOf((text, what) => check.text(text, what)),
  macro: (value, what) => check.oneOf(value, what, Object.keys(MACROS)),
  signal: check.signal,
};

/** Options of fetchMessages or fetchPages. */
export function fetchOptions(value, paged = false) {
  const more = paged ? { pageSize: check.within(1, 1000) } : { changedSince: check.modSeq };
  const given = check.members(value, { ...PAGED, ...more });
  const leftOut = Object.keys(METADATA).flatMap((name) => (given[name] === false ? METADATA[name] : []));
  // Without a prototype: the engine, too, would read what was put there.
  return Object.assign(Object.create(null), { headers: [], sections: [], leftOut }, MACROS[given.macro], given);
}

/** The number of a part, such as "1.2". */
export function partNumber(value, what = "the number of the part") {
  const numbers = check.text(value, what, { max: 512 }).split(".");
  const fits = (number) => /^[1-9]\d{0,9}$/.test(number) && Number(number) <= check.MAX_UINT32;
  if (!numbers.every(fits)) throw check.refuse(what, 'numbers from 1 on with dots between, such as "1.2"', value);
  return value;
}
