// Counts what the engine of this page or worker asks of the platform: transactions that write, commits, hints.

export const counts = { transactions: 0, commits: 0, hints: 0 };

function counted(prototype, method, count) {
  const original = prototype[method];
  prototype[method] = function (...given) {
    count(this, given);
    return original.apply(this, given);
  };
}

counted(IDBDatabase.prototype, "transaction", (_, [, mode]) => (counts.transactions += mode === "readwrite" ? 1 : 0));
for (const method of ["put", "add"]) {
  counted(IDBObjectStore.prototype, method, (store) => (counts.commits += store.name === "journal" ? 1 : 0));
}
if (typeof BroadcastChannel === "function") counted(BroadcastChannel.prototype, "postMessage", () => (counts.hints += 1));
