// Searches as calls: their options, and how a signal or a progress callback ends them. Not here: what is
// searched for (searchkeys.js).

import * as check from "./arguments.js";
import { onAbort, throwIfAborted } from "./signals.js";

const RETURNS = { min: 1, max: 2, all: 4, count: 8 };

/** The forms of the answer, as the engine's bits; an empty list asks for all hits, as RETURN () does. */
function returns(value, what) {
  const known = (name, each) => check.oneOf(name, each, Object.keys(RETURNS));
  const names = check.list(value, what, "an array of strings", known);
  return names.reduce((bits, name) => bits | RETURNS[name], 0) || RETURNS.all;
}

const mailboxNames = (value, what) => check.list(value, what, "an array of mailbox names", check.mailboxName);

const common = ({ signal, onProgress }) => ({
  signal: check.optionalSignal(signal),
  onProgress: check.optional(onProgress, check.callback, "onProgress"),
});

export function searchMailboxOptions(given) {
  const taken = check.options(given, ["return", "onProgress", "signal"]);
  return { ...common(taken), returns: check.optional(taken.return, returns, "return") };
}

export function searchOptions(given) {
  const taken = check.options(given, ["mailboxes", "onProgress", "signal"]);
  return { ...common(taken), mailboxes: check.optional(taken.mailboxes, mailboxNames, "mailboxes") };
}

/** Of one view the mailbox is known, and whether it is done nobody asks. */
export const inOneMailbox = (onProgress) =>
  onProgress && (({ uids, searched, total, found }) => onProgress({ uids, searched, total, found }));

/**
 * Runs a search, which gets what ends it and who is told of its progress. It rejects with the signal's
 * reason, or with what `onProgress` throws, soon after.
 */
export async function cancellable(engine, { signal, onProgress }, search) {
  throwIfAborted(signal);
  const cancel = engine.callNow((glue) => new glue.WaitEvent());
  const end = () => engine.quietly(() => cancel.set());
  let thrown;
  const progress =
    onProgress &&
    ((soFar) => {
      if (thrown || signal?.aborted) return;
      try {
        onProgress(soFar);
      } catch (error) {
        thrown = { error };
        end();
      }
    });
  const stop = onAbort(signal, end);
  try {
    const answer = await search(cancel, progress);
    if (!thrown) return answer;
  } catch (error) {
    if (!thrown) throw signal?.aborted && error?.code === "ABORTED" ? signal.reason : error;
  } finally {
    stop();
    engine.quietly(() => cancel.free());
  }
  throw thrown.error;
}
