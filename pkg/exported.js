// A mailbox's messages on their way out: in order, a few at a time, whatever their sizes. Not here:
// the formats they are written in.

import * as check from "./arguments.js";
import { throwIfAborted } from "./signals.js";

/** Octets that are in memory at once; a larger message comes alone. */
const BATCH_OCTETS = 4 * 1024 * 1024;
const BATCH_MESSAGES = 200;
const PAGE_MESSAGES = 1000;

const KEYS = ["set", "signal", "onProgress"];

/** What every writer takes, of options that may have more. */
export function exportOptions(options, more = []) {
  const given = check.options(options, [...KEYS, ...more]);
  if (given.set !== undefined && given.set !== null) check.messageSet(given.set);
  return {
    set: given.set ?? "1:*",
    signal: check.optionalSignal(given.signal),
    onProgress: check.optional(given.onProgress, check.callback, "onProgress"),
    given,
  };
}

/**
 * The messages of a mailbox as it is when the reading begins, through a read-only view: metadata,
 * envelope and `source`. Those whose octets are gone are passed over. `onProgress` is called when
 * the caller has come back for more, and at the end.
 */
export async function* exportedMessages(session, mailbox, { set, signal, onProgress }) {
  throwIfAborted(signal);
  const { selected, snapshot } = await session.selectMailbox(mailbox, { readonly: true, signal });
  const progress = { messages: 0, octets: 0, missing: 0, total: snapshot.exists };
  try {
    if (set !== "1:*") {
      const { count } = await session.searchMailbox(selected, asSearch(set), { return: ["count"], signal });
      progress.total = count;
    }
    for await (const page of session.fetchPages(selected, set, { pageSize: PAGE_MESSAGES, signal })) {
      for (const uids of batches(page.messages)) {
        const { messages } = await session.fetchMessages(selected, uids, { source: true, envelope: true, signal });
        progress.missing += uids.length - messages.length;
        for (const message of messages) {
          throwIfAborted(signal);
          if (message.source === undefined) {
            progress.missing += 1;
            continue;
          }
          yield message;
          progress.messages += 1;
          progress.octets += message.source.length;
        }
        onProgress?.({ ...progress });
      }
    }
  } finally {
    if (!selected.closed) await session.closeMailbox(selected).catch(() => {});
  }
}

function asSearch(set) {
  const { numbers, uid } = check.messageSet(set);
  return uid ? { uid: numbers } : { seq: numbers };
}

/** The uids of a page in pieces that fit into memory. */
function* batches(messages) {
  let uids = [];
  let octets = 0;
  for (const { uid, size } of messages) {
    if (uids.length > 0 && (octets + size > BATCH_OCTETS || uids.length === BATCH_MESSAGES)) {
      yield uids;
      [uids, octets] = [[], 0];
    }
    uids.push(uid);
    octets += size;
  }
  if (uids.length > 0) yield uids;
}
