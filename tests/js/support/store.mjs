// A store for tests, as an application would write one: everything in maps.

const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

function compare(a, b) {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

/** `fail` may be set to a function that a commit calls first, to throw. */
export function mapStore() {
  let records = []; // [key, value], by key
  const guards = new Map();
  const entries = [];
  const store = {
    closed: false,
    commits: 0,
    fail: undefined,
    read: ({ keys, scans, guards: wanted }) => ({
      sequence: entries.length,
      values: keys.map((key) => records.find(([known]) => same(known, key))?.[1] ?? null),
      scanned: scans.map(({ from, to, reverse, keysOnly, maxBytes, maxRows }) => {
        const rows = records.filter(([key]) => compare(key, from) >= 0 && compare(key, to) < 0);
        if (reverse) rows.reverse();
        const taken = [];
        let octets = 0;
        for (const [key, value] of rows.slice(0, maxRows)) {
          octets += keysOnly ? 0 : value.length;
          taken.push([key, keysOnly ? null : value]);
          if (!keysOnly && octets >= maxBytes) break;
        }
        return taken;
      }),
      revisions: wanted.map((guard) => guards.get(guard) ?? 0),
    }),
    async commit(batch) {
      await null;
      store.fail?.();
      const conflict = batch.guards.filter(([guard, revision]) => (guards.get(guard) ?? 0) !== revision);
      if (conflict.length > 0) return { conflict: conflict.map(([guard]) => guard) };
      const gone = (key) =>
        batch.deletes.some((each) => same(each, key)) ||
        batch.deleteRanges.some(({ from, to }) => compare(key, from) >= 0 && compare(key, to) < 0);
      const puts = batch.puts.filter(([key], at) => !batch.puts.slice(at + 1).some(([later]) => same(later, key)));
      records = records.filter(([key]) => !gone(key) && !puts.some(([put]) => same(put, key)));
      records.push(...puts);
      records.sort(([a], [b]) => compare(a, b));
      for (const [guard, revision] of batch.guards) guards.set(guard, revision + 1);
      entries.push({ sequence: entries.length + 1, id: batch.id, note: batch.note });
      store.commits += 1;
      return { committed: entries.length };
    },
    journal: (after, max) => ({ entries: entries.slice(after, after + max), truncated: false }),
    close: () => {
      store.closed = true;
    },
  };
  return store;
}
