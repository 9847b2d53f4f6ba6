// What runs in a worker: it serves sessions to whoever connects. Elsewhere than in a worker it does nothing by itself.

import { engineFile } from "./engine_file.js";
import { Host } from "./host.js";
import { deleteDatabase, openSession } from "./open.js";

export { backends, registerBackend } from "./backends.js";

export function serve(port) {
  return new Host(port, {
    openSession: (options, id) => openSession(options, engineFile, id),
    deleteDatabase: (database, options) => deleteDatabase(database, options, engineFile),
  });
}

/** A page sends the end of a channel of its own: other messages to the worker are none of this module's. */
function accept({ data }) {
  if (data?.type === "offline-mailbox") serve(data.port);
}

const is = (scope) => typeof globalThis[scope] === "function" && globalThis instanceof globalThis[scope];

if (is("SharedWorkerGlobalScope")) addEventListener("connect", ({ ports: [port] }) => serve(port));
else if (is("DedicatedWorkerGlobalScope")) addEventListener("message", accept);
else if (globalThis.process?.versions?.node) {
  const threads = process.getBuiltinModule?.("node:worker_threads");
  threads?.parentPort?.on("message", (data) => accept({ data }));
}
