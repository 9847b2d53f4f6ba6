// The core of the packaging tests, which `make test` runs: what is in the tarball, and that it works,
// installed by npm elsewhere, in Node, bundled by esbuild, as a plain script under a strict
// Content-Security-Policy, and for TypeScript.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";

import { complaints, contents, minifiedSizes, oversizes, sizes } from "../../scripts/package.mjs";
import { STRICT_OFFLINE, closeBrowser, consumer, filesOf, reported, run, serve, tarball, unpack } from "./support/consumer.mjs";
import { everyEntry, main } from "./support/programs.mjs";
import { tool } from "./support/tools.mjs";
import { compiles } from "./support/typescript.mjs";

after(async () => {
  await closeBrowser();
  await unpack();
});

test("the tarball holds what it should, nothing of this machine, and has not grown", { timeout: 120_000 }, async () => {
  const file = await tarball();
  const files = contents(file);
  assert.deepEqual([...complaints(files), ...oversizes({ ...sizes(file, files), ...(await minifiedSizes(await tool("esbuild/lib/main.js", "core"))) })], []);
});

test("what does not belong into a tarball is complained of", async () => {
  const files = contents(await tarball());
  const home = Buffer.from(`// ${process.cwd()}/pkg\n//# sourceMappingURL=index.js.map\n`);
  const spoilt = new Map([...files, ["index.js.map", Buffer.from("{}")], ["tests/a.test.js", Buffer.from("")], ["version.js", home]]);
  spoilt.delete("slim.d.ts");
  const found = complaints(spoilt).join("\n");
  for (const part of ["index.js.map is of no kind", "a.test.js is for development", "names a map", "of the machine", "slim.d.ts, which is not there"]) {
    assert.ok(found.includes(part), `${part}: ${found}`);
  }
  assert.equal(oversizes({ tarball: 1e9 }).length > 0, true);
});

test("this Node imports every entry, changes no global, and stores mail", { timeout: 120_000 }, async (t) => {
  const root = await consumer(t, { fixtures: ["exercise.js"], files: { "main.js": everyEntry } });
  assert.equal((await run(process.execPath, ["main.js"], { cwd: root })).stdout.trim(), "OK OK OK");
});

test("the command line is installed, and answers", { timeout: 120_000 }, async (t) => {
  const root = await consumer(t);
  const program = path.join(root, "node_modules/.bin/offline-mailbox");
  const { version } = JSON.parse(contents(await tarball()).get("package.json").toString());
  assert.ok((await run(program, ["--version"], { cwd: root })).stdout.includes(version));
  assert.match((await run(program, ["--help"], { cwd: root })).stdout, /import.*export.*ls/s);
  await assert.rejects(run(program, ["frobnicate"], { cwd: root }), { message: /frobnicate/ });
});

test("a plain module script, no tool used, under the strict policy", { timeout: 120_000 }, async (t) => {
  const root = await consumer(t, {
    fixtures: ["exercise.js", "app"],
    files: { "main.js": main("./node_modules/offline-mailbox/index.js") },
  });
  const { address } = await serve(t, root);
  assert.equal(await reported(t, address), "OK");
});

test("esbuild: one file with the engine inside, which fetches nothing", { timeout: 120_000 }, async (t) => {
  const esbuild = await tool("esbuild/lib/main.js", "core");
  const root = await consumer(t, { fixtures: ["exercise.js", "app"], files: { "src.js": main("offline-mailbox/inline") } });
  const { warnings } = await esbuild.build({ entryPoints: [path.join(root, "src.js")], outfile: path.join(root, "out/main.js"), bundle: true, format: "iife", minify: true, logLevel: "silent" });
  assert.deepEqual(warnings.map(({ text }) => text), []);
  assert.deepEqual(await filesOf(path.join(root, "out")), ["main.js"]);
  await run("cp", ["index.html", "out/"], { cwd: root });
  const { address } = await serve(t, path.join(root, "out"), { policy: STRICT_OFFLINE });
  assert.equal(await reported(t, address), "OK");
});

test("TypeScript, nodenext, strict, ES2022 only, libraries checked", { timeout: 120_000 }, async (t) => {
  await compiles(t, { compiler: "ours", module: "nodenext", lib: ["ES2022"] });
});
