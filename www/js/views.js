// What the list shows of the mailbox on screen, in which order: the line of columns above it, and
// conversations. Hits of a search take its place for a while.

import { el, icon } from "./dom.js";
import { ListedModel, newestThreadFirst } from "./listed.js";
import { WindowModel } from "./model.js";

/** By which criterion each column sorts at the first click. */
const COLUMNS = [
  { name: "from", text: "From", sort: "displayFrom" },
  { name: "subject", text: "Subject", sort: "subject" },
  { name: "size", text: "Size", sort: "-size" },
  { name: "date", text: "Date", sort: "-date" },
];

const opposite = (sort) => (sort.startsWith("-") ? sort.slice(1) : `-${sort}`);

/** Events: `shown` (the list shows another model), `threads` (conversations were read anew). */
export class Views extends EventTarget {
  /** A criterion of `listMessages`, from the top down; undefined for the newest arrivals first. */
  sort = undefined;
  threads = false;
  /** How many conversations there are, where they are shown. */
  conversations = 0;
  #heads = new Map();
  #timer = 0;
  #turn = 0;

  constructor(store, list, bar, on) {
    super();
    this.store = store;
    this.list = list;
    this.bar = bar;
    this.on = on;
    this.#build();
  }

  #build() {
    for (const { name, text } of COLUMNS) {
      const button = el("button", { type: "button", class: "sort-button", on: { click: () => this.#choose(name) } }, el("span", { text }), icon("sort"));
      const head = el("div", { role: "columnheader", "aria-sort": "none", class: `sort-head sort-${name}` }, button);
      this.#heads.set(name, { head, button });
    }
    this.toggle = el("button", { type: "button", class: "sort-button thread-button", "aria-pressed": "false", "aria-label": "Conversations", title: "Conversations (t)", on: { click: () => this.setThreads(!this.threads) } }, icon("threads"), el("span", { text: "Threads" }));
    this.bar.append(
      el("div", { role: "table", class: "sort-table", "aria-label": "Sort by" }, el("div", { role: "row", class: "sort-row" }, ...[...this.#heads.values()].map(({ head }) => head))),
      this.toggle);
    this.#mark();
  }

  #criterion({ name, sort }) {
    return name === "from" && this.list.outgoing ? "displayTo" : sort;
  }

  /** First its own direction, then the other one, then the order of arrival again. */
  #choose(name) {
    const first = this.#criterion(COLUMNS.find((column) => column.name === name));
    if (this.sort === first) this.sort = opposite(first);
    else if (this.sort === opposite(first)) this.sort = undefined;
    else this.sort = first;
    this.threads = false;
    this.show();
  }

  setThreads(on) {
    this.threads = on;
    this.sort = undefined;
    this.show();
  }

  #mark() {
    for (const column of COLUMNS) {
      const { head, button } = this.#heads.get(column.name);
      const sort = this.#criterion(column);
      const up = this.sort !== undefined && [sort, opposite(sort)].includes(this.sort) ? !this.sort.startsWith("-") : undefined;
      const direction = up === undefined ? "none" : up ? "ascending" : "descending";
      head.setAttribute("aria-sort", direction);
      button.dataset.sort = direction;
      if (column.name === "from") button.firstElementChild.textContent = this.list.outgoing ? "To" : "From";
      button.title = direction === "none" ? `Sort by ${column.text.toLowerCase()}` : `Sorted by ${column.text.toLowerCase()}, ${direction}`;
    }
    this.toggle.setAttribute("aria-pressed", String(this.threads));
  }

  /** Shows the mailbox on screen, from the top. */
  show() {
    clearTimeout(this.#timer);
    this.#turn += 1;
    const { session, selected } = this.store;
    if (this.sort === "displayFrom" && this.list.outgoing) this.sort = "displayTo";
    if (this.sort === "displayTo" && !this.list.outgoing) this.sort = "displayFrom";
    this.#mark();
    this.bar.hidden = false;
    if (this.threads) {
      this.#present(new ListedModel(session, "threads", { selected, multiple: true, on: this.on }));
      this.#thread(true);
    } else {
      // The list reads its rows from the bottom up.
      this.#present(new WindowModel(session, selected, this.sort ? opposite(this.sort) : "arrival", this.on));
    }
  }

  /** Shows the hits of a search. */
  hits(model) {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.bar.hidden = true;
    if (this.list.model !== model) this.#present(model);
  }

  #present(model) {
    this.list.sizes = model.kind === "sorted" && /size/.test(this.sort ?? "");
    this.list.mailboxId = this.store.selected.mailboxId;
    this.list.show(model);
    this.dispatchEvent(new Event("shown"));
  }

  /** Mail came or went: conversations are put together anew, in a moment. */
  follow(updates) {
    if (this.list.model.kind !== "threads" || (updates.exists === undefined && updates.expunged.uid.length === 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#thread(false), 250);
  }

  async #thread(first) {
    const turn = this.#turn;
    const { session, selected, name } = this.store;
    const { model } = this.list;
    this.reading = first;
    try {
      const answer = await session.threadMailbox(selected, "references");
      if (turn !== this.#turn) return;
      const { threads, ...group } = newestThreadFirst(answer);
      this.conversations = threads;
      this.reading = false;
      model.set([{ name, ...group }]);
      this.dispatchEvent(new Event("threads"));
    } catch (error) {
      if (turn === this.#turn) this.on.error(error);
    }
  }
}
