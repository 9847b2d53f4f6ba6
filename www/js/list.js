// The message list: draws the few rows in sight of a list of any length, and keeps the cursor and
// the selection. What a row says comes from the model; what is done to messages, from the actions.

import { el } from "./dom.js";
import { buildRow, fillRow } from "./row.js";

/** Browsers cap the height of an element (Firefox near 17.8 million pixels); beyond this we scale. */
const TALLEST = 8_000_000;
const AROUND = 6;

/**
 * Events: `open` (detail: a row), `selection`, `star` (detail: a row). The newest message is on top:
 * index 0 is the model's last position.
 */
export class MessageList extends EventTarget {
  #space;
  #shown = new Map();
  #spare = [];
  #frame = 0;
  #timer = 0;
  #lastFirst = 0;
  #height = 0;
  #rowHeight = 64;
  #anchor = 0;

  /** Uids that are selected. */
  selection = new Set();
  /** The index with the cursor, or -1. */
  cursor = -1;
  cursorUid = undefined;
  #cursorMailbox = undefined;
  model = undefined;
  /** Whether rows show whom they are to (Sent, Drafts) rather than from. */
  outgoing = false;
  /** The id of the mailbox that is on screen: whose messages are dragged. */
  mailboxId = undefined;
  /** Whether rows show sizes in place of dates. */
  sizes = false;

  constructor(root) {
    super();
    this.root = root;
    this.#space = root.querySelector(".list-space");
    this.#rowHeight = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 64;
    root.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("dragstart", (event) => this.#drag(event));
    new ResizeObserver(() => this.draw()).observe(root);
    // "Today" and the weekdays move on by themselves.
    setInterval(() => this.redraw(), 600_000);
  }

  get total() {
    return this.model?.total ?? 0;
  }

  /** Another list: everything anew, from the top. */
  show(model) {
    this.model?.close();
    this.model = model;
    this.selection.clear();
    this.cursor = -1;
    this.cursorUid = undefined;
    this.#anchor = 0;
    for (const row of this.#shown.values()) this.#release(row);
    this.#shown.clear();
    this.#measure();
    this.root.scrollTop = 0;
    this.draw();
    this.#selectionChanged();
  }

  /**
   * Follows the model, which had `before` messages: positions that went, descending, and the uids
   * that went; or, with none, messages that came.
   */
  follow(removed, expungedUids, before) {
    const total = this.total;
    const top = this.#offset();
    const anchorPosition = before - 1 - Math.floor(top / this.#rowHeight);
    let hit = false;
    for (const uid of expungedUids) hit = this.selection.delete(uid) || hit;
    if (this.cursor >= 0) {
      const position = before - 1 - this.cursor;
      const gone = removed.includes(position);
      const below = removed.filter((other) => other < position).length;
      // Where the message itself went, the next older one takes its place.
      const index = total - 1 - (position - below - (gone ? 1 : 0));
      this.cursor = Math.min(total - 1, Math.max(0, index));
      if (gone) this.cursorUid = undefined;
    }
    this.#measure();
    if (top > this.#rowHeight / 2 && before !== total) {
      const below = removed.filter((other) => other < anchorPosition).length;
      const index = total - 1 - (anchorPosition - below);
      this.#scrollToOffset(index * this.#rowHeight + (top % this.#rowHeight));
    }
    this.draw();
    if (hit || removed.length > 0) this.#selectionChanged();
  }

  /**
   * Follows a model that changed otherwise than at its ends: the cursor goes where its message went.
   * @param {ArrayLike<number>} expungedUids and `mailbox`, where they were
   */
  refresh(expungedUids = [], mailbox = undefined) {
    let hit = false;
    for (const uid of Array.from(expungedUids)) {
      hit = this.selection.delete(uid) || hit;
      if (uid === this.cursorUid && (this.#cursorMailbox ?? mailbox) === mailbox) this.cursorUid = undefined;
    }
    if (this.cursor >= 0 && this.cursorUid !== undefined) {
      const position = this.model.find(this.cursorUid, this.#cursorMailbox);
      if (position !== undefined) this.cursor = this.total - 1 - position;
    }
    this.cursor = Math.min(this.cursor, this.total - 1);
    this.#measure();
    this.draw();
    if (hit || expungedUids.length > 0) this.#selectionChanged();
  }

  row(index) {
    return this.model?.row(this.total - 1 - index);
  }

  // ---- Geometry: `#offset` is where the top edge is in the list as it would be unscaled.

  #measure() {
    this.#height = this.total * this.#rowHeight;
    this.#space.style.height = `${Math.min(this.#height, TALLEST)}px`;
  }

  get #scaled() {
    return this.#height > TALLEST;
  }

  #offset() {
    const { scrollTop, clientHeight } = this.root;
    if (!this.#scaled) return scrollTop;
    return (scrollTop / (TALLEST - clientHeight)) * (this.#height - clientHeight);
  }

  #scrollToOffset(offset) {
    const { clientHeight } = this.root;
    const bounded = Math.max(0, Math.min(offset, this.#height - clientHeight));
    this.root.scrollTop = this.#scaled
      ? (bounded / (this.#height - clientHeight)) * (TALLEST - clientHeight)
      : bounded;
  }

  #scrolled() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  // ---- Drawing

  /** Draws what is in sight, and asks the model for what is missing. */
  draw() {
    const { clientHeight, scrollTop } = this.root;
    if (!this.model || clientHeight === 0) return;
    const offset = this.#offset();
    const first = Math.max(0, Math.floor(offset / this.#rowHeight) - AROUND);
    const last = Math.min(this.total - 1, Math.ceil((offset + clientHeight) / this.#rowHeight) + AROUND);
    for (const [index, row] of this.#shown) {
      if (index < first || index > last) {
        this.#release(row);
        this.#shown.delete(index);
      }
    }
    for (let index = first; index <= last; index += 1) {
      let row = this.#shown.get(index);
      if (!row) {
        row = this.#spare.pop() ?? buildRow(this.#space);
        row.element.hidden = false;
        row.drawn = undefined;
        this.#shown.set(index, row);
      }
      const y = index * this.#rowHeight - offset + scrollTop;
      if (row.y !== y) {
        row.y = y;
        row.element.style.transform = `translateY(${y}px)`;
      }
      const message = this.row(index);
      fillRow(row, message, {
        index, total: this.total, cursor: index === this.cursor, outgoing: this.outgoing, sizes: this.sizes,
        chosen: message !== undefined && this.selection.has(message.uid) && this.model.multiple,
      });
    }
    const at = this.cursor >= first && this.cursor <= last ? `row-${this.cursor}` : null;
    if (at) this.root.setAttribute("aria-activedescendant", at);
    else this.root.removeAttribute("aria-activedescendant");
    if (last >= first) this.#ask(this.total - 1 - last, this.total - 1 - first);
  }

  /** Asks for a screen more on both sides; rows that a fast scroll flies over are not asked for. */
  #ask(first, last) {
    const more = this.fitting;
    const flying = Math.abs(first - this.#lastFirst) > 2 * more;
    this.#lastFirst = first;
    clearTimeout(this.#timer);
    if (flying) this.#timer = setTimeout(() => this.draw(), 60);
    else this.model.want(Math.max(0, first - more), Math.min(this.total - 1, last + more));
  }

  redraw() {
    for (const row of this.#shown.values()) row.drawn = undefined;
    this.draw();
  }

  #release(row) {
    row.element.hidden = true;
    this.#spare.push(row);
  }

  // ---- Cursor and selection

  /** How many rows fit in sight. */
  get fitting() {
    return Math.max(1, Math.floor(this.root.clientHeight / this.#rowHeight));
  }

  /** Moves the cursor; `extend` selects from the anchor to it. Opens nothing. */
  async moveTo(index, { extend = false, open = false } = {}) {
    if (this.total === 0) return;
    this.cursor = Math.max(0, Math.min(this.total - 1, index));
    this.#keep(this.row(this.cursor));
    this.#reveal(this.cursor);
    this.draw();
    if (extend) await this.#extendTo(this.cursor);
    else this.#anchor = this.cursor;
    if (open) this.#open(this.cursor);
  }

  #keep(message) {
    this.cursorUid = message?.uid;
    this.#cursorMailbox = message?.mailbox;
  }

  openCursor() {
    if (this.cursor >= 0) this.#open(this.cursor);
  }

  async #open(index) {
    const { model } = this;
    const message = this.row(index) ?? (await this.#rowFromStore(index));
    if (message && model === this.model) {
      this.#keep(message);
      this.dispatchEvent(new CustomEvent("open", { detail: message }));
    }
  }

  async #rowFromStore(index) {
    if (this.model.bare) return this.model.bare(this.total - 1 - index);
    const [uid] = await this.model.uidsBetween(this.total - 1 - index, this.total - 1 - index);
    return uid === undefined ? undefined : { uid, flags: [] };
  }

  #reveal(index) {
    const top = index * this.#rowHeight;
    const offset = this.#offset();
    const { clientHeight } = this.root;
    if (top < offset) this.#scrollToOffset(top);
    else if (top + this.#rowHeight > offset + clientHeight) this.#scrollToOffset(top + this.#rowHeight - clientHeight);
  }

  async #extendTo(index) {
    const { model, total } = this;
    if (!model.multiple) return;
    const uids = await model.uidsBetween(total - 1 - this.#anchor, total - 1 - index);
    if (model !== this.model) return;
    this.selection = new Set(uids);
    this.#selectionChanged();
  }

  toggle(index) {
    const message = this.row(index);
    if (!message || !this.model.multiple) return;
    if (!this.selection.delete(message.uid)) this.selection.add(message.uid);
    this.#anchor = index;
    this.#selectionChanged();
  }

  async selectAll() {
    const { model } = this;
    if (!model.multiple) return;
    const uids = await model.uidsBetween(0, this.total - 1);
    if (model !== this.model) return;
    this.selection = new Set(uids);
    this.#selectionChanged();
  }

  clearSelection() {
    if (this.selection.size === 0) return false;
    this.selection.clear();
    this.#selectionChanged();
    return true;
  }

  /** What an action is about: the selection, or the message with the cursor. */
  targets() {
    if (this.selection.size > 0) return Array.from(this.selection).sort((a, b) => a - b);
    const uid = this.cursor >= 0 ? (this.row(this.cursor)?.uid ?? this.cursorUid) : undefined;
    return uid === undefined ? [] : [uid];
  }

  /** The mailbox of the message with the cursor, where that is not the one on screen for certain. */
  targetMailbox() {
    return this.model?.multiple === false && this.cursor >= 0 ? (this.row(this.cursor)?.mailbox ?? this.#cursorMailbox) : undefined;
  }

  #selectionChanged() {
    this.root.classList.toggle("selecting", this.selection.size > 0);
    this.root.classList.toggle("single", this.model?.multiple === false);
    this.draw();
    this.dispatchEvent(new Event("selection"));
  }

  #indexOf(event) {
    const element = event.target.closest?.(".row");
    return element ? Number(element.dataset.index) : -1;
  }

  #click(event) {
    const index = this.#indexOf(event);
    if (index < 0) return;
    if (event.target.closest(".row-star")) {
      const message = this.row(index);
      if (message) this.dispatchEvent(new CustomEvent("star", { detail: message }));
      return;
    }
    if (event.target.closest(".row-mark") || event.ctrlKey || event.metaKey) {
      if (event.shiftKey) this.moveTo(index, { extend: true });
      else this.toggle(index);
      return;
    }
    if (event.shiftKey) {
      this.moveTo(index, { extend: true });
      return;
    }
    this.clearSelection();
    this.moveTo(index, { open: true });
  }

  #drag(event) {
    const message = this.row(this.#indexOf(event));
    if (!message || !this.model.multiple) return event.preventDefault();
    const uids = this.selection.has(message.uid) ? this.targets() : [message.uid];
    event.dataTransfer.effectAllowed = "copyMove";
    event.dataTransfer.setData("application/x-offline-mailbox", JSON.stringify({ mailboxId: this.mailboxId, uids }));
    const ghost = el("div", { class: "toast drag-ghost", text: uids.length === 1 ? message.subject || "1 message" : `${uids.length} messages` });
    document.body.append(ghost);
    event.dataTransfer.setDragImage(ghost, 10, 10);
    setTimeout(() => ghost.remove());
  }
}
