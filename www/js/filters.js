// The filters page: the scripts with the active one marked, an editor, and the tester.

import { confirmDialog, openMenu, promptDialog } from "./dialogs.js";
import { byId, el, icon, iconButton } from "./dom.js";
import { Editor } from "./editor.js";
import { BLANK, SAMPLES } from "./filter-samples.js";
import { plural } from "./format.js";
import { Tester } from "./tester.js";
import { failure, notice } from "./toast.js";

const PAUSE = 250;

/** Events: `close`, and `open` (detail: the name of a mailbox to show). */
export class Filters extends EventTarget {
  #filters;
  #names = [];
  #active;
  /** The script in the editor: its name, undefined where it was never saved. */
  #name;
  #saved = "";
  #timer = 0;

  constructor(root, store, reader) {
    super();
    this.root = root;
    this.store = store;
    this.#filters = store.session.filterSet;
    this.editor = new Editor("Script");
    this.list = el("ul", { class: "filter-list", "aria-label": "Scripts" });
    this.title = el("h2", { class: "filter-title" });
    this.state = el("span", { class: "pill", text: "Active" });
    this.fault = el("p", { class: "filter-fault", role: "status" });
    const action = (text, run, className = "") => el("button", { type: "button", class: `button ${className}`, text, on: { click: () => this.#try(text, run) } });
    this.buttons = {
      save: action("Save", () => this.#save(), "button-primary"),
      activate: action("Activate", () => this.#activate()),
      rename: action("Rename…", () => this.#rename()),
      delete: action("Delete…", () => this.#delete()),
    };
    this.tester = new Tester(store, reader, () => this.editor.text, async () => (await this.#filters.getAll()).active);
    this.tester.addEventListener("open", ({ detail }) => this.dispatchEvent(new CustomEvent("open", { detail })));
    const add = el("button", { type: "button", class: "button", "aria-haspopup": "menu", on: { click: ({ currentTarget }) => this.#new(currentTarget) } }, icon("plus"), "New filter");
    this.about = el("p", { class: "filter-about" });
    root.append(
      el("header", { class: "filter-head" },
        iconButton("back", "Back to the mail (Esc)", { on: { click: () => this.close() } }), el("h1", { text: "Filters" }), this.about, add),
      el("div", { class: "filter-body" },
        el("nav", { class: "filter-scripts", "aria-label": "Filters" }, this.list),
        el("section", { class: "filter-edit", "aria-label": "Editor" },
          el("div", { class: "filter-name" }, this.title, this.state), this.editor.root, this.fault,
          el("div", { class: "filter-actions" }, ...Object.values(this.buttons))),
        this.tester.root));
    this.editor.addEventListener("input", () => {
      this.#draw();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#check(), PAUSE);
    });
    root.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") {
        event.preventDefault();
        this.#try("Saving", () => this.#save());
      }
    });
  }

  get shown() {
    return !this.root.hidden;
  }

  /** Shows the page. `trying`: with the open message chosen for a try. */
  async show(trying = false) {
    this.root.hidden = false;
    byId("app").dataset.page = "filters";
    this.tester.refresh(trying);
    try {
      await this.#read();
      const first = this.#active ?? this.#names[0];
      if (this.#name === undefined && this.editor.text === "") await (first ? this.#open(first) : this.#draft(SAMPLES[0].text));
    } catch (error) {
      failure("Reading the filters", error);
    }
  }

  close() {
    this.root.hidden = true;
    delete byId("app").dataset.page;
    this.dispatchEvent(new Event("close"));
  }

  async #try(doing, run) {
    try {
      await run();
      await this.#read();
    } catch (error) {
      if (error.line) this.#wrong(error);
      else failure(doing.replace("…", ""), error);
    }
  }

  async #read() {
    const { active, names } = await this.#filters.getAll();
    this.#active = active;
    this.#names = names;
    this.#draw();
  }

  #draw() {
    this.list.replaceChildren(...this.#names.map((name) => el("li", {},
      el("button", { type: "button", class: "filter-item", "aria-current": name === this.#name ? "true" : null, on: { click: () => this.#leave(() => this.#open(name)) } },
        icon("filter"), el("span", { class: "filter-item-name", text: name }), name === this.#active ? el("span", { class: "pill", text: "Active" }) : null))));
    if (this.#names.length === 0) this.list.append(el("li", { class: "filter-none", text: "None is saved yet. The editor has one to begin with." }));
    const active = this.#name !== undefined && this.#name === this.#active;
    this.title.textContent = `${this.#name ?? "New filter"}${this.#changed() ? " •" : ""}`;
    this.title.title = this.#changed() ? "Changed, not saved" : "";
    this.state.hidden = !active;
    this.about.textContent = this.#active ? `“${this.#active}” decides what becomes of delivered mail.` : "No filter is active: delivered mail goes to the inbox.";
    this.buttons.activate.textContent = active ? "Deactivate" : "Activate";
    for (const button of [this.buttons.rename, this.buttons.activate]) button.disabled = this.#name === undefined;
    this.buttons.delete.disabled = this.#name === undefined || active;
    this.buttons.delete.title = active ? "Deactivate it first" : "";
  }

  #changed() {
    return this.editor.text !== this.#saved;
  }

  /** Goes on, unless there is something unsaved that the user wants to keep. */
  async #leave(run) {
    if (this.#changed()) {
      const sure = await confirmDialog({ title: "Leave without saving?", text: `What was changed in “${this.#name ?? "New filter"}” is lost.`, okay: "Leave" });
      if (!sure) return;
    }
    await this.#try("Opening the filter", run);
  }

  async #open(name) {
    const text = await this.#filters.get(name);
    this.#name = name;
    this.#saved = text;
    this.editor.text = text;
    await this.#check();
    this.#draw();
  }

  async #draft(text) {
    this.#name = undefined;
    this.#saved = text;
    this.editor.text = text;
    await this.#check();
    this.#draw();
  }

  #new(button) {
    const box = button.getBoundingClientRect();
    openMenu(box.left, box.bottom + 4, [
      { icon: "file", text: "Empty", run: () => this.#leave(() => this.#draft(BLANK)) },
      null,
      ...SAMPLES.map(({ name, text }) => ({ icon: "filter", text: name, run: () => this.#leave(() => this.#draft(text)) })),
    ], button);
  }

  async #check() {
    clearTimeout(this.#timer);
    const { text } = this.editor;
    try {
      await this.#filters.check(text);
      if (text !== this.editor.text) return;
      this.editor.mark(undefined);
      this.fault.replaceChildren(icon("check"), el("span", { text: `It compiles: ${plural(text.trimEnd().split("\n").length, "line")}.` }));
      this.fault.classList.remove("wrong");
    } catch (error) {
      if (text === this.editor.text) this.#wrong(error);
    }
  }

  #wrong(error) {
    this.editor.mark(error.line);
    const place = error.line ? el("button", { type: "button", class: "link-button", text: `Line ${error.line}, column ${error.column}`, on: { click: () => this.editor.goTo(error.line, error.column) } }) : null;
    this.fault.replaceChildren(...[icon("close"), place, el("span", { text: error.message })].filter(Boolean));
    this.fault.classList.add("wrong");
  }

  async #save() {
    const { text } = this.editor;
    if (this.#name === undefined) {
      await this.#filters.check(text);
      const sample = SAMPLES.find((one) => one.text === text)?.name;
      const name = await promptDialog({
        title: "Save the filter", label: "Name", value: sample && !this.#names.includes(sample) ? sample : "", okay: "Save",
        submit: async (asked) => {
          if (this.#names.includes(asked)) throw new Error("There is a filter of that name.");
          await this.#filters.put(asked, text);
        },
      });
      if (name === undefined) return;
      this.#name = name;
    } else {
      await this.#filters.put(this.#name, text);
    }
    this.#saved = text;
    notice(`“${this.#name}” was saved`);
  }

  async #activate() {
    if (this.#name === this.#active) await this.#filters.clearActive();
    else await this.#filters.setActive(this.#name);
  }

  async #rename() {
    const before = this.#name;
    const name = await promptDialog({ title: `Rename “${before}”`, label: "New name", value: before, okay: "Rename", submit: (now) => this.#filters.rename(before, now) });
    if (name !== undefined) this.#name = name;
  }

  async #delete() {
    const sure = await confirmDialog({ title: `Delete “${this.#name}”?`, text: "This cannot be undone.", okay: "Delete" });
    if (!sure) return;
    await this.#filters.delete(this.#name);
    await this.#read();
    if (this.#names[0]) await this.#open(this.#names[0]);
    else await this.#draft(SAMPLES[0].text);
  }
}
