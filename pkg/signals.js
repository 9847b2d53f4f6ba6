// AbortSignals: giving up a wait without disturbing what is waited for.

export function throwIfAborted(signal) {
  if (signal?.aborted) throw signal.reason;
}

/**
 * Settles as the promise, or rejects with the signal's reason if that comes first. The work behind
 * the promise goes on: only for what changes nothing, or has not begun.
 */
export function abandonable(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abandon = () => reject(signal.reason);
    if (signal.aborted) {
      promise.catch(() => {});
      abandon();
      return;
    }
    signal.addEventListener("abort", abandon, { once: true });
    const settled = (settle) => (value) => {
      signal.removeEventListener("abort", abandon);
      settle(value);
    };
    promise.then(settled(resolve), settled(reject));
  });
}

/** Calls back when the signal is aborted, at once if it is; returns what ends that. */
export function onAbort(signal, listener) {
  if (!signal) return () => {};
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
