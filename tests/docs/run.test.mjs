// Every block of JavaScript and TypeScript that is not marked `no-run` runs in Node, and prints
// what it says: the comment behind `console.log(…);` is what that must print.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

import { ROOT, allBlocks, freshFolder, nameOf, padded, write } from "./support/blocks.mjs";

execFileSync("bash", [path.join(ROOT, "scripts/docs.sh"), "tools"], { stdio: ["ignore", "ignore", "inherit"] });
const typescript = createRequire(path.join(ROOT, "docs/"))("typescript");
const folder = freshFolder("run");
write(folder, "package.json", '{ "type": "module" }');
copyFileSync(path.join(import.meta.dirname, "support/stage.mjs"), path.join(folder, "stage.mjs"));
const { stage } = await import(pathToFileURL(path.join(folder, "stage.mjs")).href);

const runnable = allBlocks().filter(({ language, info }) => /^(js|ts)$/.test(language) && !info.includes("no-run"));
assert.ok(runnable.length > 20, `only ${runnable.length} blocks are run`);

const ES2022 = { target: "ES2022", module: "ESNext", verbatimModuleSyntax: false };
const expectedOf = (code) => [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text.trim());

for (const block of runnable) {
  test(`${block.source}, line ${block.line}`, { timeout: 60_000 }, async () => {
    const code = typescript.transpileModule(padded(block), { compilerOptions: ES2022, fileName: `${nameOf(block)}.ts` }).outputText;
    const name = `${nameOf(block)}.js`;
    write(folder, name, code);
    const follows = /\.changes\(/.test(block.code);
    const { reason, clear } = await stage({ abortSoon: follows });
    const printed = [];
    const { log } = console;
    console.log = (...what) => printed.push(format(...what));
    try {
      await import(pathToFileURL(path.join(folder, name)).href);
    } catch (error) {
      // Who follows changes for ever ends so.
      if (!(follows && error === reason)) throw error;
    } finally {
      console.log = log;
      await clear();
    }
    assert.deepEqual(printed, expectedOf(block.code));
  });
}
