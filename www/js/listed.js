// The rows of messages that somebody listed: the hits of a search in one mailbox or many, or a
// mailbox's conversations. The order is in memory, the rows are a window as in model.js.

const PAGE = 48;
const KEPT = 40 * PAGE;

/**
 * Groups of messages, one below the other. A group: `name` of its mailbox, `uids` from the top down,
 * and of conversations `depths` and `counts`. Positions count from the bottom, as in model.js.
 */
export class ListedModel {
  kind;
  multiple;
  total = 0;
  #groups = [];
  #rows = new Map();
  #views = new Map();
  #gone = new AbortController();
  #loading = false;
  #wanted;

  /**
   * @param {"hits"|"threads"} kind
   * @param options `selected`: the view that all messages are of; without it, read-only ones are
   *   opened as rows are needed. `multiple`: whether several messages can be selected (their uids
   *   must then be of one mailbox). `on`: as in model.js.
   */
  constructor(session, kind, { selected, multiple = false, on }) {
    Object.assign(this, { session, kind, selected, multiple, on });
  }

  close() {
    this.#gone.abort();
    for (const view of this.#views.values()) {
      view.then((selected) => this.session.closeMailbox(selected)).catch(() => {});
    }
    this.#views.clear();
  }

  /** Shows these groups; rows that are here already are kept. */
  set(groups) {
    const kept = new Map();
    this.#groups = groups.filter(({ uids }) => uids.length > 0).map((group) => {
      const rows = this.#rows.get(group.name) ?? new Map();
      kept.set(group.name, rows);
      return { ...group, rows, shown: new Map() };
    });
    this.#rows = kept;
    this.#count();
    this.on.change();
  }

  #count() {
    this.total = this.#groups.reduce((sum, { uids }) => sum + uids.length, 0);
  }

  #locate(position) {
    let index = this.total - 1 - position;
    for (const group of this.#groups) {
      if (index < group.uids.length) return index >= 0 ? { group, index } : undefined;
      index -= group.uids.length;
    }
    return undefined;
  }

  row(position) {
    const found = this.#locate(position);
    if (!found) return undefined;
    const { group, index } = found;
    const uid = group.uids[index];
    const row = group.rows.get(uid);
    if (!row) return undefined;
    let shown = group.shown.get(uid);
    if (!shown) {
      shown = { ...row, mailbox: group.name, depth: group.depths?.[index] ?? 0, count: group.counts?.[index] ?? 0, label: this.multiple ? "" : group.name };
      group.shown.set(uid, shown);
    }
    return shown;
  }

  /** What is known of a message before its row is here. */
  bare(position) {
    const found = this.#locate(position);
    return found && { uid: found.group.uids[found.index], mailbox: found.group.name, flags: [] };
  }

  /** The position of a message of a mailbox; of the first group where none is named. */
  find(uid, mailbox) {
    let top = 0;
    for (const { name, uids } of this.#groups) {
      const index = mailbox === undefined || mailbox === name ? uids.indexOf(uid) : -1;
      if (index >= 0) return this.total - 1 - top - index;
      top += uids.length;
    }
    return undefined;
  }

  async uidsBetween(first, last) {
    const found = [];
    const to = Math.min(this.total - 1, Math.max(first, last));
    for (let position = Math.max(0, Math.min(first, last)); position <= to; position += 1) {
      const { group, index } = this.#locate(position);
      found.push(group.uids[index]);
    }
    return found;
  }

  want(first, last) {
    this.#wanted = [first, last];
    if (!this.#loading) this.#pump().catch((error) => this.on.error(error));
  }

  /** Uids of one group that are wanted and not here, a page of them at most. */
  #missing() {
    const [first, last] = this.#wanted ?? [0, -1];
    let group;
    const uids = [];
    for (let position = last; position >= first && uids.length < PAGE; position -= 1) {
      const found = this.#locate(position);
      if (!found || (group && found.group !== group)) continue;
      const uid = found.group.uids[found.index];
      if (found.group.rows.has(uid)) continue;
      group = found.group;
      uids.push(uid);
    }
    return { group, uids };
  }

  async #pump() {
    this.#loading = true;
    try {
      for (;;) {
        const { group, uids } = this.#missing();
        if (!group || this.#gone.signal.aborted) return;
        if (group.rows.size > KEPT) group.rows.clear();
        const found = await this.#read(group.name, uids);
        if (this.#gone.signal.aborted) return;
        // Those that are gone have a row too: nothing is asked for twice.
        for (const uid of uids) group.rows.set(uid, found.get(uid) ?? GONE(uid));
        this.on.change();
      }
    } finally {
      this.#loading = false;
    }
  }

  async #read(name, uids) {
    try {
      const view = this.selected ?? (await this.#view(name));
      const { messages } = await this.session.fetchMessages(view, uids, { envelope: true, preview: true });
      return new Map(messages.map((message) => [message.uid, { ...message, ...message.envelope }]));
    } catch (error) {
      // The mailbox, or our view of it, went meanwhile: so did its messages.
      if (error.code === "NOT_FOUND" || error.code === "CLOSED") return new Map();
      throw error;
    }
  }

  #view(name) {
    let view = this.#views.get(name);
    if (!view) {
      view = this.session.selectMailbox(name, { readonly: true }).then(({ selected }) => selected);
      this.#views.set(name, view);
    }
    return view;
  }

  /** Follows the view of one of the mailboxes. Returns the positions that went, descending. */
  apply(updates, mailbox) {
    const group = this.#groups.find(({ name }) => name === mailbox);
    if (!group) return [];
    updates.flags.uid.forEach((uid, at) => {
      const row = group.rows.get(uid);
      if (!row) return;
      group.rows.set(uid, { ...row, flags: updates.flags.flags[at] });
      group.shown.delete(uid);
    });
    const gone = new Set(updates.expunged.uid);
    const top = this.#groups.slice(0, this.#groups.indexOf(group)).reduce((sum, { uids }) => sum + uids.length, 0);
    const removed = [];
    group.uids.forEach((uid, index) => {
      if (gone.has(uid)) removed.push(this.total - 1 - top - index);
    });
    if (removed.length > 0) {
      const left = Array.from(group.uids, (uid, at) => at).filter((at) => !gone.has(group.uids[at]));
      for (const column of ["uids", "depths", "counts"]) {
        if (group[column]) group[column] = Uint32Array.from(left, (at) => group[column][at]);
      }
      group.shown.clear();
      this.#count();
    }
    return removed.sort((a, b) => b - a);
  }
}

const GONE = (uid) => ({ uid, flags: ["\\Seen"], from: [], to: [], subject: "(not there any more)", preview: "", size: 0 });

/**
 * The threads that `threadMailbox` answers with as one group: the thread with the newest message on
 * top, each from its beginning. `counts` has at a thread's beginning how many messages it has.
 * Beginnings that are not in the mailbox are left out; the first that answers one begins the thread.
 */
export function newestThreadFirst({ uids, depths }) {
  const threads = [];
  for (let at = 0; at < uids.length; at += 1) {
    if (depths[at] === 0) threads.push({ from: at, to: at, newest: 0 });
    const thread = threads[threads.length - 1];
    thread.to = at + 1;
    thread.newest = Math.max(thread.newest, uids[at]);
  }
  threads.sort((a, b) => b.newest - a.newest);
  const rows = { uids: [], depths: [], counts: [] };
  for (const { from, to } of threads) {
    const start = rows.uids.length;
    for (let at = from; at < to; at += 1) {
      if (uids[at] === 0) continue;
      rows.depths.push(rows.uids.length === start ? 0 : depths[at]);
      rows.uids.push(uids[at]);
      rows.counts.push(0);
    }
    if (rows.uids.length > start) rows.counts[start] = rows.uids.length - start;
  }
  return { uids: Uint32Array.from(rows.uids), depths: Uint32Array.from(rows.depths), counts: Uint32Array.from(rows.counts), threads: threads.length };
}
