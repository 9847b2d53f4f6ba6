// How tests open sessions: in their own thread, or with the engine on the other side of a port, which
// OFFLINE_MAILBOX_TEST_WORKER says: "channel" for a port of this thread, "thread" for a worker of its own.

import { test } from "node:test";

import { connect, createWorker } from "../../../pkg/client.js";
import * as mailbox from "../../../pkg/index.js";
import { serve } from "../../../pkg/worker.js";

const way = process.env.OFFLINE_MAILBOX_TEST_WORKER;

/** The worker's side of the channel, where there is one. */
export let host;

/** For tests that register a backend: there are none in another thread, which does not have it. */
export const testRegistering = way === "thread" ? () => {} : test;

function elsewhere() {
  if (way === "thread") return createWorker();
  const { port1, port2 } = new MessageChannel();
  host = serve(port1);
  port1.unref();
  return connect(port2);
}

let worker;

export function openSession(options) {
  if (way === undefined) return mailbox.openSession(options);
  worker ??= elsewhere();
  return worker.openSession(options);
}
