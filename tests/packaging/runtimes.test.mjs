// The installed package in the programs that run JavaScript without a browser.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";

import { consumer, run, unpack } from "./support/consumer.mjs";
import { everyEntry } from "./support/programs.mjs";
import { runtimes, tool } from "./support/tools.mjs";

after(unpack);

const folder = await runtimes();
const skip = folder === undefined && "the runtimes are there for Linux on x64 only";
const binary = (name) => path.join(folder, "node_modules", name);
const RUNTIMES = {
  "this Node": () => [process.execPath],
  "Node 22": () => [binary("node22/bin/node")],
  "Node 24": () => [binary("node24/bin/node")],
  Deno: () => [binary("@deno/linux-x64-glibc/deno"), "run", "--allow-read", "--allow-env", "--no-prompt", "--node-modules-dir=manual", "--no-lock", "--cached-only"],
  Bun: () => [binary("@oven/bun-linux-x64/bin/bun"), "run"],
};

for (const [name, command] of Object.entries(RUNTIMES)) {
  const unavailable = name === "this Node" ? false : skip;
  for (const first of ["main", "slim", "inline"]) {
    test(`${name}: every entry, the engine from ${first}`, { skip: unavailable, timeout: 120_000 }, async (t) => {
      const root = await consumer(t, { fixtures: ["exercise.js"], files: { "main.js": everyEntry } });
      const [program, ...args] = command();
      assert.equal((await run(program, [...args, "main.js", first], { cwd: root })).stdout.trim(), "OK OK OK");
    });
  }
}

for (const name of ["Node 22", "Node 24"]) {
  test(`${name}: mail is kept in a file, nothing configured`, { skip, timeout: 120_000 }, async (t) => {
    const program = 'import * as mailbox from "offline-mailbox"; import { exercise } from "./exercise.js"; console.log(mailbox.backends.default, await exercise(mailbox, { directory: "mail" }));';
    const root = await consumer(t, { fixtures: ["exercise.js"], files: { "main.js": program } });
    const [command] = RUNTIMES[name]();
    assert.equal((await run(command, ["main.js"], { cwd: root })).stdout.trim(), "sqlite OK");
  });
}

for (const name of ["Node 22", "Node 24"]) {
  test(`${name}: the installed command line takes in a mailbox file and shows it`, { skip, timeout: 120_000 }, async (t) => {
    const mbox = "From grace@example.org Mon Jan  1 10:00:00 2024\nFrom: Grace <grace@example.org>\nSubject: Tea?\n\nAt five.\n";
    const root = await consumer(t, { files: { "sample.mbox": mbox } });
    const [command] = RUNTIMES[name]();
    const program = path.join(root, "node_modules/offline-mailbox/cli/main.js");
    const ask = async (...args) => (await run(command, [program, ...args, "--owner", "ada@example.org", "--directory", "mail", "--json"], { cwd: root })).stdout;
    await ask("import", "sample.mbox");
    assert.match(await ask("ls", "INBOX"), /"subject":"Tea\?"/);
  });
}

/** A component that a server renders: the package is imported there, and only used in the browser. */
const RENDER = `
import * as mailbox from "offline-mailbox";
import { exercise } from "./exercise.js";
if (typeof window !== "undefined" || typeof document !== "undefined") throw new Error("this is no server");
export const render = () => "<p>" + typeof mailbox.openSession + "</p>";
export const use = () => exercise(mailbox, { backend: "memory" });
`;

for (const bundled of [false, true]) {
  test(`Vite's build for a server imports it without globals${bundled ? ", bundled" : ""}`, { timeout: 180_000 }, async (t) => {
    const vite = await tool("vite/dist/node/index.js");
    const root = await consumer(t, { fixtures: ["exercise.js"], files: { "render.js": RENDER } });
    await vite.build({
      root,
      configFile: false,
      logLevel: "error",
      build: { ssr: "render.js", outDir: "server" },
      ssr: bundled ? { noExternal: true } : {},
    });
    const program = 'const { render, use } = await import("./server/render.js"); console.log(render()); console.log(await use().catch((error) => `${error.code} ${error.message}`));';
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: root });
    const [rendered, used] = stdout.trim().split("\n");
    assert.equal(rendered, "<p>function</p>");
    // Vite copies no assets for servers: bundled, the engine is to be given, and the error says so.
    if (bundled) assert.match(used, /^UNAVAILABLE .*offline-mailbox\/inline/);
    else assert.equal(used, "OK");
  });
}
