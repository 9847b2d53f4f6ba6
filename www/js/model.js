// The rows of a whole mailbox in some order: a window of them in memory, whatever the mailbox's
// size. Positions count from the bottom of the list (0), so that mail that arrives moves nothing.

const PAGE = 64;
const KEPT = 40 * PAGE;
const AT_ONCE = 2;
const MOST_TRIES = 12;

/**
 * A window on a view. `total` is how many messages are shown. In order of arrival, mail that comes
 * is shown once its rows are here, so that the list does not flash while much comes in; sorted, the
 * rows of before stay until those of now are here.
 */
export class WindowModel {
  kind;
  /** Whether several messages can be selected at once. */
  multiple = true;
  #rows = new Map();
  /** Sorted: pages that were read since the order last changed. */
  #fresh = new Set();
  #generation = 0;
  #loading = new Set();
  #wanted = [];
  #gone = new AbortController();
  #tries = 0;
  /** How many messages the view has: `total`, and those whose rows are still to come. */
  #exists = 0;
  #growing = false;

  /**
   * @param {string} sort a criterion of `listMessages`, as the list is read from its bottom up
   * @param on `change()`: rows have come; `grow(before)`: there are more of them; `error(error)`
   */
  constructor(session, selected, sort, on) {
    this.session = session;
    this.selected = selected;
    this.sort = sort;
    this.kind = sort === "arrival" ? "arrival" : "sorted";
    this.total = selected.exists;
    this.#exists = this.total;
    this.on = on;
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
    if (this.kind === "arrival") {
      const { uids } = await this.session.searchMailbox(this.selected, { seq: `${from + 1}:${to + 1}` });
      return Array.from(uids);
    }
    const { uids } = await this.session.sortMailbox(this.selected, this.sort);
    return Array.from(uids.subarray(from, to + 1));
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
    if (this.kind === "sorted" && !this.#fresh.has(page)) return false;
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
      this.#load(page).catch((error) => this.on.error(error)).finally(() => {
        this.#loading.delete(page);
        if (!this.#gone.signal.aborted) this.#pump();
      });
    }
  }

  async #load(page) {
    const offset = page * PAGE;
    const generation = this.#generation;
    const answer = await this.session.listMessages(this.selected, { offset, limit: PAGE, sort: this.sort });
    if (this.#gone.signal.aborted) return;
    // The view may have moved on while we asked, and its updates not have come to us yet: rows
    // numbered otherwise than the list is are not taken, but asked for again.
    if (answer.total !== this.#exists || generation !== this.#generation) {
      this.#tries += 1;
      if (this.#tries > MOST_TRIES) this.#resync(answer.total);
      setTimeout(() => this.on.change(), 50 * this.#tries);
      return;
    }
    this.#tries = 0;
    answer.rows.forEach((row, index) => this.#rows.set(offset + index, row));
    this.#fresh.add(page);
    this.on.change();
  }

  /** Shows what has arrived, once the newest rows are here. */
  async #grow() {
    if (this.#growing) return;
    this.#growing = true;
    try {
      while (!this.#gone.signal.aborted && this.#exists > this.total) {
        const offset = Math.max(this.total, this.#exists - PAGE);
        const { rows, total } = await this.session.listMessages(this.selected, { offset, limit: PAGE, sort: this.sort });
        if (this.#gone.signal.aborted) return;
        if (total !== this.#exists) {
          this.#tries += 1;
          if (this.#tries > MOST_TRIES) return this.#resync(total);
          await new Promise((resolve) => setTimeout(resolve, 50));
          continue;
        }
        rows.forEach((row, index) => this.#rows.set(offset + index, row));
        this.#tries = 0;
        this.#shown(total);
      }
    } catch (error) {
      this.on.error(error);
    } finally {
      this.#growing = false;
    }
  }

  /** We were told otherwise than the view is, and no update comes to mend it: begin anew. */
  #resync(total) {
    this.#rows.clear();
    this.#tries = 0;
    this.#exists = total;
    this.#shown(total);
  }

  #shown(total) {
    const before = this.total;
    this.total = total;
    this.on.grow(before);
  }

  /** Follows the view. Returns the positions that went, descending. */
  apply(updates) {
    const flags = new Map();
    updates.flags.uid.forEach((uid, index) => flags.set(uid, updates.flags.flags[index]));
    if (flags.size > 0) {
      for (const [position, row] of this.#rows) {
        const now = flags.get(row.uid);
        if (now) this.#rows.set(position, { ...row, flags: now });
      }
    }
    return this.kind === "arrival" ? this.#applyArrival(updates) : this.#applySorted(updates);
  }

  #applyArrival(updates) {
    const removed = Array.from(updates.expunged.seq, (seq) => seq - 1).sort((a, b) => b - a);
    if (removed.length > 0) this.#close(removed);
    const shown = removed.filter((position) => position < this.total);
    this.total -= shown.length;
    this.#exists = updates.exists ?? this.#exists - removed.length;
    if (this.#exists > this.total) this.#grow();
    return shown;
  }

  #applySorted(updates) {
    const gone = new Set(updates.expunged.uid);
    const removed = [];
    for (const [position, row] of this.#rows) if (gone.has(row.uid)) removed.push(position);
    removed.sort((a, b) => b - a);
    if (removed.length > 0) this.#close(removed);
    const left = this.total - gone.size;
    this.#exists = updates.exists ?? left;
    this.total = this.#exists;
    // Who knows where the new ones stand, and those that went without our seeing them.
    if (this.#exists !== left || removed.length < gone.size) {
      this.#generation += 1;
      this.#fresh.clear();
    }
    return removed;
  }

  /** Takes positions out and moves the rows above them down. */
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
