// Every block of code in the guides and READMEs compiles, strictly: JavaScript, TypeScript, JSX and
// Vue by vue-tsc, Svelte by svelte-check, as docs/package-lock.json pins them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";

import { ROOT, allBlocks, blocksOf, freshFolder, nameOf, padded, write } from "./support/blocks.mjs";

const execute = (command, args) =>
  new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, timeout: 180_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
const bin = (name) => path.join(ROOT, "docs/node_modules", name);

const OPTIONS = {
  target: "ES2022",
  module: "ESNext",
  moduleResolution: "bundler",
  lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
  types: ["node"],
  jsx: "react-jsx",
  strict: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  // The tools' own types are theirs to mind; tests/types looks at ours.
  skipLibCheck: true,
};

/** Writes blocks, those that others import under their own names, with a tsconfig into a folder of their own. */
function lay(name, blocks) {
  const folder = freshFolder(name);
  for (const block of blocks) {
    const module = /^\s*(import|export)\b/m.test(block.code) || /^(vue|svelte)$/.test(block.language);
    write(folder, block.file ?? `${nameOf(block)}.${block.language}`, padded(block) + (module ? "" : "export {};\n"));
  }
  for (const file of ["ambient.d.ts", "modules.d.ts"]) copyFileSync(path.join(import.meta.dirname, "support", file), path.join(folder, file));
  write(folder, "tsconfig.json", JSON.stringify({ compilerOptions: OPTIONS, include: ["*"], exclude: ["node_modules"] }));
  return folder;
}

before(async () => {
  const { code, output } = await execute("bash", ["scripts/docs.sh", "tools"]);
  assert.equal(code, 0, output);
});

const blocks = allBlocks();
const svelte = blocks.filter(({ language }) => language === "svelte");
const named = blocks.filter(({ file }) => file !== undefined);
const others = blocks.filter(({ language }) => language !== "svelte");

test(`${others.length} blocks of JavaScript, TypeScript, JSX and Vue compile`, async () => {
  for (const language of ["js", "ts", "tsx", "vue"]) assert.ok(others.some((block) => block.language === language), `no ${language}`);
  const folder = lay("compiled", others);
  const { code, output } = await execute(process.execPath, [bin("vue-tsc/bin/vue-tsc.js"), "-p", folder, "--pretty", "false"]);
  assert.equal(code, 0, output);
});

test(`${svelte.length} blocks of Svelte compile`, async () => {
  assert.ok(svelte.length > 0);
  const folder = lay("compiled-svelte", [...svelte, ...named]);
  const { code, output } = await execute(process.execPath, [
    bin("svelte-check/bin/svelte-check"), "--workspace", folder, "--tsconfig", path.join(folder, "tsconfig.json"),
    "--fail-on-warnings", "--output", "machine",
  ]);
  assert.equal(code, 0, output);
});

test("a block that is wrong is noticed, with its line", async () => {
  const wrong = blocksOf("wrong.md", 'text\n\n```js\nimport { openSession } from "offline-mailbox";\nawait openSession({ ownr: "a" });\n```\n');
  const folder = lay("compiled-wrong", wrong);
  const { code, output } = await execute(process.execPath, [bin("typescript/bin/tsc"), "-p", folder, "--pretty", "false"]);
  assert.notEqual(code, 0);
  assert.match(output, /wrong-L3\.js\(5,\d+\): error TS2561/);
});
