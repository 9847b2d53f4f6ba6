// A dedicated worker that is an actor: it is told which by its first message, and then which of its methods to call.

import { Actor } from "/tests/js/browser/actor.mjs";

let actor;

addEventListener("message", async ({ data: { id, method, given } }) => {
  try {
    if (method === "make") actor = new Actor(...given);
    postMessage({ id, value: method === "make" ? undefined : await actor[method](...given) });
  } catch (error) {
    postMessage({ id, error: String(error?.stack ?? error) });
  }
});
