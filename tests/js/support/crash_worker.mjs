// A worker whose engine can be broken from outside.

import { parentPort } from "node:worker_threads";

import { arm } from "../browser/crash.mjs";
import { registerBackend } from "../../../pkg/worker.js";
import { mapStore } from "./store.mjs";

const store = mapStore();
registerBackend("kept", () => store);
parentPort.on("message", (message) => {
  if (!message.arm) return;
  arm(...message.arm);
  parentPort.postMessage("armed");
});
