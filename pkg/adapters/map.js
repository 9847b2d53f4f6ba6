// A store in one Map, which can be written through to anything that keeps a batch of entries: an example
// of the contract (index.d.ts, StoreAdapter) in fifty lines. For one program at a time.

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const record = (key) => `record:${hex(key)}`; // sorts as the bytes do
const guardAt = (guard) => `guard:${guard}`;
const entryAt = (sequence) => `journal:${String(sequence).padStart(16, "0")}`;

export async function mapStore({ load, save, kept = 4096 } = {}) {
  const map = new Map((await load?.()) ?? []);
  const steps = [...map.keys()].filter((name) => name.startsWith("journal:")).map((name) => Number(name.slice(8)));
  let [first, sequence] = [steps.reduce((a, b) => Math.min(a, b), steps[0] ?? 1), steps.reduce((a, b) => Math.max(a, b), 0)];
  let turn = Promise.resolve();
  const revision = (guard) => map.get(guardAt(guard)) ?? 0;
  const within = (from, to) => {
    const [low, high] = [record(from), record(to)];
    return [...map.keys()].filter((key) => key >= low && key < high).sort();
  };
  const scanned = ({ from, to, reverse, keysOnly, maxBytes, maxRows }) => {
    const found = within(from, to);
    const rows = [];
    let bytes = 0;
    for (const name of (reverse ? found.reverse() : found).slice(0, maxRows)) {
      const { key, value } = map.get(name);
      rows.push([key, keysOnly ? null : value]);
      if (!keysOnly && (bytes += value.length) >= maxBytes) break;
    }
    return rows;
  };
  async function commit({ id, guards, deleteRanges, deletes, puts, note }) {
    const conflict = guards.filter(([guard, expected]) => revision(guard) !== expected);
    if (conflict.length > 0) return { conflict: conflict.map(([guard]) => guard) };
    const next = sequence + 1;
    const changes = new Map(); // undefined: deleted
    for (const { from, to } of deleteRanges) for (const name of within(from, to)) changes.set(name, undefined);
    for (const key of deletes) changes.set(record(key), undefined);
    for (const [key, value] of puts) changes.set(record(key), { key, value });
    for (const [guard, expected] of guards) changes.set(guardAt(guard), expected + 1);
    changes.set(entryAt(next), { sequence: next, id, note });
    if (next - first >= kept) changes.set(entryAt(first), undefined);
    await save?.(changes); // where it fails nothing has changed here
    for (const [name, value] of changes) value === undefined ? map.delete(name) : map.set(name, value);
    [sequence, first] = [next, Math.max(first, next - kept + 1)];
    return { committed: next };
  }
  return {
    read: ({ keys, scans, guards }) => ({
      sequence,
      values: keys.map((key) => map.get(record(key))?.value ?? null),
      scanned: scans.map(scanned),
      revisions: guards.map(revision),
    }),
    // One after the other: what a commit compared must still stand when it is saved.
    commit: (batch) => (turn = turn.then(() => commit(batch), () => commit(batch))),
    journal(after, max) {
      const entries = [];
      for (let at = Math.max(after + 1, first); at <= sequence && entries.length < max; at += 1) entries.push(map.get(entryAt(at)));
      return { entries, truncated: after + 1 < first && first <= sequence };
    },
  };
}
