// The page: puts the panes together, and says what happens when the user or the store does something.

import { Actions } from "./actions.js";
import { helpDialog, pickMailbox } from "./dialogs.js";
import { byId, el, icon } from "./dom.js";
import { Filters } from "./filters.js";
import { count, plural } from "./format.js";
import { acceptDrops, Importer } from "./importer.js";
import { listen } from "./keyboard.js";
import { MessageList } from "./list.js";
import { Reader } from "./reader.js";
import { Search } from "./search.js";
import { fullName, leafName, mailboxIcon } from "./store.js";
import { Status } from "./status.js";
import { failure, notice } from "./toast.js";
import { fillToolbar } from "./toolbar.js";
import { Tree } from "./tree.js";
import { Views } from "./views.js";

const app = byId("app");
const WIDE = matchMedia("(min-width: 761px)");

export class Page {
  /** Whether the list stays as it is while another mailbox is selected: a hit is being opened there. */
  #staying = false;

  /** @param fatal covers the page: (heading, error) */
  constructor(store, fatal) {
    this.store = store;
    this.fatal = fatal;
    this.actions = new Actions(store);
    this.status = new Status(store);
    this.importer = new Importer(store, byId("import-panel"));
    this.list = new MessageList(byId("list"));
    this.tree = new Tree(byId("tree"), store);
    const on = {
      change: () => (this.list.model?.kind === "arrival" ? this.list.draw() : this.list.refresh()),
      grow: (before) => {
        if (this.list.model.kind === "arrival") this.list.follow([], [], before);
        else this.list.refresh();
        this.heading();
      },
      error: (error) => this.store.selected.closed || failure("Reading the list", error),
    };
    this.views = new Views(store, this.list, byId("sort-bar"), on);
    this.search = new Search(store, byId("search"), byId("search-strip"), on);
    const one = (run) => (message) => run([message.uid]);
    this.reader = new Reader(byId("reader"), store, {
      back: () => this.pane("list"),
      star: ({ uid }) => this.star([uid]),
      unread: one((uids) => this.actions.flag(uids, "\\Seen", false)),
      archive: one((uids) => this.leave(this.actions.archive(uids))),
      remove: one((uids) => this.leave(this.actions.remove(uids))),
      move: one((uids) => this.leave(this.actions.moveTo(uids))),
      filter: () => this.filters.show(true),
    });
    this.filters = new Filters(byId("filters"), store, this.reader);
    this.toolbar = fillToolbar(byId("toolbar"), this);
    this.#listenToStore();
    this.#listenToPanes();
    this.#keys();
  }

  startMailbox() {
    let asked = "";
    try {
      asked = decodeURIComponent(location.hash.slice(1));
    } catch {
      // Not an address of ours.
    }
    return this.store.mailboxes.get(asked)?.selectable ? asked : "INBOX";
  }

  // ---- Wiring

  #listenToStore() {
    const { store, list, reader, views, search } = this;
    store.addEventListener("mailboxes", () => this.redraw());
    store.addEventListener("selected", () => {
      // What is open is of the mailbox before: its uid means another message here.
      reader.clear();
      if (this.#staying) return this.redraw();
      search.reset();
      list.outgoing = ["\\Sent", "\\Drafts"].includes(store.current()?.specialUse);
      this.pane("list");
      views.show();
      this.redraw();
    });
    store.addEventListener("updates", ({ detail: updates }) => this.#follow(updates));
    store.addEventListener("gone", async () => {
      notice(`${fullName(store.name)} was deleted`);
      await this.select("INBOX");
    });
    store.addEventListener("trouble", ({ detail: error }) => {
      if (["VERSION_CHANGED", "STORAGE_LOST", "INTERNAL"].includes(error.code)) this.fatal("The mail store stopped", error);
      else if (error.code !== "CLOSED") failure("Following changes", error);
    });
  }

  #listenToPanes() {
    const { list, tree, store, views, search, filters } = this;
    list.addEventListener("open", ({ detail: row }) => this.open(row));
    list.addEventListener("star", async ({ detail: row }) => {
      if (await this.#reach(row.mailbox)) this.actions.flag([row.uid], "\\Flagged", !row.flags.includes("\\Flagged"));
    });
    list.addEventListener("selection", () => this.heading());
    tree.addEventListener("choose", ({ detail: name }) => this.select(name));
    tree.addEventListener("command", ({ detail: { command, name } }) => this.command(command, name));
    tree.addEventListener("drop", ({ detail: { name, uids, copy, files } }) => {
      if (files) this.importer.add(files, name);
      else if (copy) this.actions.copy(uids, name);
      else this.leave(this.actions.move(uids, name));
    });
    byId("new-mailbox").addEventListener("click", () => this.create());
    byId("help").addEventListener("click", helpDialog);
    byId("import").addEventListener("click", () => this.chooseFiles(store.name));
    byId("import-files").addEventListener("change", ({ target }) => {
      this.importer.add([...target.files], target.dataset.into || store.name);
      target.value = "";
    });
    acceptDrops(byId("drop-hint"), (files) => this.importer.add(files, store.name));
    byId("toggle-tree").addEventListener("click", () => this.drawer(!app.classList.contains("tree-open")));
    byId("scrim").addEventListener("click", () => this.drawer(false));
    views.addEventListener("shown", () => this.heading());
    views.addEventListener("threads", () => this.heading());
    search.addEventListener("hits", ({ detail: model }) => {
      list.outgoing = false;
      views.hits(model);
      this.heading();
    });
    search.addEventListener("clear", () => this.#leaveSearch());
    search.addEventListener("done", () => this.heading());
    search.input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        search.clear();
        list.root.focus();
      } else if (event.key === "Enter") {
        search.run().then(() => list.root.focus());
      }
    });
    byId("open-filters").addEventListener("click", () => this.showFilters());
    filters.addEventListener("close", () => list.redraw());
    filters.addEventListener("open", ({ detail: name }) => {
      filters.close();
      this.select(name);
    });
    addEventListener("hashchange", () => {
      const name = this.startMailbox();
      if (name !== store.name) this.select(name);
    });
    document.addEventListener("visibilitychange", () => document.hidden || list.redraw());
  }

  #keys() {
    const { list, actions, filters } = this;
    const step = (by, options) => () => list.moveTo(list.cursor < 0 ? 0 : list.cursor + by, options);
    const opened = () => app.dataset.pane === "reader" || this.reader.uid !== undefined;
    const next = (by) => () => list.moveTo(list.cursor < 0 ? 0 : list.cursor + by, { open: opened() });
    const mail = {
      j: next(1), k: next(-1), ArrowDown: next(1), ArrowUp: next(-1),
      "Shift+ArrowDown": step(1, { extend: true }), "Shift+ArrowUp": step(-1, { extend: true }),
      PageDown: () => list.moveTo(Math.max(0, list.cursor) + list.fitting), PageUp: () => list.moveTo(Math.max(0, list.cursor) - list.fitting),
      Home: () => list.moveTo(0), End: () => list.moveTo(list.total - 1),
      Enter: () => list.openCursor(), o: () => list.openCursor(),
      x: () => list.toggle(list.cursor), " ": () => list.toggle(list.cursor),
      "Ctrl+a": () => { list.selectAll().catch((error) => failure("Selecting", error)); },
      s: () => this.on((uids) => this.star(uids)),
      u: () => this.on((uids) => actions.flag(uids, "\\Seen", false)), r: () => this.on((uids) => actions.flag(uids, "\\Seen", true)),
      e: () => this.on((uids) => this.leave(actions.archive(uids))),
      "#": () => this.on((uids) => this.leave(actions.remove(uids))), Delete: () => this.on((uids) => this.leave(actions.remove(uids))),
      v: () => this.on((uids) => this.leave(actions.moveTo(uids))), c: () => this.on((uids) => actions.copyTo(uids)),
      t: () => this.search.active || this.views.setThreads(!this.views.threads),
      n: () => this.create(), i: () => this.chooseFiles(this.store.name),
      Escape: () => this.escape(),
    };
    const always = {
      g: () => this.goTo(), f: () => (filters.shown ? filters.close() : this.showFilters()),
      "/": () => {
        if (filters.shown) filters.close();
        this.search.input.focus();
      },
      "?": helpDialog,
    };
    listen((key) => always[key] ?? (filters.shown ? { Escape: () => filters.close() } : mail)[key]);
  }

  // ---- What is on screen

  async select(name) {
    this.drawer(false);
    if (this.filters.shown) this.filters.close();
    this.#staying = false;
    try {
      await this.store.select(name);
    } catch (error) {
      failure(`Opening ${fullName(name)}`, error);
    }
  }

  /** Selects the mailbox of a hit, while the hits stay on screen. Resolves whether that worked. */
  async #reach(name) {
    if (name === undefined || name === this.store.name) return true;
    this.#staying = true;
    try {
      await this.store.select(name);
      return this.store.name === name;
    } catch (error) {
      failure(`Opening ${fullName(name)}`, error);
      return false;
    } finally {
      this.#staying = false;
    }
  }

  /** Does something to the messages chosen in the list. */
  async on(work) {
    const uids = this.list.targets();
    if (await this.#reach(this.list.targetMailbox())) await work(uids);
  }

  #leaveSearch() {
    const { list, store } = this;
    if (list.model.kind !== "hits") return;
    list.outgoing = ["\\Sent", "\\Drafts"].includes(store.current()?.specialUse);
    this.views.show();
  }

  showFilters() {
    this.drawer(false);
    this.filters.show();
  }

  #follow(updates) {
    const { list, reader, store } = this;
    const before = list.total;
    const removed = list.model.apply(updates, store.name);
    if (list.model.kind === "arrival") list.follow(removed, updates.expunged.uid, before);
    else list.refresh(updates.expunged.uid, list.model.multiple ? undefined : store.name);
    this.views.follow(updates);
    const at = reader.uid === undefined ? -1 : updates.flags.uid.indexOf(reader.uid);
    if (at >= 0) reader.flags(updates.flags.flags[at]);
    if (reader.uid !== undefined && updates.expunged.uid.includes(reader.uid)) {
      reader.clear("The message is not in this mailbox any more");
      if (!WIDE.matches) this.pane("list");
    }
    if (updates.exists !== undefined) this.search.soon();
    this.heading();
  }

  redraw() {
    this.tree.draw();
    this.heading();
    this.status.counts();
    const inbox = this.store.mailboxes.get("INBOX")?.counts?.unseen ?? 0;
    const name = this.store.name ? leafName(this.store.name) : "";
    const hash = this.store.name ? `#${encodeURIComponent(this.store.name)}` : "";
    if (location.hash !== hash) history.replaceState(null, "", hash);
    document.title = `${inbox > 0 ? `(${inbox}) ` : ""}${name ? `${name} · ` : ""}offline-mailbox`;
  }

  heading() {
    const { list, store } = this;
    if (!store.name) return;
    const { unseen = 0, deleted = 0 } = store.current()?.counts ?? {};
    const kind = list.model?.kind;
    byId("mailbox-title").textContent = kind === "hits" ? "Search" : fullName(store.name);
    const parts = list.selection.size > 0
      ? [`${count(list.selection.size)} of ${count(list.total)} selected`]
      : kind === "hits"
        ? [plural(list.total, "match", "matches")]
        : [plural(store.selected.exists, "message"), kind === "threads" && list.total > 0 ? plural(this.views.conversations, "conversation") : "",
          unseen > 0 ? `${count(unseen)} unread` : "", deleted > 0 ? `${count(deleted)} to expunge` : ""];
    byId("mailbox-subtitle").textContent = parts.filter(Boolean).join(" · ");
    const idle = list.targets().length === 0;
    for (const button of this.toolbar.needing) button.disabled = idle;
    this.toolbar.all.disabled = list.total === 0 || !list.model.multiple;
    this.#empty();
  }

  #empty() {
    const place = byId("list-empty");
    if (place.dataset.busy) return;
    const { list, store } = this;
    const hits = list.model?.kind === "hits";
    place.hidden = list.total > 0 || (list.model?.kind === "threads" && this.views.reading);
    const key = `${store.name}|${hits}`;
    if (place.hidden || place.dataset.for === key) return;
    place.dataset.for = key;
    if (hits) {
      place.replaceChildren(icon("search"), el("h2", { text: "Nothing matches" }), el("p", { text: "No message has all of these words. Keys such as from:ada, has:attachment or before:2026-01-31 narrow a search down." }));
      return;
    }
    place.replaceChildren(
      icon(mailboxIcon(store.current() ?? { name: store.name })),
      el("h2", { text: `${leafName(store.name)} is empty` }),
      el("p", { text: "Drop .mbox or .eml files here, or drag messages onto it from another mailbox." }),
      el("button", { type: "button", class: "button", on: { click: () => this.chooseFiles(store.name) } }, icon("import"), "Import mail"));
  }

  async open(row) {
    if (!(await this.#reach(row.mailbox))) return;
    this.pane("reader");
    this.heading();
    await this.reader.open(row.uid);
  }

  /** On narrow screens one pane is in sight. */
  pane(name) {
    app.dataset.pane = name;
  }

  drawer(open) {
    app.classList.toggle("tree-open", open);
    byId("toggle-tree").setAttribute("aria-expanded", String(open));
  }

  // ---- What the user does

  star(uids) {
    if (uids.length === 0) return undefined;
    const flags = (uid) => this.list.model.row(this.list.model.find(uid))?.flags ?? [];
    return this.actions.flag(uids, "\\Flagged", !uids.every((uid) => flags(uid).includes("\\Flagged")));
  }

  /** After messages left the list: where one of them was being read, go on with its neighbour. */
  async leave(done) {
    const { list, reader } = this;
    const reading = reader.uid;
    if (!(await done)) return;
    list.clearSelection();
    if (reading === undefined || app.dataset.pane !== "reader" || !WIDE.matches) return;
    // The view's update takes the message out of the reader, and is on its way by now.
    for (let waited = 0; reader.uid === reading && waited < 1000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (reader.uid === undefined) list.openCursor();
  }

  async create(parent) {
    const name = await this.actions.create(parent);
    if (name === undefined) return;
    await this.store.refresh();
  }

  command(command, name) {
    const run = {
      create: () => this.create(name),
      rename: () => this.actions.rename(name),
      delete: () => this.actions.delete(name),
      read: () => this.actions.readAll(name),
      expunge: () => this.actions.expunge(name),
      empty: () => this.actions.empty(name),
      import: () => this.chooseFiles(name),
    }[command];
    return run?.();
  }

  chooseFiles(name) {
    const input = byId("import-files");
    input.dataset.into = name;
    input.click();
  }

  async goTo() {
    const name = await pickMailbox({ title: "Go to", mailboxes: this.store.mailboxes.values() });
    if (name) await this.select(name);
  }

  escape() {
    if (this.list.clearSelection()) return;
    if (app.classList.contains("tree-open")) this.drawer(false);
    else if (app.dataset.pane === "reader" || this.reader.uid !== undefined) {
      this.reader.clear();
      this.pane("list");
      this.list.root.focus();
    } else if (this.search.active) {
      this.search.clear();
    }
  }
}
