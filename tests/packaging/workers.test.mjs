// The installed package in workers, without any tool: the files as npm laid them down, under the strict
// Content-Security-Policy; and a service worker in one file.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";

import { STRICT_OFFLINE, closeBrowser, consumer, reported, serve, unpack } from "./support/consumer.mjs";
import { engineInWorker, inWorker, workerPage } from "./support/programs.mjs";
import { tool } from "./support/tools.mjs";

after(async () => {
  await closeBrowser();
  await unpack();
});
const limits = { timeout: 180_000 };
const INSTALLED = "./node_modules/offline-mailbox/index.js";

async function works(t, files, policy) {
  const root = await consumer(t, { fixtures: ["exercise.js", "app"], files });
  const { address } = await serve(t, root, { policy });
  assert.equal(await reported(t, address), "OK");
}

test("a page with the engine in the package's own worker", limits, async (t) => {
  await works(t, { "main.js": engineInWorker(INSTALLED) });
});

test("a module worker", limits, async (t) => {
  await works(t, { "main.js": workerPage('new Worker("./worker.js", { type: "module" })'), "worker.js": inWorker(INSTALLED) });
});

test("a shared worker", limits, async (t) => {
  const page = workerPage('new SharedWorker("./worker.js", { type: "module" }).port');
  const worker = `const port = new Promise((resolve) => (onconnect = ({ ports }) => resolve(ports[0])));
    const postMessage = async (said) => (await port).postMessage(said);
    ${inWorker(INSTALLED).replace(/^import .*$/gm, "")}`;
  const imports = inWorker(INSTALLED).match(/^import .*$/gm).join("\n");
  await works(t, { "main.js": page, "worker.js": `${imports}\n${worker}` });
});

/** The page of a service worker: it waits until that is active, and asks it. */
const servicePage = (options) => `
import { tell } from "./exercise.js";
const asked = async () => {
  await navigator.serviceWorker.register("./service-worker.js", ${options});
  const { active } = await navigator.serviceWorker.ready;
  return new Promise((resolve) => {
    navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
    navigator.serviceWorker.startMessages();
    active.postMessage("go");
  });
};
tell(asked());
`;
const service = (entry) => `
import * as mailbox from ${JSON.stringify(entry)};
import { exercise } from "./exercise.js";
addEventListener("message", (event) => {
  const answer = (said) => event.source.postMessage(said);
  event.waitUntil(exercise(mailbox).then(answer, (error) => answer("FAILED " + (error.stack ?? error))));
});
`;

test("a service worker, as a module", limits, async (t) => {
  await works(t, { "main.js": servicePage('{ type: "module" }'), "service-worker.js": service(INSTALLED) });
});

test("a service worker in one classic file, the engine inside", limits, async (t) => {
  const { build } = await tool("esbuild/lib/main.js", "core");
  const root = await consumer(t, { fixtures: ["exercise.js", "app"], files: { "main.js": servicePage("{}"), "source.js": service("offline-mailbox/inline") } });
  await build({ absWorkingDir: root, entryPoints: ["source.js"], outfile: path.join(root, "service-worker.js"), bundle: true, format: "iife", logLevel: "silent" });
  const { address } = await serve(t, root, { policy: STRICT_OFFLINE });
  assert.equal(await reported(t, address), "OK");
});
