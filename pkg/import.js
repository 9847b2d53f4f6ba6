// Importing a stream of messages in commits of moderate size: while one is written, the next is read.
// An import with a name is told in the same commit how far it has come, and goes on there.

import * as check from "./arguments.js";
import { MailboxError, invalid } from "./errors.js";
import { importedMessage } from "./octets.js";
import { abandonable, throwIfAborted } from "./signals.js";

const CHUNK_MESSAGES = 1000;
const CHUNK_BYTES = 1024 * 1024;

/** What the engine knows as what to skip. */
const SKIPS = new Map([[false, 0], [true, 1], ["mailbox", 1], ["account", 2]]);

function skipOf(value, what) {
  if (!SKIPS.has(value)) throw check.refuse(what, 'true, false, "mailbox" or "account"', value);
  return SKIPS.get(value);
}

export const importOptions = (given) => {
  const keys = ["onProgress", "chunkBytes", "skipDuplicates", "importId", "durability", "signal"];
  const { onProgress, chunkBytes, skipDuplicates, importId, durability, signal } = check.options(given, keys);
  return {
    onProgress: check.optional(onProgress, check.callback, "onProgress"),
    chunkBytes: check.optional(chunkBytes, check.integer, "chunkBytes", 65_536, 67_108_864) ?? CHUNK_BYTES,
    skip: check.optional(skipDuplicates, skipOf, "skipDuplicates") ?? 0,
    importId: check.optional(importId, check.text, "importId", { min: 1, max: 255 }),
    durability: check.optional(durability, check.durability, "durability"),
    signal: check.optionalSignal(signal),
  };
};

const iterate = (messages) =>
  check.reading("messages", () => {
    const start = messages?.[Symbol.asyncIterator] ?? messages?.[Symbol.iterator];
    if (typeof start !== "function" || typeof messages === "string" || ArrayBuffer.isView(messages)) {
      throw check.refuse("messages", "an iterable or async iterable of messages", messages);
    }
    return start.call(messages);
  });

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

/** That the message that was dealt with last is still the one at its place in the source. */
function checkResumed(importId, raw, known, emailIdOf) {
  if (raw !== undefined && emailIdOf(raw) === known.emailId) return;
  const where = raw === undefined ? `it has fewer than ${known.taken} messages` : `its message ${known.taken} is another`;
  throw invalid(`the source is not the one that the import ${JSON.stringify(importId)} began with: ${where}`);
}

/**
 * `append(chunk, from)` commits an array of messages, of which `from` others were dealt with before,
 * and resolves to { uidValidity, uids } of those that were new; `progress()` tells how far an import
 * of that name has come, `emailIdOf(raw)` the id of octets.
 */
export async function importAll(messages, { onProgress, chunkBytes, importId, signal }, { append, progress, emailIdOf }) {
  const iterator = iterate(messages);
  const done = { uidValidity: undefined, parts: [], messages: 0, octets: 0, skipped: 0, resumed: 0 };
  let committing;
  let taken = 0; // messages of the source that are in a commit, or were

  const tell = () =>
    onProgress?.({ messages: done.messages, octets: done.octets, skipped: done.skipped, resumed: done.resumed });
  const commit = async (chunk, octets, from) => {
    const { uidValidity, uids } = await append(chunk, from);
    if (done.uidValidity !== undefined && done.uidValidity !== uidValidity) {
      throw new MailboxError("CLOSED", "the mailbox was replaced by another of its name during the import");
    }
    done.uidValidity = uidValidity;
    done.parts.push(uids);
    done.messages += uids.length;
    done.skipped += chunk.length - uids.length;
    done.octets += octets;
    if (chunk.length > 0) tell();
  };
  const begin = async (chunk, octets) => {
    await committing;
    await breathe();
    throwIfAborted(signal);
    committing = commit(chunk, octets, taken);
    taken += chunk.length;
    // Looked at before the next commit, and at the end.
    committing.catch(() => {});
  };

  let finished = false;
  try {
    throwIfAborted(signal);
    const known = importId === undefined ? undefined : await abandonable(progress(), signal);
    const before = known?.taken ?? 0;
    let chunk = [];
    let octets = 0;
    for (let count = 0; ; count += 1) {
      throwIfAborted(signal);
      const { value, done: end } = await abandonable(Promise.resolve(iterator.next()), signal);
      if (end) {
        finished = true;
        if (count < before) checkResumed(importId, undefined, known, emailIdOf);
        break;
      }
      const message = await importedMessage(await value, `messages[${count}]`);
      if (count < before) {
        if (count + 1 < before) continue;
        checkResumed(importId, message[0], known, emailIdOf);
        taken = before;
        done.resumed = before;
        tell();
        continue;
      }
      if (chunk.length > 0 && octets + message[0].length > chunkBytes) {
        await begin(chunk, octets);
        [chunk, octets] = [[], 0];
      }
      chunk.push(message);
      octets += message[0].length;
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
  const { parts, ...sums } = done;
  const uids = new Uint32Array(done.messages);
  let at = 0;
  for (const part of parts) {
    uids.set(part, at);
    at += part.length;
  }
  return { ...sums, uids };
}
