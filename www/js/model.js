// The rows of the list on screen: a window of them in memory, whatever the mailbox's size.
// Positions count from the oldest message (0), so that mail that arrives moves nothing.

const PAGE = 64;
const KEPT = 40 * PAGE;
const AT_ONCE = 2;

/**
 * A window on a view, or, with `uids` (ascending), on the hits of a search in it.
 * `onchange` is called when rows have come or gone.
 */
export class ListModel {
  #rows = new Map();
  #loading = new Set();
  #wanted = [];
  #gone = new AbortController();
  #tries = 0;

  constructor(session, selected, uids, onchange) {
    this.session = session;
    this.selected = selected;
    this.uids = uids;
    this.total = uids ? uids.length : selected.exists;
    this.onchange = onchange;
  }

  /** Ends it: answers still under way are dropped. */
  close() {
    this.#gone.abort();
  }

  row(position) {
    return this.#rows.get(position);
  }

  /** The position of a message, where its row is here. */
  find(uid) {
    for (const [position, row] of this.#rows) if (row.uid === uid) return position;
    return undefined;
  }

  /** Uids of the positions from `first` to `last`, from the store where the rows are not here. */
  async uidsBetween(first, last) {
    const from = Math.max(0, Math.min(first, last));
    const to = Math.min(this.total - 1, Math.max(first, last));
    if (to < from) return [];
    if (this.uids) return Array.from(this.uids.subarray(from, to + 1));
    const { uids } = await this.session.searchMailbox(this.selected, { seq: `${from + 1}:${to + 1}` });
    return Array.from(uids);
  }

  /** Asks for what is on screen: rows from `first` to `last` and a little around them. */
  want(first, last) {
    const pages = [];
    for (let page = Math.floor(last / PAGE); page >= Math.floor(first / PAGE); page -= 1) {
      if (page >= 0 && !this.#complete(page)) pages.push(page);
    }
    this.#wanted = pages;
    this.#pump();
    this.#forget(first, last);
  }

  #complete(page) {
    const end = Math.min(this.total, (page + 1) * PAGE);
    for (let position = page * PAGE; position < end; position += 1) {
      if (!this.#rows.has(position)) return false;
    }
    return true;
  }

  #forget(first, last) {
    if (this.#rows.size <= KEPT) return;
    const middle = (first + last) / 2;
    for (const position of this.#rows.keys()) {
      if (Math.abs(position - middle) > KEPT / 2) this.#rows.delete(position);
    }
  }

  #pump() {
    while (this.#loading.size < AT_ONCE) {
      const page = this.#wanted.find((wanted) => !this.#loading.has(wanted));
      if (page === undefined) return;
      this.#wanted = this.#wanted.filter((wanted) => wanted !== page);
      this.#loading.add(page);
      this.#load(page).catch((error) => this.onerror?.(error)).finally(() => {
        this.#loading.delete(page);
        if (!this.#gone.signal.aborted) this.#pump();
      });
    }
  }

  async #load(page) {
    const offset = page * PAGE;
    const { total } = this;
    let rows;
    if (this.uids) {
      const { messages } = await this.session.fetchMessages(
        this.selected, this.uids.subarray(offset, offset + PAGE), { envelope: true, preview: true });
      if (this.#gone.signal.aborted) return;
      for (const message of messages) {
        const position = this.#positionOf(message.uid);
        if (position !== undefined) this.#rows.set(position, { ...message, ...message.envelope });
      }
    } else {
      const answer = await this.session.listMessages(this.selected, { offset, limit: PAGE, sort: "arrival" });
      rows = answer.rows;
      if (this.#gone.signal.aborted) return;
      // The view may have moved on while we asked, and its updates not have come to us yet: rows
      // numbered otherwise than the list is are not taken, but asked for again.
      if (answer.total !== this.total || total !== this.total) {
        this.#tries += 1;
        setTimeout(() => this.onchange(), Math.min(50 * this.#tries, 1000));
        return;
      }
      this.#tries = 0;
      rows.forEach((row, index) => this.#rows.set(offset + index, row));
    }
    this.onchange();
  }

  #positionOf(uid) {
    let low = 0;
    let high = this.uids.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.uids[middle] === uid) return middle;
      if (this.uids[middle] < uid) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /**
   * Follows the view. Returns what happened to the list: the positions that went (descending), and
   * whether there are more messages than before.
   */
  apply(updates) {
    const flags = new Map();
    updates.flags.uid.forEach((uid, index) => flags.set(uid, updates.flags.flags[index]));
    if (flags.size > 0) {
      for (const [position, row] of this.#rows) {
        const now = flags.get(row.uid);
        if (now) this.#rows.set(position, { ...row, flags: now });
      }
    }
    let removed;
    if (this.uids) {
      removed = Array.from(updates.expunged.uid, (uid) => this.#positionOf(uid)).filter((p) => p !== undefined);
      if (removed.length > 0) {
        const dropped = new Set(removed);
        this.uids = this.uids.filter((_, position) => !dropped.has(position));
      }
    } else {
      removed = Array.from(updates.expunged.seq, (seq) => seq - 1);
    }
    removed.sort((a, b) => b - a);
    if (removed.length > 0) this.#close(removed);
    const before = this.total - removed.length;
    this.total = this.uids ? this.uids.length : (updates.exists ?? before);
    return { removed, grew: !this.uids && this.total > before };
  }

  /** Takes positions out and moves the rows behind them up. */
  #close(removed) {
    const ascending = removed.slice().reverse();
    const moved = new Map();
    for (const [position, row] of this.#rows) {
      let below = 0;
      let high = ascending.length;
      while (below < high) {
        const middle = (below + high) >> 1;
        if (ascending[middle] < position) below = middle + 1;
        else high = middle;
      }
      if (ascending[below] !== position) moved.set(position - below, row);
    }
    this.#rows = moved;
  }
}
