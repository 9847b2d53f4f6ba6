// A worker of an application's own: it registers a backend, and serves sessions beside what else it does.

import { parentPort } from "node:worker_threads";

import { registerBackend } from "../../../pkg/worker.js";
import { mapStore } from "./store.mjs";

registerBackend("maps", () => mapStore());
parentPort.on("message", (message) => {
  if (message === "die") throw new Error("on purpose");
  if (message === "echo") parentPort.postMessage("echo");
});
