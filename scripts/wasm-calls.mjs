// Which functions of the engine showing a mailbox takes, and which call which: what its first part is made by.
// Found out by doing it, in Node over an IndexedDB in memory. Not here: what is shown (scripts/first-list.mjs), the
// cut (scripts/wasm-split.mjs).

import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { marking } from "./wasm-split.mjs";

const SHOWS = fileURLToPath(new URL("first-list.mjs", import.meta.url));
/** Octets of code up to which what is called by what was called is taken for called as well: branches of odd data. */
const NEAR = 300;
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"].map((name) => `--enable-${name}`);

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: 120_000, maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
  return stdout;
}

/**
 * Of a wasm as wasm-opt leaves it, without names: for each of its own functions, by its number among them,
 * whether showing a mailbox called it; and pairs of which one calls the other.
 */
export async function firstCalls(wasm) {
  const folder = await mkdtemp(path.join(tmpdir(), "offline-mailbox-calls-"));
  try {
    const { wasm: marked, marks, octets } = marking(wasm);
    const functions = octets.length;
    const [plainFile, markedFile, calledFile] = ["plain.wasm", "marked.wasm", "called"].map((name) => path.join(folder, name));
    await writeFile(plainFile, wasm);
    await writeFile(markedFile, marked);
    run(process.execPath, [SHOWS, markedFile, String(marks), String(functions), calledFile]);
    const called = [...(await readFile(calledFile))].map((mark) => mark === 1);
    const graph = run("wasm-opt", [...FEATURES, "--print-call-graph", plainFile, "-o", path.join(folder, "again.wasm")]);
    const calls = [...graph.matchAll(/^ *"(\d+)" -> "(\d+)"/gm)].map(([, from, to]) => [Number(from), Number(to)]);
    if (called.length !== functions || calls.length === 0 || calls.some((pair) => pair.some((index) => index >= functions))) {
      throw new Error("the functions of the wasm are numbered otherwise than this script thinks");
    }
    const isFirst = [...called];
    for (const [from, to] of calls) isFirst[to] ||= called[from] && octets[to] <= NEAR;
    return [isFirst, calls];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A wasm without what nothing in it uses. */
export async function swept(wasm) {
  const folder = await mkdtemp(path.join(tmpdir(), "offline-mailbox-swept-"));
  try {
    const file = path.join(folder, "it.wasm");
    await writeFile(file, wasm);
    run("wasm-opt", [...FEATURES, "--remove-unused-module-elements", "--remove-unused-types", file, "-o", file]);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
