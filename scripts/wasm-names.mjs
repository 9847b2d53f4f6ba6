// Short names for what a wasm imports and exports. Not here: the loader, which has to use the same names
// (scripts/wasm-modules.mjs).

import { KIND, SECTION, assembled, list, listed, sections, text } from "./wasm-binary.mjs";

/**
 * A wasm with every imported and exported name replaced, but for `memory`, which is short and spoken of in
 * tools; and what each has become.
 */
export function renamed(wasm) {
  const names = new Map();
  const all = sections(wasm).map(({ id, content }) => {
    if (id === SECTION.imports) return { id, content: imports(content, names) };
    if (id === SECTION.exports) return { id, content: exports(content, names) };
    return { id, content };
  });
  return { wasm: assembled(all), names };
}

function imports(content, names) {
  let index = 0;
  return list(
    listed(content, (at) => {
      const module = text(at.text());
      const name = at.text();
      // Still said is what it calls, which tests and stack traces look for.
      const called = name.replace(/^__wbg_(?:__wbindgen_)?|^__wbindgen_/, "").replace(/_[0-9a-f]{16}$/, "");
      const short = give(names, name, "import", `${called}_${(index++).toString(36)}`);
      const from = at.at();
      if (at.byte() !== KIND.func) throw new Error(`the wasm imports ${name}, which is no function`);
      at.number();
      return Buffer.concat([module, text(short), at.since(from)]);
    }),
  );
}

function exports(content, names) {
  let index = 0;
  return list(
    listed(content, (at) => {
      const name = at.text();
      const position = index++;
      const short = name === "memory" ? name : give(names, name, "export", `e${position.toString(36)}`);
      const from = at.at();
      at.byte();
      at.number();
      return Buffer.concat([text(short), at.since(from)]);
    }),
  );
}

function give(names, name, kind, to) {
  if (names.has(name)) throw new Error(`the wasm names ${name} twice`);
  names.set(name, { kind, to });
  return to;
}
