// The engine in two: a first module with the functions that showing a mailbox takes, and the rest, which joins
// it in its memory later. Here: the rewriting of the binary. Not here: which functions are the first
// (scripts/wasm-calls.mjs), and who loads what when (pkg/engine.js).
//
// Functions keep their numbers in both modules. One that is not in a module is a few octets there, which
// pass the call on through the table, where both have what the other calls; the first's ask for the rest before,
// if it has not come. Small functions are in both. The data is in the first, which also has what both share: memory,
// tables and globals.

import { KIND, SECTION, assembled, leb, list, listed, reader, sections, signedLeb, text } from "./wasm-binary.mjs";

/** The import, by how its name begins, that brings the rest at once (src/wasm/rest.rs). */
const BRING = "bringRest_";
/** Under this name the rest imports what the first exports. */
const FIRST = "first";
/** The first's global that is 1 when the rest is there. */
const JOINED = "joined";
/** Octets of a function's code up to which it is in both: passing its call on would cost as much as it. */
const SMALL = 160;

const I32 = 0x7f;
const OP = { if: 0x04, end: 0x0b, call: 0x10, callIndirect: 0x11, localGet: 0x20, globalGet: 0x23, i32Const: 0x41, i32Eqz: 0x45, i32Store8: 0x3a };
const NO_RESULT = 0x40;
const FUNC_TABLE = 0;

/** What the rewriting needs to know of a module as wasm-opt leaves it; throws where it is of another make. */
function understood(wasm) {
  const all = sections(wasm);
  const find = (id) => all.find((section) => section.id === id)?.content ?? Buffer.of(0);
  const types = listed(find(SECTION.types), (at) => {
    if (at.byte() !== 0x60) throw new Error("the wasm has a type that is no function's");
    const parameters = at.octets(at.number());
    return { parameters, results: at.octets(at.number()) };
  });
  const imports = listed(find(SECTION.imports), (at) => {
    const from = at.at();
    at.text();
    const name = at.text();
    if (at.byte() !== KIND.func) throw new Error(`the wasm imports ${name}, which is no function`);
    at.number();
    return { name, octets: at.since(from) };
  });
  const functions = listed(find(SECTION.functions), (at) => at.number());
  const tables = listed(find(SECTION.tables), (at) => ({ of: at.byte(), limits: limits(at) }));
  const memories = listed(find(SECTION.memories), limits);
  const globals = listed(find(SECTION.globals), (at) => {
    const from = at.at();
    const type = at.octets(2);
    if (type[0] !== I32 || at.byte() !== OP.i32Const) throw new Error("the wasm has a global that is no whole number");
    at.number();
    if (at.byte() !== OP.end) throw new Error("the wasm has a global that is computed");
    return { type, octets: at.since(from) };
  });
  const elements = listed(find(SECTION.elements), (at) => {
    if (at.number() !== 0 || at.byte() !== OP.i32Const) throw new Error("the wasm fills its table in a way this script does not know");
    const offset = at.number();
    if (at.byte() !== OP.end) throw new Error("the wasm computes where its table is filled");
    return { offset, functions: Array.from({ length: at.number() }, () => at.number()) };
  });
  const bodies = listed(find(SECTION.code), (at) => at.octets(at.number()));
  if (memories.length !== 1 || all.some(({ id }) => id === SECTION.start)) throw new Error("the wasm is not of the make this script knows");
  return { all, types, imports, functions, tables, memories, globals, elements, bodies };
}

function limits(at) {
  const flags = at.byte();
  if (flags > 1) throw new Error("the wasm has limits of a kind this script does not know");
  return { least: at.number(), most: flags === 1 ? at.number() : undefined };
}

const limitsOf = ({ least, most }) =>
  Buffer.concat(most === undefined ? [Buffer.of(0), leb(least)] : [Buffer.of(1), leb(least), leb(most)]);
const body = (octets) => Buffer.concat([leb(octets.length), octets]);
const segment = ({ offset, functions }) =>
  Buffer.concat([Buffer.of(0, OP.i32Const), signedLeb(offset), Buffer.of(OP.end), list(functions.map(leb))]);

/**
 * The wasm, marking each of its own functions that is called by a 1 in memory, from the address `marks` on;
 * and how many octets of code each of them has.
 */
export function marking(wasm) {
  const { all, memories, bodies } = understood(wasm);
  const [{ least, most }] = memories;
  const marks = least * 65_536;
  const more = Math.ceil(bodies.length / 65_536);
  const content = {
    [SECTION.memories]: list([limitsOf({ least: least + more, most: most && most + more })]),
    [SECTION.code]: list(
      bodies.map((code, index) => {
        const at = reader(code, 0);
        for (let groups = at.number(); groups > 0; groups -= 1) {
          at.number();
          at.byte();
        }
        const mark = Buffer.concat([Buffer.of(OP.i32Const), signedLeb(marks + index), Buffer.of(OP.i32Const, 1, OP.i32Store8, 0, 0)]);
        return body(Buffer.concat([code.subarray(0, at.at()), mark, code.subarray(at.at())]));
      }),
    ),
  };
  return { wasm: replaced(all, content), marks, octets: bodies.map(({ length }) => length) };
}

const replaced = (all, content) => assembled(all.map((section) => ({ id: section.id, content: content[section.id] ?? section.content })));

/**
 * Two modules of one. `isFirst` says of each of its own functions whether the first module has it, `calls` are
 * pairs of its own functions of which one calls the other.
 */
export function split(wasm, isFirst, calls) {
  const whole = understood(wasm);
  const { all, types, imports, functions, tables, memories, globals, elements, bodies } = whole;
  const bring = imports.findIndex(({ name }) => name.startsWith(BRING));
  if (bring < 0) throw new Error(`the wasm imports nothing whose name begins with ${BRING}`);
  const isBoth = (index) => isFirst[index] && bodies[index].length <= SMALL;
  const inFirst = (index) => isFirst[index];
  const inRest = (index) => !isFirst[index] || isBoth(index);

  const exports = listed(all.find(({ id }) => id === SECTION.exports).content, (at) => {
    const from = at.at();
    const name = at.text();
    const kind = at.byte();
    return { name, kind, index: at.number(), octets: at.since(from) };
  });

  // Where each function is in the table, that the other module calls: where it was, or behind all that was. The loader calls what is exported.
  const slots = new Map();
  for (const { offset, functions: held } of elements) held.forEach((number, at) => slots.set(number - imports.length, offset + at));
  const [{ limits: had }] = tables;
  const added = [];
  const slot = (index) => {
    if (slots.has(index)) return;
    slots.set(index, had.least + added.length);
    added.push(index);
  };
  for (const { kind, index } of exports) {
    if (kind === KIND.func && index >= imports.length && !inFirst(index - imports.length)) slot(index - imports.length);
  }
  for (const [from, to] of calls) {
    if ((inFirst(from) && !inFirst(to)) || (inRest(from) && !inRest(to))) slot(to);
  }
  const sized = { least: had.least + added.length, most: had.most && had.most + added.length };
  const table = ({ of, limits }, index) => Buffer.concat([Buffer.of(of), limitsOf(index === FUNC_TABLE ? sized : limits)]);

  const passedOn = (index, before) => {
    const place = slots.get(index);
    // Called by nobody in this module.
    if (place === undefined) return Buffer.of(0, 0, OP.end);
    const { parameters } = types[functions[index]];
    return Buffer.concat([
      Buffer.of(0),
      before,
      ...Array.from(parameters, (_, number) => Buffer.concat([Buffer.of(OP.localGet), leb(number)])),
      Buffer.concat([Buffer.of(OP.i32Const), signedLeb(place), Buffer.of(OP.callIndirect), leb(functions[index]), leb(FUNC_TABLE)]),
      Buffer.of(OP.end),
    ]);
  };
  const ask = Buffer.concat([
    Buffer.of(OP.globalGet),
    leb(globals.length),
    Buffer.of(OP.i32Eqz, OP.if, NO_RESULT, OP.call),
    leb(bring),
    Buffer.of(OP.end),
  ]);
  const nothing = Buffer.alloc(0);
  const code = (has, before) => list(bodies.map((own, index) => body(has(index) ? own : passedOn(index, before))));
  /** The elements of the table that are this module's own to give. */
  const given = (has) => {
    const runs = [];
    for (const [index, at] of [...slots].sort(([, one], [, other]) => one - other)) {
      if (!has(index)) continue;
      const last = runs.at(-1);
      if (last && last.offset + last.functions.length === at) last.functions.push(index + imports.length);
      else runs.push({ offset: at, functions: [index + imports.length] });
    }
    return runs.map(segment);
  };

  const exported = (name, kind, index) => Buffer.concat([text(name), Buffer.of(kind), leb(index)]);
  const shared = [
    ["memory", KIND.memory, 0, limitsOf(memories[0])],
    ...tables.map((each, index) => [`table${index}`, KIND.table, index, table(each, index)]),
    ...globals.map(({ type }, index) => [`global${index}`, KIND.global, index, type]),
  ];
  const names = new Set(exports.map(({ name }) => name));
  const joined = Buffer.concat([Buffer.of(I32, 1, OP.i32Const, 0, OP.end)]);

  const first = replaced(all, {
    [SECTION.tables]: list(tables.map(table)),
    [SECTION.globals]: list([...globals.map(({ octets }) => octets), joined]),
    [SECTION.exports]: list([
      ...exports.map(({ octets }) => octets),
      ...shared.filter(([name]) => !names.has(name)).map(([name, kind, index]) => exported(name, kind, index)),
      exported(JOINED, KIND.global, globals.length),
    ]),
    // All of what was in the table: what the first has not asks for the rest.
    [SECTION.elements]: list([...elements.map(segment), ...given((index) => inFirst(index) && slots.get(index) >= had.least)]),
    [SECTION.code]: code(inFirst, ask),
  });

  const left = new Set([SECTION.tables, SECTION.memories, SECTION.globals, SECTION.exports, SECTION.data, SECTION.dataCount]);
  const rest = replaced(
    all.filter(({ id }) => !left.has(id)),
    {
      [SECTION.imports]: list([
        ...imports.map(({ octets }) => octets),
        ...shared.map(([name, kind, , type]) => Buffer.concat([text(FIRST), text(name), Buffer.of(kind), type])),
      ]),
      [SECTION.elements]: list(given((index) => !isFirst[index])),
      [SECTION.code]: code(inRest, nothing),
    },
  );
  return { first, rest };
}
