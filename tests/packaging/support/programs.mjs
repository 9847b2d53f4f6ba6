// The programs that the projects consist of.

/** A page's program: it does what exercise.js does, through an entry. */
export const main = (entry = "offline-mailbox", { wasm = "undefined", imports = "" } = {}) => `
import * as mailbox from ${JSON.stringify(entry)};
import { exercise, tell } from "./exercise.js";
${imports}
tell(exercise(mailbox, { wasm: ${wasm} }));
`;

/** The same with the engine in the package's own worker. */
export const engineInWorker = (entry = "offline-mailbox") => `
import * as mailbox from ${JSON.stringify(entry)};
import { exercise, tell } from "./exercise.js";
tell(exercise(mailbox, { worker: true }));
`;

/** The same inside a worker, which reports to its page. */
export const inWorker = (entry = "offline-mailbox") => `
import * as mailbox from ${JSON.stringify(entry)};
import { exercise } from "./exercise.js";
exercise(mailbox).then(postMessage, (error) => postMessage("FAILED " + (error.stack ?? error)));
`;

/** The page of such a worker. \`worker\` is the expression that starts it. */
export const workerPage = (worker) => `
import { tell } from "./exercise.js";
tell(
  new Promise((resolve, reject) => {
    const worker = ${worker};
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error("the worker failed: " + event.message));
  }),
);
`;

/** A program for Node and its like: every module that the package exports is imported, then mail is stored in memory. */
export const everyEntry = `
import { readFile } from "node:fs/promises";
import { exercise } from "./exercise.js";

// Deno begins with Node's part of itself when one of Node's modules is first asked for, and leaves a trace.
const global = () => Object.getOwnPropertyNames(globalThis).filter((name) => name !== "nodeBootstrap").sort().join();
const globals = global();
const address = import.meta.resolve("offline-mailbox/package.json");
const { exports } = JSON.parse(await readFile(new URL(address), "utf8"));
const entries = {};
for (const [name, target] of Object.entries(exports)) {
  if (typeof target === "string" || name.includes("*")) continue;
  entries[name] = await import("offline-mailbox" + name.slice(1));
}
if (global() !== globals) throw new Error("an import changed the globals");
const wasm = await readFile(new URL(import.meta.resolve("offline-mailbox/offline_mailbox.wasm")));
const backend = "memory";
const reports = [];
const order = process.argv[2] === "inline" ? ["./inline", ".", "./slim"] : process.argv[2] === "slim" ? ["./slim", ".", "./inline"] : [".", "./slim", "./inline"];
for (const name of order) reports.push(await exercise(entries[name], { backend, wasm: name === "./slim" ? wasm : undefined }));
console.log(reports.join(" "));
`;
