// The demo webmail: opens the mail store of this browser and puts the panes together.

import { Actions } from "./actions.js";
import { helpDialog, openMenu, pickMailbox } from "./dialogs.js";
import { byId, el, icon, iconButton } from "./dom.js";
import { parseFilter, WORDS } from "./filter.js";
import { count, plural } from "./format.js";
import { acceptDrops, Importer } from "./importer.js";
import { listen } from "./keyboard.js";
import { MessageList } from "./list.js";
import { ListModel } from "./model.js";
import { Reader } from "./reader.js";
import { offerSample } from "./sample.js";
import { fullName, leafName, mailboxIcon, Store } from "./store.js";
import { Status } from "./status.js";
import { failure, notice } from "./toast.js";
import { Tree } from "./tree.js";

const app = byId("app");
const OWNER = new URLSearchParams(location.search).get("owner") || "demo@example.org";

async function start() {
  const store = await Store.open(OWNER);
  const page = new Page(store);
  await page.select(page.startMailbox());
  app.dataset.state = "ready";
  await offerSample(store, byId("list-empty"));
  page.redraw();
}

class Page {
  #filterTurn = 0;
  #filtering; // ends the search under way
  #research = 0;

  constructor(store) {
    this.store = store;
    this.actions = new Actions(store);
    this.status = new Status(store);
    this.importer = new Importer(store, byId("import-panel"));
    this.list = new MessageList(byId("list"));
    this.tree = new Tree(byId("tree"), store);
    const one = (run) => (message) => run([message.uid]);
    this.reader = new Reader(byId("reader"), store, {
      back: () => this.pane("list"),
      star: ({ uid }) => this.star([uid]),
      unread: one((uids) => this.actions.flag(uids, "\\Seen", false)),
      archive: one((uids) => this.leave(this.actions.archive(uids))),
      remove: one((uids) => this.leave(this.actions.remove(uids))),
      move: one((uids) => this.leave(this.actions.moveTo(uids))),
    });
    this.toolbar = this.#toolbar();
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
    const { store, list, reader } = this;
    store.addEventListener("mailboxes", () => this.redraw());
    store.addEventListener("selected", () => {
      byId("search").value = "";
      list.outgoing = ["\\Sent", "\\Drafts"].includes(store.current()?.specialUse);
      reader.clear();
      this.pane("list");
      this.#show(undefined);
      this.redraw();
    });
    store.addEventListener("updates", ({ detail: updates }) => this.#follow(updates));
    store.addEventListener("gone", async () => {
      notice(`${fullName(store.name)} was deleted`);
      await this.select("INBOX");
    });
    store.addEventListener("trouble", ({ detail: error }) => {
      if (["VERSION_CHANGED", "STORAGE_LOST", "INTERNAL"].includes(error.code)) fatal("The mail store stopped", error);
      else if (error.code !== "CLOSED") failure("Following changes", error);
    });
  }

  #listenToPanes() {
    const { list, tree, store } = this;
    list.addEventListener("open", ({ detail: row }) => this.open(row));
    list.addEventListener("star", ({ detail: row }) => this.actions.flag([row.uid], "\\Flagged", !row.flags.includes("\\Flagged")));
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
    byId("search-words").append(...WORDS.map((word) => el("option", { value: word })));
    const search = byId("search");
    let timer;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.filter(search.value), 200);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        search.value = "";
        this.filter("");
        list.root.focus();
      } else if (event.key === "Enter") {
        clearTimeout(timer);
        this.filter(search.value, true).then(() => list.root.focus());
      }
    });
    addEventListener("hashchange", () => {
      const name = this.startMailbox();
      if (name !== store.name) this.select(name);
    });
    document.addEventListener("visibilitychange", () => document.hidden || list.redraw());
  }

  #keys() {
    const { list, actions } = this;
    const step = (by, options) => () => list.moveTo(list.cursor < 0 ? 0 : list.cursor + by, options);
    const opened = () => app.dataset.pane === "reader" || this.reader.uid !== undefined;
    const next = (by) => () => list.moveTo(list.cursor < 0 ? 0 : list.cursor + by, { open: opened() });
    listen({
      j: next(1), k: next(-1), ArrowDown: next(1), ArrowUp: next(-1),
      "Shift+ArrowDown": step(1, { extend: true }), "Shift+ArrowUp": step(-1, { extend: true }),
      PageDown: () => list.moveTo(Math.max(0, list.cursor) + list.fitting), PageUp: () => list.moveTo(Math.max(0, list.cursor) - list.fitting),
      Home: () => list.moveTo(0), End: () => list.moveTo(list.total - 1),
      Enter: () => list.openCursor(), o: () => list.openCursor(),
      x: () => list.toggle(list.cursor), " ": () => list.toggle(list.cursor),
      "Ctrl+a": () => { list.selectAll().catch((error) => failure("Selecting", error)); },
      s: () => this.star(list.targets()),
      u: () => actions.flag(list.targets(), "\\Seen", false), r: () => actions.flag(list.targets(), "\\Seen", true),
      e: () => this.leave(actions.archive(list.targets())),
      "#": () => this.leave(actions.remove(list.targets())), Delete: () => this.leave(actions.remove(list.targets())),
      v: () => this.leave(actions.moveTo(list.targets())), c: () => actions.copyTo(list.targets()),
      n: () => this.create(), i: () => this.chooseFiles(this.store.name), g: () => this.goTo(),
      "/": () => byId("search").focus(), "?": helpDialog,
      Escape: () => this.escape(),
    });
  }

  #toolbar() {
    const { list, actions } = this;
    const act = (name, label, run) => iconButton(name, label, { on: { click: run } });
    const all = act("check", "Select all (Ctrl+A)", () => (list.selection.size > 0 ? list.clearSelection() : list.selectAll()));
    const needing = [
      act("archive", "Archive (e)", () => this.leave(actions.archive(list.targets()))),
      act("trash", "Delete (#)", () => this.leave(actions.remove(list.targets()))),
      act("move", "Move to… (v)", () => this.leave(actions.moveTo(list.targets()))),
      act("copy", "Copy to… (c)", () => actions.copyTo(list.targets())),
      act("read", "Mark as read (r)", () => actions.flag(list.targets(), "\\Seen", true)),
      act("mail", "Mark as unread (u)", () => actions.flag(list.targets(), "\\Seen", false)),
      act("star", "Star (s)", () => this.star(list.targets())),
    ];
    const more = act("more", "More", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      const counts = this.store.current()?.counts ?? {};
      openMenu(box.left, box.bottom + 4, [
        { icon: "read", text: "Mark all as read", run: () => actions.readAll(this.store.name), disabled: !counts.unseen },
        { icon: "import", text: "Import mail here…", run: () => this.chooseFiles(this.store.name) },
        { icon: "check", text: "Expunge deleted", run: () => actions.expunge(this.store.name), disabled: !counts.deleted },
        null,
        { icon: "trash", text: "Empty mailbox…", run: () => actions.empty(this.store.name), danger: true, disabled: !counts.exists },
      ], event.currentTarget);
    });
    byId("toolbar").append(all, ...needing, el("span", { class: "gap" }), more);
    return { all, needing };
  }

  // ---- What is on screen

  async select(name) {
    this.drawer(false);
    try {
      await this.store.select(name);
    } catch (error) {
      failure(`Opening ${fullName(name)}`, error);
    }
  }

  /** Another list of the view on screen: all of it, or these uids. */
  #show(uids) {
    const model = new ListModel(this.store.session, this.store.selected, uids, () => this.list.draw());
    model.ongrow = (before) => {
      this.list.follow([], [], before);
      this.heading();
    };
    model.onerror = (error) => this.store.selected.closed || failure("Reading the list", error);
    this.list.show(model);
    this.heading();
  }

  #follow(updates) {
    const { list, reader } = this;
    const before = list.total;
    list.follow(list.model.apply(updates), updates.expunged.uid, before);
    const at = reader.uid === undefined ? -1 : updates.flags.uid.indexOf(reader.uid);
    if (at >= 0) reader.flags(updates.flags.flags[at]);
    if (reader.uid !== undefined && updates.expunged.uid.includes(reader.uid)) {
      reader.clear("The message is not in this mailbox any more");
      if (!matchMedia("(min-width: 761px)").matches) this.pane("list");
    }
    if (list.model.uids && updates.exists !== undefined) {
      clearTimeout(this.#research);
      this.#research = setTimeout(() => this.filter(byId("search").value), 500);
    }
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
    byId("mailbox-title").textContent = fullName(store.name);
    const parts = list.selection.size > 0
      ? [`${count(list.selection.size)} of ${count(list.total)} selected`]
      : list.model?.uids
        ? [`${plural(list.total, "match", "matches")}`]
        : [plural(list.total, "message"), unseen > 0 ? `${count(unseen)} unread` : "", deleted > 0 ? `${count(deleted)} to expunge` : ""];
    byId("mailbox-subtitle").textContent = parts.filter(Boolean).join(" · ");
    const idle = list.targets().length === 0;
    for (const button of this.toolbar.needing) button.disabled = idle;
    this.toolbar.all.disabled = list.total === 0;
    this.#empty();
  }

  #empty() {
    const place = byId("list-empty");
    if (place.dataset.busy) return;
    const { list, store } = this;
    place.hidden = list.total > 0;
    const key = `${store.name}|${Boolean(list.model?.uids)}`;
    if (place.hidden || place.dataset.for === key) return;
    place.dataset.for = key;
    if (list.model?.uids) {
      place.replaceChildren(icon("search"), el("h2", { text: "Nothing matches" }), el("p", { text: "No message of this mailbox has all of these." }));
      return;
    }
    place.replaceChildren(
      icon(mailboxIcon(store.current() ?? { name: store.name })),
      el("h2", { text: `${leafName(store.name)} is empty` }),
      el("p", { text: "Drop .mbox or .eml files here, or drag messages onto it from another mailbox." }),
      el("button", { type: "button", class: "button", on: { click: () => this.chooseFiles(store.name) } }, icon("import"), "Import mail"));
  }

  open(row) {
    this.pane("reader");
    this.heading();
    return this.reader.open(row.uid);
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
    if (reading === undefined || app.dataset.pane !== "reader" || !matchMedia("(min-width: 761px)").matches) return;
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

  /** Shows what the filter line asks for; says what is wrong with it only when it is entered. */
  async filter(line, entered = false) {
    const turn = (this.#filterTurn += 1);
    this.#filtering?.abort();
    const { signal } = (this.#filtering = new AbortController());
    try {
      const keys = parseFilter(line);
      const { selected, session } = this.store;
      if (keys === undefined) {
        if (this.list.model.uids) this.#show(undefined);
        return;
      }
      const { uids } = await session.searchMailbox(selected, keys, { signal });
      if (turn === this.#filterTurn && selected === this.store.selected) this.#show(uids);
    } catch (error) {
      if (entered && !signal.aborted) failure("Filtering", error);
    }
  }

  escape() {
    if (this.list.clearSelection()) return;
    if (app.classList.contains("tree-open")) this.drawer(false);
    else if (app.dataset.pane === "reader" || this.reader.uid !== undefined) {
      this.reader.clear();
      this.pane("list");
      this.list.root.focus();
    } else if (byId("search").value) {
      byId("search").value = "";
      this.filter("");
    }
  }
}

if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});

const ADVICE = {
  UNAVAILABLE: "This browser gives this page no storage, or could not start the engine. Private windows often have none; try a normal one.",
  BLOCKED: "Another tab holds an older version of the mail store. Close it and reload this one.",
  SCHEMA_TOO_NEW: "A newer version of this page has written the mail store. Reload to get that version.",
  VERSION_CHANGED: "Another tab has renewed or deleted the mail store. Reload to go on.",
  STORAGE_LOST: "The browser lost its storage. Close all its windows and try again; nothing was deleted.",
  INTERNAL: "Something broke inside. What was stored is safe; reload to go on.",
};

/** Covers the page: it cannot go on without a reload. */
function fatal(heading, error) {
  if (document.querySelector(".fatal")) return;
  document.body.append(el("div", { class: "fatal", role: "alert" },
    icon("disk"), el("h2", { text: heading }),
    el("p", { text: ADVICE[error.code] ?? error.message }), error.code ? el("code", { text: error.code }) : "",
    el("button", { type: "button", class: "button button-primary", text: "Reload", on: { click: () => location.reload() } })));
}

start().catch((error) => {
  console.error(error);
  fatal("The mail store could not be opened", error);
});
