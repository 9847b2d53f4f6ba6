// Applications that bundle the installed package: they are built, served under the strict
// Content-Security-Policy, and driven in Chromium.

import assert from "node:assert/strict";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";

import { STRICT_OFFLINE, closeBrowser, consumer, filesOf, reported, serve, unpack } from "./support/consumer.mjs";
import { engineInWorker, inWorker, main, workerPage } from "./support/programs.mjs";
import { tool } from "./support/tools.mjs";

after(async () => {
  await closeBrowser();
  await unpack();
});
const limits = { timeout: 240_000 };
const WASM = "offline-mailbox/offline_mailbox.wasm";

const project = (t, files, more = {}) => consumer(t, { fixtures: ["exercise.js", "app"], files, ...more });
const wasmsIn = async (folder) => (await filesOf(folder)).filter((name) => name.endsWith(".wasm"));

async function works(t, folder, policy) {
  for (const name of (await filesOf(folder)).filter((each) => each.endsWith(".js"))) {
    assert.doesNotMatch(await readFile(path.join(folder, name), "utf8"), /PRAGMA/, "the store in a file is not for browsers");
  }
  const { address } = await serve(t, folder, { policy });
  assert.equal(await reported(t, address), "OK");
}

// Vite

const vite = (release = "vite") => tool(`${release}/dist/node/index.js`);

async function viteBuild(root, more = {}) {
  const { build } = await vite();
  await build({ root, configFile: false, logLevel: "warn", ...more });
  return path.join(root, "dist");
}

async function viteDev(t, root, more = {}, release = "vite") {
  const { createServer } = await vite(release);
  const server = await createServer({ root, configFile: false, logLevel: "error", server: { host: "127.0.0.1", port: 0, strictPort: false }, ...more });
  t.after(() => server.close());
  await server.listen();
  return `http://127.0.0.1:${server.httpServer.address().port}/`;
}

test("Vite's build, nothing configured: the wasm in two parts", limits, async (t) => {
  const dist = await viteBuild(await project(t, { "main.js": main() }));
  assert.equal((await wasmsIn(dist)).length, 2);
  assert.equal((await filesOf(dist)).length, 5, "the page, a script, the wasm in two parts, and the script of a worker");
  await works(t, dist);
});

test("Vite's build of slim with an address: exactly one wasm", limits, async (t) => {
  const program = main("offline-mailbox/slim", { imports: `import address from "${WASM}?url";`, wasm: "address" });
  const dist = await viteBuild(await project(t, { "main.js": program }));
  assert.equal((await wasmsIn(dist)).length, 1);
  await works(t, dist);
});

test("Vite's build of slim alone: no wasm, and the error says what is missing", limits, async (t) => {
  const dist = await viteBuild(await project(t, { "main.js": main("offline-mailbox/slim") }));
  assert.deepEqual(await wasmsIn(dist), []);
  const { address } = await serve(t, dist);
  assert.match(await reported(t, address), /^FAILED INVALID_ARGUMENT .*pass offline_mailbox_bg\.wasm/);
});

test("Vite's build of inline: no wasm, nothing fetched", limits, async (t) => {
  const dist = await viteBuild(await project(t, { "main.js": main("offline-mailbox/inline") }));
  assert.deepEqual(await wasmsIn(dist), []);
  await works(t, dist, STRICT_OFFLINE);
});

test("Vite's build for a folder below the site's root", limits, async (t) => {
  const root = await project(t, { "main.js": main() });
  await viteBuild(root, { base: "./", build: { outDir: "site/deep/down" } });
  const { address } = await serve(t, path.join(root, "site"));
  assert.equal(await reported(t, `${address}deep/down/`), "OK");
});

for (const format of ["es", "iife"]) {
  test(`Vite's build with a worker, format ${format}`, limits, async (t) => {
    const page = workerPage('new Worker(new URL("./worker.js", import.meta.url), { type: "module" })');
    const root = await project(t, { "main.js": page, "worker.js": inWorker() });
    const dist = await viteBuild(root, { worker: { format } });
    assert.equal((await wasmsIn(dist)).length, 2);
    await works(t, dist);
  });
}

test("Vite's build, the engine in the package's own worker: the wasm in two parts", limits, async (t) => {
  const dist = await viteBuild(await project(t, { "main.js": engineInWorker() }));
  assert.equal((await wasmsIn(dist)).length, 2);
  await works(t, dist);
});

const LEFT_ALONE = { optimizeDeps: { exclude: ["offline-mailbox"] } };
for (const [name, config, program] of [
  ["nothing configured", {}, main()],
  ["left out of the optimiser", LEFT_ALONE, main()],
  ["slim with an address", {}, main("offline-mailbox/slim", { imports: `import address from "${WASM}?url";`, wasm: "address" })],
  ["inline", {}, main("offline-mailbox/inline")],
  ["the engine in the package's own worker", {}, engineInWorker()],
  ["the engine in the package's own worker, left out of the optimiser", LEFT_ALONE, engineInWorker()],
]) {
  for (const release of ["vite", "vite7"]) {
    test(`The development server of ${release}: ${name}`, limits, async (t) => {
      const root = await project(t, { "main.js": program });
      assert.equal(await reported(t, await viteDev(t, root, config, release)), "OK");
    });
  }
}

test("Vite's development server with a worker, nothing configured", limits, async (t) => {
  const page = workerPage('new Worker(new URL("./worker.js", import.meta.url), { type: "module" })');
  const root = await project(t, { "main.js": page, "worker.js": inWorker() });
  assert.equal(await reported(t, await viteDev(t, root)), "OK");
});

// webpack

async function webpackBuild(root, more = {}) {
  const { default: webpack } = await tool("webpack/lib/index.js");
  const compiler = webpack({ context: root, mode: "production", entry: "./main.js", output: { path: path.join(root, "dist") }, performance: false, ...more });
  const stats = await new Promise((resolve, reject) => compiler.run((error, result) => (error ? reject(error) : resolve(result))));
  await new Promise((resolve) => compiler.close(resolve));
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  assert.deepEqual([...errors, ...warnings].map(({ message }) => message), []);
  return path.join(root, "dist");
}
const CLASSIC_PAGE = '<!doctype html><meta charset="utf-8"><title>waiting</title><script defer src="main.js"></script>';

test("webpack, nothing configured: the wasm in two parts, no warning", limits, async (t) => {
  const root = await project(t, { "main.js": main(), "dist/index.html": CLASSIC_PAGE });
  const dist = await webpackBuild(root);
  assert.equal((await wasmsIn(dist)).length, 2);
  assert.equal((await filesOf(dist)).filter((name) => name.endsWith(".js")).length, 2, "the page's, and a worker's");
  await works(t, dist);
});

test("webpack, the engine in the package's own worker: the wasm in two parts", limits, async (t) => {
  const dist = await webpackBuild(await project(t, { "main.js": engineInWorker(), "dist/index.html": CLASSIC_PAGE }));
  assert.equal((await wasmsIn(dist)).length, 2);
  await works(t, dist);
});

test("webpack with a worker", limits, async (t) => {
  const page = workerPage('new Worker(new URL("./worker.js", import.meta.url))');
  const root = await project(t, { "main.js": page, "worker.js": inWorker(), "dist/index.html": CLASSIC_PAGE });
  const dist = await webpackBuild(root);
  assert.equal((await wasmsIn(dist)).length, 2);
  await works(t, dist);
});

test("webpack, slim: the asset's address", limits, async (t) => {
  const program = main("offline-mailbox/slim", { wasm: `new URL("${WASM}", import.meta.url)` });
  const dist = await webpackBuild(await project(t, { "main.js": program, "dist/index.html": CLASSIC_PAGE }));
  assert.equal((await wasmsIn(dist)).length, 1);
  await works(t, dist);
});

test("webpack, inline: no wasm, nothing fetched", limits, async (t) => {
  const dist = await webpackBuild(await project(t, { "main.js": main("offline-mailbox/inline"), "dist/index.html": CLASSIC_PAGE }));
  assert.deepEqual(await wasmsIn(dist), []);
  await works(t, dist, STRICT_OFFLINE);
});

// esbuild

async function esbuild(root, more = {}) {
  const { build } = await tool("esbuild/lib/main.js", "core");
  const dist = path.join(root, "dist");
  const { warnings } = await build({ absWorkingDir: root, entryPoints: ["main.js"], outdir: dist, bundle: true, format: "esm", logLevel: "silent", ...more });
  await copyFile(path.join(root, "index.html"), path.join(dist, "index.html"));
  return { dist, warnings: warnings.map(({ text }) => text) };
}
async function copyWasm(root, dist) {
  await mkdir(path.join(dist, "wasm"), { recursive: true });
  await copyFile(path.join(root, "node_modules/offline-mailbox/wasm/offline_mailbox_bg.wasm"), path.join(dist, "wasm/offline_mailbox_bg.wasm"));
}

test("esbuild, the wasm copied beside the bundle", limits, async (t) => {
  const root = await project(t, { "main.js": main() });
  const { dist, warnings } = await esbuild(root);
  assert.deepEqual(warnings, []);
  await copyWasm(root, dist);
  await works(t, dist);
});

test("esbuild, the worker as an entry of its own beside the page's", limits, async (t) => {
  const root = await project(t, { "main.js": engineInWorker() });
  const { dist, warnings } = await esbuild(root, { entryPoints: [{ in: "main.js", out: "main" }, { in: "offline-mailbox/worker", out: "worker" }] });
  assert.deepEqual(warnings, []);
  await copyWasm(root, dist);
  await works(t, dist);
});

test("esbuild, the wasm forgotten: the error says what to do", limits, async (t) => {
  const { dist } = await esbuild(await project(t, { "main.js": main() }));
  const { address } = await serve(t, dist);
  assert.match(await reported(t, address), /^FAILED UNAVAILABLE .*offline_mailbox_first\.wasm answered 404.*offline-mailbox\/inline/);
});

test("esbuild, slim with the loader for files", limits, async (t) => {
  const program = main("offline-mailbox/slim", { imports: `import address from "${WASM}";`, wasm: "address" });
  const { dist, warnings } = await esbuild(await project(t, { "main.js": program }), { loader: { ".wasm": "file" }, minify: true });
  assert.deepEqual(warnings, []);
  assert.equal((await wasmsIn(dist)).length, 1);
  await works(t, dist);
});

test("esbuild, an old format without addresses: the error says what to do", limits, async (t) => {
  const { dist } = await esbuild(await project(t, { "main.js": main() }), { format: "iife" });
  const { address } = await serve(t, dist);
  assert.match(await reported(t, address), /^FAILED UNAVAILABLE .*does not know its own address.*offline-mailbox\/inline/);
});

test("what an application does not use is not in its bundle", limits, async (t) => {
  const { build } = await tool("esbuild/lib/main.js", "core");
  const root = await project(t, { "main.js": 'import { MailboxError, openSession } from "offline-mailbox"; document.title = new MailboxError("LIMIT", "x").code;' });
  const { outputFiles } = await build({ absWorkingDir: root, entryPoints: ["main.js"], bundle: true, write: false, minify: true, format: "esm", logLevel: "silent" });
  assert.ok(outputFiles[0].text.length < 8000, `${outputFiles[0].text.length} characters`);
});

// Rollup

async function rollupBuild(root, more = [], input = path.join(root, "main.js")) {
  const { rollup } = await tool("rollup/dist/rollup.js").then((module) => module.default ?? module);
  const { nodeResolve } = await tool("@rollup/plugin-node-resolve/dist/es/index.js");
  const warnings = [];
  const bundle = await rollup({ input, plugins: [nodeResolve({ browser: true }), ...more], onwarn: ({ message }) => warnings.push(message) });
  const dist = path.join(root, "dist");
  await bundle.write({ dir: dist, format: "es" });
  await bundle.close();
  await copyFile(path.join(root, "index.html"), path.join(dist, "index.html"));
  assert.deepEqual(warnings, []);
  return dist;
}

test("Rollup with the plugin for assets: the wasm in two parts", limits, async (t) => {
  const { importMetaAssets } = await tool("@web/rollup-plugin-import-meta-assets/index.mjs");
  const dist = await rollupBuild(await project(t, { "main.js": main() }), [importMetaAssets()]);
  assert.equal((await wasmsIn(dist)).length, 2);
  await works(t, dist);
});

test("Rollup, the wasm copied beside the bundle", limits, async (t) => {
  const root = await project(t, { "main.js": main() });
  const dist = await rollupBuild(root);
  await copyWasm(root, dist);
  await works(t, dist);
});

test("Rollup, the worker as an entry of its own beside the page's", limits, async (t) => {
  const root = await project(t, { "main.js": engineInWorker() });
  const worker = path.join(root, "node_modules/offline-mailbox/worker.js");
  const dist = await rollupBuild(root, [], { main: path.join(root, "main.js"), worker });
  await copyWasm(root, dist);
  await works(t, dist);
});

test("Rollup, inline: no wasm, nothing fetched", limits, async (t) => {
  const dist = await rollupBuild(await project(t, { "main.js": main("offline-mailbox/inline") }));
  assert.deepEqual(await wasmsIn(dist), []);
  await works(t, dist, STRICT_OFFLINE);
});
