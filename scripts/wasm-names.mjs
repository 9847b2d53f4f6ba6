// Short names for what a wasm imports and exports. Here: reading and writing these two sections of the
// binary. Not here: the loader, which has to use the same names (scripts/wasm-modules.mjs).

const IMPORTS = 2;
const EXPORTS = 7;

/**
 * A wasm with every imported and exported name replaced, but for `memory`, which is short and spoken of in
 * tools; and what each has become.
 */
export function renamed(wasm) {
  const names = new Map();
  const out = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const section = reader(wasm, at + 1);
    const size = section.number();
    const end = section.at() + size;
    if (id === IMPORTS || id === EXPORTS) {
      const content = id === IMPORTS ? imports(section, names) : exports(section, names);
      if (section.at() !== end) throw new Error(`section ${id} of the wasm holds what this script does not know`);
      out.push(Uint8Array.of(id), leb(content.length), content);
    } else {
      out.push(wasm.subarray(at, end));
    }
    at = end;
  }
  return { wasm: Buffer.concat(out), names };
}

function imports(section, names) {
  const count = section.number();
  const out = [leb(count)];
  for (let index = 0; index < count; index++) {
    out.push(text(section.text()));
    const name = section.text();
    // Still said is what it calls, which tests and stack traces look for.
    const called = name.replace(/^__wbg_(?:__wbindgen_)?|^__wbindgen_/, "").replace(/_[0-9a-f]{16}$/, "");
    out.push(text(give(names, name, "import", `${called}_${index.toString(36)}`)));
    const from = section.at();
    const kind = section.byte();
    if (kind !== 0) throw new Error(`the wasm imports ${name}, which is no function`);
    section.number();
    out.push(section.since(from));
  }
  return Buffer.concat(out);
}

function exports(section, names) {
  const count = section.number();
  const out = [leb(count)];
  for (let index = 0; index < count; index++) {
    const name = section.text();
    out.push(text(name === "memory" ? name : give(names, name, "export", `e${index.toString(36)}`)));
    const from = section.at();
    section.byte();
    section.number();
    out.push(section.since(from));
  }
  return Buffer.concat(out);
}

function give(names, name, kind, to) {
  if (names.has(name)) throw new Error(`the wasm names ${name} twice`);
  names.set(name, { kind, to });
  return to;
}

function reader(bytes, start) {
  let at = start;
  return {
    at: () => at,
    byte: () => bytes[at++],
    since: (from) => bytes.subarray(from, at),
    number() {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      }
    },
    text() {
      const length = this.number();
      at += length;
      return Buffer.from(bytes.subarray(at - length, at)).toString("utf8");
    },
  };
}

function leb(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.of(...bytes, value);
}

function text(name) {
  const bytes = Buffer.from(name, "utf8");
  return Buffer.concat([leb(bytes.length), bytes]);
}
