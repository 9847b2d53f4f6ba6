// The package's entry: it finds the engine in the file beside it. Importing it does nothing else.

import { backendElsewhere } from "./backends.js";
import { connect, liveOwnWorker, ownWorker } from "./client.js";
import { engineFile } from "./engine_file.js";
import * as opening from "./open.js";

export * from "./common.js";

export async function openSession(options) {
  const { worker, ...given } = options ?? {};
  if (worker === undefined || worker === null || worker === false) {
    return opening.openSession(Object.hasOwn(Object(options), "worker") ? given : options, engineFile);
  }
  const backend = backendElsewhere(given.backend, worker === true);
  return (worker === true ? ownWorker() : connect(worker)).openSession({ ...given, backend });
}

export async function deleteDatabase(database, options) {
  // Where its sessions are, it is known which databases are in use.
  const worker = liveOwnWorker();
  return worker ? worker.deleteDatabase(database, options) : opening.deleteDatabase(database, options, engineFile);
}
