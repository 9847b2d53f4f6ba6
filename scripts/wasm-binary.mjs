// A wasm's binary form as far as the build rewrites it: sections, and what is in them. Not here: what is
// rewritten (scripts/wasm-names.mjs, scripts/wasm-split.mjs).

export const SECTION = { custom: 0, types: 1, imports: 2, functions: 3, tables: 4, memories: 5, globals: 6, exports: 7, start: 8, elements: 9, code: 10, data: 11, dataCount: 12 };
export const KIND = { func: 0, table: 1, memory: 2, global: 3 };

/** The sections in order, each with its number and its content. */
export function sections(wasm) {
  const all = [];
  const at = reader(wasm, 8);
  while (at.at() < wasm.length) {
    const id = at.byte();
    const content = at.octets(at.number());
    all.push({ id, content });
  }
  return all;
}

/** The reverse. */
export function assembled(all) {
  const header = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  return Buffer.concat([header, ...all.flatMap(({ id, content }) => [Buffer.of(id), leb(content.length), content])]);
}

/** The parts of a section that is a list, by a function that reads one of them. */
export function listed(content, readOne) {
  const at = reader(content, 0);
  const all = Array.from({ length: at.number() }, () => readOne(at));
  if (at.at() !== content.length) throw new Error("a section of the wasm holds what this script does not know");
  return all;
}

/** The reverse, of parts as octets. */
export const list = (parts) => Buffer.concat([leb(parts.length), ...parts]);

export function reader(bytes, start) {
  let at = start;
  return {
    at: () => at,
    byte: () => bytes[at++],
    since: (from) => bytes.subarray(from, at),
    octets(length) {
      at += length;
      return bytes.subarray(at - length, at);
    },
    number() {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      }
    },
    text() {
      return Buffer.from(this.octets(this.number())).toString("utf8");
    },
  };
}

/** A whole number from 0, as LEB128. */
export function leb(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.of(...bytes, value);
}

/** As LEB128 of a signed number, which a constant in code is. */
export function signedLeb(value) {
  const bytes = [];
  for (; value >= 0x40; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.of(...bytes, value);
}

export function text(name) {
  const bytes = Buffer.from(name, "utf8");
  return Buffer.concat([leb(bytes.length), bytes]);
}
