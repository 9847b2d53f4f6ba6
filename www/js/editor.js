// A small editor for scripts: a textarea with line numbers beside it, and a place in it that can be
// marked as wrong.

import { el } from "./dom.js";

/** Events: `input`, as typed. */
export class Editor extends EventTarget {
  #lines = 0;
  #wrong = 0;

  constructor(label) {
    super();
    this.numbers = el("div", { class: "editor-numbers", "aria-hidden": "true" });
    this.area = el("textarea", { class: "editor-area", spellcheck: "false", autocomplete: "off", autocapitalize: "off", wrap: "off", "aria-label": label });
    this.root = el("div", { class: "editor" }, this.numbers, this.area);
    this.area.addEventListener("input", () => {
      this.#number();
      this.dispatchEvent(new Event("input"));
    });
    this.area.addEventListener("scroll", () => { this.numbers.scrollTop = this.area.scrollTop; });
    this.area.addEventListener("keydown", (event) => {
      // Tab indents; Escape and then Tab leaves, as in other editors.
      if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || this.leaving) {
        this.leaving = event.key === "Escape";
        return;
      }
      event.preventDefault();
      this.area.setRangeText("    ", this.area.selectionStart, this.area.selectionEnd, "end");
      this.area.dispatchEvent(new Event("input"));
    });
    this.#number();
  }

  get text() {
    return this.area.value;
  }

  set text(value) {
    this.area.value = value;
    this.area.scrollTop = 0;
    this.mark(undefined);
    this.#number();
  }

  #number() {
    const lines = this.area.value.split("\n").length;
    if (lines === this.#lines) return;
    this.#lines = lines;
    this.numbers.replaceChildren(...Array.from({ length: lines }, (_, at) => el("span", { text: at + 1, class: at + 1 === this.#wrong ? "wrong" : "" })));
  }

  /** Marks a line (from 1) as wrong; none where undefined. */
  mark(line) {
    this.numbers.children[this.#wrong - 1]?.classList.remove("wrong");
    this.#wrong = line ?? 0;
    this.numbers.children[this.#wrong - 1]?.classList.add("wrong");
    this.area.setAttribute("aria-invalid", String(line !== undefined));
  }

  /** Puts the cursor at a line and column, both from 1; a column counts characters, not UTF-16 units. */
  goTo(line, column) {
    const lines = this.area.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const at = before + Array.from(lines[line - 1] ?? "").slice(0, column - 1).join("").length;
    this.area.focus();
    this.area.setSelectionRange(at, Math.min(at + 1, this.area.value.length));
  }
}
