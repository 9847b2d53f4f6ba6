// The mailbox tree: names as a tree with counts, keys as ARIA's tree pattern has them, and a place
// to drop messages and files on.

import { el, icon, iconButton } from "./dom.js";
import { count } from "./format.js";
import { leafName, mailboxIcon } from "./store.js";
import { openMenu } from "./dialogs.js";

const ORDER = ["\\Drafts", "\\Sent", "\\Archive", "\\Junk", "\\Trash"];

/** The order in which a person looks for them: Inbox, special ones, then by name. */
function rank(node) {
  if (node.name === "INBOX") return 0;
  const special = ORDER.indexOf(node.mailbox?.specialUse);
  return special >= 0 ? special + 1 : ORDER.length + 1;
}

/** Events: `choose` (detail: name), `command` (detail: { command, name }), `drop` (detail: { name, uids, copy } or { name, files }). */
export class Tree extends EventTarget {
  #collapsed = new Set(JSON.parse(localStorage.getItem("collapsed") ?? "[]"));
  #focused = undefined;
  #shape = "";

  constructor(root, store) {
    super();
    this.root = root;
    this.store = store;
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("contextmenu", (event) => this.#contextmenu(event));
    root.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["dragover", "dragleave", "drop"]) root.addEventListener(type, (event) => this.#drag(event));
  }

  /** Draws the tree; where only counts have changed, only those. */
  draw() {
    const shape = [...this.store.mailboxes.values()].map((m) => `${m.name}\n${m.specialUse}\n${m.selectable}`).join("\0");
    if (shape !== this.#shape) {
      this.#shape = shape;
      const focused = this.root.contains(document.activeElement);
      this.root.replaceChildren(...this.#nodes().map((node) => this.#build(node, 1)));
      if (focused) this.#item(this.#focused ?? this.store.name)?.focus();
    }
    for (const item of this.root.querySelectorAll(".tree-item")) this.#refresh(item);
    const focusable = this.#item(this.#focused) ?? this.#item(this.store.name) ?? this.#items()[0];
    for (const item of this.root.querySelectorAll(".tree-item")) item.tabIndex = item === focusable ? 0 : -1;
  }

  #nodes() {
    const roots = [];
    const byName = new Map();
    const node = (name, delimiter) => {
      let found = byName.get(name);
      if (!found) {
        found = { name, delimiter, children: [], mailbox: undefined };
        byName.set(name, found);
        const cut = delimiter ? name.lastIndexOf(delimiter) : -1;
        (cut > 0 ? node(name.slice(0, cut), delimiter).children : roots).push(found);
      }
      return found;
    };
    for (const mailbox of this.store.mailboxes.values()) node(mailbox.name, mailbox.delimiter).mailbox = mailbox;
    const sort = (nodes) => {
      nodes.sort((a, b) => rank(a) - rank(b) || leafName(a.name).localeCompare(leafName(b.name), undefined, { numeric: true }));
      for (const { children } of nodes) sort(children);
    };
    sort(roots);
    return roots;
  }

  #build({ name, delimiter, children, mailbox }, level) {
    const label = leafName(name, delimiter);
    const row = el("div", { class: "tree-row" },
      el("span", { class: "tree-twist" }, children.length > 0 ? icon("chevron") : null),
      icon(mailboxIcon(mailbox ?? { name, selectable: false })),
      el("span", { class: "tree-name", dir: "auto", text: label }),
      el("span", { class: "tree-count", "aria-hidden": "true" }),
      iconButton("more", `Actions for ${label}`, { class: "icon-button tree-menu", tabindex: "-1", "aria-haspopup": "menu" }));
    row.style.paddingLeft = `${6 + (level - 1) * 18}px`;
    const item = el("li", {
      class: "tree-item", role: "treeitem", "aria-level": level, tabindex: "-1", dataset: { name },
      "aria-expanded": children.length > 0 ? String(!this.#collapsed.has(name)) : null,
    }, row);
    if (children.length > 0) item.append(el("ul", { role: "group" }, ...children.map((child) => this.#build(child, level + 1))));
    return item;
  }

  #refresh(item) {
    const { name } = item.dataset;
    const mailbox = this.store.mailboxes.get(name);
    const { unseen = 0, exists = 0 } = mailbox?.counts ?? {};
    item.setAttribute("aria-selected", String(name === this.store.name));
    if (mailbox?.selectable) item.removeAttribute("aria-disabled");
    else item.setAttribute("aria-disabled", "true");
    const row = item.firstElementChild;
    row.classList.toggle("tree-unseen", unseen > 0);
    const counts = row.querySelector(".tree-count");
    if (unseen > 0) {
      const total = el("span", { class: "tree-total", text: exists > unseen ? ` / ${count(exists)}` : "" });
      counts.replaceChildren(el("b", { text: count(unseen) }), total);
    } else {
      counts.textContent = exists > 0 ? count(exists) : "";
    }
    item.setAttribute("aria-label", `${leafName(name)}${exists ? `, ${exists} messages, ${unseen} unread` : ""}`);
  }

  #item(name) {
    return this.#items().find((item) => item.dataset.name === name);
  }

  /** Those in sight, from top to bottom. */
  #items() {
    return [...this.root.querySelectorAll(".tree-item")].filter((item) => !item.parentElement.closest('.tree-item[aria-expanded="false"]'));
  }

  #focus(item) {
    if (!item) return;
    this.#focused = item.dataset.name;
    for (const other of this.root.querySelectorAll(".tree-item")) other.tabIndex = other === item ? 0 : -1;
    item.focus();
  }

  #expand(item, open) {
    if (!item.hasAttribute("aria-expanded")) return;
    item.setAttribute("aria-expanded", String(open));
    if (open) this.#collapsed.delete(item.dataset.name);
    else this.#collapsed.add(item.dataset.name);
    localStorage.setItem("collapsed", JSON.stringify([...this.#collapsed]));
  }

  #choose(item) {
    this.#focused = item.dataset.name;
    if (this.store.mailboxes.get(item.dataset.name)?.selectable) {
      this.dispatchEvent(new CustomEvent("choose", { detail: item.dataset.name }));
    } else {
      this.#expand(item, item.getAttribute("aria-expanded") !== "true");
    }
  }

  #click(event) {
    const item = event.target.closest(".tree-item");
    if (!item) return;
    if (event.target.closest(".tree-menu")) {
      const box = event.target.closest(".tree-menu").getBoundingClientRect();
      this.#menu(item, box.left, box.bottom + 2);
    } else if (event.target.closest(".tree-twist")?.firstChild) {
      this.#expand(item, item.getAttribute("aria-expanded") !== "true");
    } else {
      this.#choose(item);
    }
  }

  #contextmenu(event) {
    const item = event.target.closest(".tree-item");
    if (!item) return;
    event.preventDefault();
    this.#menu(item, event.clientX, event.clientY);
  }

  #menu(item, x, y) {
    const { name } = item.dataset;
    const mailbox = this.store.mailboxes.get(name);
    const real = Boolean(mailbox?.selectable);
    const run = (command) => () => this.dispatchEvent(new CustomEvent("command", { detail: { command, name } }));
    openMenu(x, y, [
      { icon: "plus", text: "New mailbox inside…", run: run("create") },
      { icon: "drafts", text: "Rename…", run: run("rename"), disabled: name === "INBOX" },
      { icon: "read", text: "Mark all as read", run: run("read"), disabled: !real || !mailbox.counts?.unseen },
      { icon: "import", text: "Import mail here…", run: run("import"), disabled: !real },
      null,
      { icon: "check", text: "Expunge deleted", run: run("expunge"), disabled: !real || !mailbox.counts?.deleted },
      { icon: "trash", text: "Empty…", run: run("empty"), danger: true, disabled: !real || !mailbox.counts?.exists },
      { icon: "close", text: "Delete mailbox…", run: run("delete"), danger: true, disabled: !real || name === "INBOX" },
    ], item);
  }

  #key(event) {
    const item = event.target.closest(".tree-item");
    if (!item || event.target !== item || event.ctrlKey || event.metaKey || event.altKey) return;
    const items = this.#items();
    const at = items.indexOf(item);
    const expanded = item.getAttribute("aria-expanded");
    const box = item.getBoundingClientRect();
    const keys = {
      ArrowDown: () => this.#focus(items[at + 1]),
      ArrowUp: () => this.#focus(items[at - 1]),
      Home: () => this.#focus(items[0]),
      End: () => this.#focus(items.at(-1)),
      ArrowRight: () => (expanded === "false" ? this.#expand(item, true) : expanded === "true" && this.#focus(items[at + 1])),
      ArrowLeft: () => (expanded === "true" ? this.#expand(item, false) : this.#focus(item.parentElement.closest(".tree-item"))),
      Enter: () => this.#choose(item),
      " ": () => this.#choose(item),
      F2: () => this.dispatchEvent(new CustomEvent("command", { detail: { command: "rename", name: item.dataset.name } })),
      Delete: () => this.dispatchEvent(new CustomEvent("command", { detail: { command: "delete", name: item.dataset.name } })),
      ContextMenu: () => this.#menu(item, box.left + 40, box.top + 30),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }

  #drag(event) {
    const types = event.dataTransfer.types;
    const messages = types.includes("application/x-offline-mailbox");
    if (!messages && !types.includes("Files")) return;
    const item = event.target.closest?.(".tree-item");
    const name = item?.dataset.name;
    const allowed = item && this.store.mailboxes.get(name)?.selectable && !(messages && name === this.store.name);
    for (const row of this.root.querySelectorAll(".tree-row.drop")) row.classList.remove("drop");
    if (!allowed || event.type === "dragleave") return;
    event.preventDefault();
    const copy = event.ctrlKey || event.altKey;
    if (event.type === "dragover") {
      event.dataTransfer.dropEffect = copy || !messages ? "copy" : "move";
      item.firstElementChild.classList.add("drop");
      return;
    }
    event.stopPropagation();
    const detail = messages
      ? { name, uids: this.#dragged(event.dataTransfer.getData("application/x-offline-mailbox")), copy }
      : { name, files: [...event.dataTransfer.files] };
    this.dispatchEvent(new CustomEvent("drop", { detail }));
  }

  /** Uids of the mailbox on screen; none where they come from another tab that shows another one. */
  #dragged(text) {
    try {
      const { mailboxId, uids } = JSON.parse(text);
      return mailboxId === this.store.selected?.mailboxId ? uids : [];
    } catch {
      return [];
    }
  }
}
