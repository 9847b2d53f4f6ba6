// The entry with the engine inside, as text, for places that have no assets. Importing it decodes nothing yet.

import { MailboxError } from "./errors.js";
import * as opening from "./open.js";
import { gzipped } from "./wasm/inline.js";

export * from "./common.js";

export function openSession(options) {
  return opening.openSession(options, unpacked);
}

export function deleteDatabase(database, options) {
  return opening.deleteDatabase(database, options, unpacked);
}

async function unpacked() {
  if (typeof DecompressionStream !== "function") {
    throw new MailboxError("UNAVAILABLE", "this platform cannot unpack the engine (no DecompressionStream); use another entry");
  }
  // Not by fetch of a data: address, which a Content-Security-Policy would have to allow.
  const text = atob(gzipped);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
