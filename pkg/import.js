// Importing a stream of messages in commits of moderate size: while one is written, the next is read.

import * as check from "./arguments.js";
import { MailboxError } from "./errors.js";
import { importedMessage } from "./octets.js";
import { abandonable, throwIfAborted } from "./signals.js";

const CHUNK_MESSAGES = 1000;
const CHUNK_BYTES = 1024 * 1024;

export const importOptions = (given) => {
  const keys = ["onProgress", "chunkBytes", "durability", "signal"];
  const { onProgress, chunkBytes, durability, signal } = check.options(given, keys);
  return {
    onProgress: check.optional(onProgress, check.callback, "onProgress"),
    chunkBytes: check.optional(chunkBytes, check.integer, "chunkBytes", 65_536, 67_108_864) ?? CHUNK_BYTES,
    durability: check.optional(durability, check.durability, "durability"),
    signal: check.optionalSignal(signal),
  };
};

function iterate(messages) {
  const start = messages?.[Symbol.asyncIterator] ?? messages?.[Symbol.iterator];
  if (typeof start !== "function" || typeof messages === "string" || ArrayBuffer.isView(messages)) {
    throw check.refuse("messages", "an iterable or async iterable of messages", messages);
  }
  return start.call(messages);
}

/**
 * Lets others have the thread: a store in memory answers without ever giving it up. By a message,
 * since timers are slowed in tabs that are not seen.
 */
function breathe() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** `append` commits an array of messages and resolves to { uidValidity, uids }. */
export async function importAll(messages, { onProgress, chunkBytes, signal }, append) {
  const iterator = iterate(messages);
  const done = { uidValidity: undefined, parts: [], messages: 0, octets: 0 };
  let committing;

  const commit = async (chunk, octets) => {
    const { uidValidity, uids } = await append(chunk);
    if (done.uidValidity !== undefined && done.uidValidity !== uidValidity) {
      throw new MailboxError("CLOSED", "the mailbox was replaced by another of its name during the import");
    }
    done.uidValidity = uidValidity;
    done.parts.push(uids);
    done.messages += chunk.length;
    done.octets += octets;
    if (chunk.length > 0) onProgress?.({ messages: done.messages, octets: done.octets });
  };
  const begin = async (chunk, octets) => {
    await committing;
    await breathe();
    throwIfAborted(signal);
    committing = commit(chunk, octets);
    // Looked at before the next commit, and at the end.
    committing.catch(() => {});
  };

  let finished = false;
  try {
    let chunk = [];
    let octets = 0;
    for (let count = 0; ; count += 1) {
      throwIfAborted(signal);
      const { value, done: end } = await abandonable(Promise.resolve(iterator.next()), signal);
      if (end) {
        finished = true;
        break;
      }
      const taken = await importedMessage(await value, `messages[${count}]`);
      if (chunk.length > 0 && octets + taken[0].length > chunkBytes) {
        await begin(chunk, octets);
        [chunk, octets] = [[], 0];
      }
      chunk.push(taken);
      octets += taken[0].length;
      if (chunk.length === CHUNK_MESSAGES) {
        await begin(chunk, octets);
        [chunk, octets] = [[], 0];
      }
    }
    if (chunk.length > 0 || committing === undefined) await begin(chunk, octets);
    await committing;
  } finally {
    if (!finished) {
      // Not awaited: a source that is stuck would hold up the abort.
      Promise.resolve(iterator.return?.()).catch(() => {});
      await committing?.catch(() => {});
    }
  }
  const uids = new Uint32Array(done.messages);
  let at = 0;
  for (const part of done.parts) {
    uids.set(part, at);
    at += part.length;
  }
  return { uidValidity: done.uidValidity, uids, messages: done.messages, octets: done.octets };
}
