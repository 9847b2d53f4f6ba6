// What the page knows of the mail store: the session, the mailboxes with their counts, and the one
// view that is on screen. Follows other tabs; tells the panes by events. Draws nothing.

import { openSession } from "../pkg/index.js";

const SPECIAL = new Set(["\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash"]);

/**
 * Events: `mailboxes` (names or counts changed), `selected` (another view), `updates` (detail: the
 * library's Updates of that view), `gone` (the mailbox on screen was deleted), `trouble` (detail:
 * the error that ended live updates).
 */
export class Store extends EventTarget {
  /** @type {Map<string, { name: string, delimiter: string, specialUse: string|undefined, selectable: boolean, counts: object|undefined }>} */
  mailboxes = new Map();
  /** The name of the mailbox on screen, its view, and what SELECT told of it. */
  name;
  selected;
  snapshot;
  #watch;
  #selecting = 0;

  constructor(session) {
    super();
    this.session = session;
  }

  static async open(owner) {
    const store = new Store(await openSession({ owner }));
    const events = store.session.changes();
    store.#followMailboxes(events);
    await store.refresh();
    return store;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Lists everything anew. Counts that are known are kept until the new ones are there. */
  async refresh() {
    const { mailboxes } = await this.session.listMailboxes({ status: true });
    const rows = mailboxes.map(({ name, delimiter, attributes, status }) => {
      const selectable = !attributes.includes("\\Noselect") && !attributes.includes("\\NonExistent");
      return { name, delimiter, selectable, counts: status, specialUse: attributes.find((a) => SPECIAL.has(a)) };
    });
    this.mailboxes = new Map(rows.map((row) => [row.name, row]));
    this.#tell("mailboxes");
  }

  async #followMailboxes(feed) {
    try {
      for await (const { events, resync } of feed) {
        let relist = resync;
        for (const event of events) {
          const known = this.mailboxes.get(event.name);
          if (event.type === "changed" && known) known.counts = event.counts ?? known.counts;
          else relist = true;
          if (event.type === "renamed" && this.name === event.before && this.selected?.mailboxId === event.mailboxId) {
            this.name = event.name;
          }
        }
        if (relist) await this.refresh();
        else this.#tell("mailboxes");
      }
    } catch (error) {
      this.#tell("trouble", error);
    }
  }

  /** Puts a mailbox on screen. The view before is closed; where this fails, it stays. */
  async select(name) {
    const turn = (this.#selecting += 1);
    const { selected, snapshot } = await this.session.selectMailbox(name);
    if (turn !== this.#selecting) {
      await this.session.closeMailbox(selected);
      return;
    }
    const before = this.selected;
    this.#watch?.abort();
    this.#watch = new AbortController();
    Object.assign(this, { name, selected, snapshot });
    this.#followView(this.session.changes(selected), selected, this.#watch.signal);
    this.#tell("selected");
    if (before && !before.closed) await this.session.closeMailbox(before);
  }

  async #followView(feed, selected, stopped) {
    try {
      for await (const updates of feed) {
        if (stopped.aborted) return;
        if (updates.closed) return this.#tell("gone");
        this.#tell("updates", updates);
      }
    } catch (error) {
      if (!stopped.aborted && !selected.closed) this.#tell("trouble", error);
    }
  }

  current() {
    return this.mailboxes.get(this.name);
  }

  /** The mailbox with a special use, such as `\Trash`. */
  special(use) {
    return [...this.mailboxes.values()].find((mailbox) => mailbox.specialUse === use && mailbox.selectable);
  }

  totals() {
    let messages = 0;
    let octets = 0;
    for (const { counts } of this.mailboxes.values()) {
      messages += counts?.exists ?? 0;
      octets += counts?.size ?? 0;
    }
    return { messages, octets };
  }
}

/** The last part of a name, as a person reads it. */
export function leafName(name, delimiter = "/") {
  return name === "INBOX" ? "Inbox" : name.slice(name.lastIndexOf(delimiter) + 1);
}

/** A whole name, as a person reads it. */
export function fullName(name) {
  return name === "INBOX" ? "Inbox" : name.replace(/^INBOX(?=\/)/, "Inbox").replaceAll("/", " / ");
}

export function mailboxIcon({ name, specialUse, selectable }) {
  if (name === "INBOX") return "inbox";
  const icons = { "\\Archive": "archive", "\\Sent": "sent", "\\Drafts": "drafts", "\\Trash": "trash", "\\Junk": "junk", "\\Flagged": "star", "\\All": "all" };
  return (selectable !== false && icons[specialUse]) || "folder";
}
