// Trying a filter: on the message that is open or on one that is pasted, without doing anything; or
// delivering that message for good, as the active filter says.

import { el, icon } from "./dom.js";
import { MESSAGE } from "./filter-samples.js";
import { plural } from "./format.js";
import { readSource } from "./source.js";
import { fullName } from "./store.js";
import { failure } from "./toast.js";

const flagsOf = (flags) => (flags && flags.length > 0 ? `, with ${flags.join(" ")}` : "");

/** What an action means, as a symbol and a sentence. */
export function describe(action) {
  switch (action.type) {
    case "keep": return ["inbox", `Keep it in the inbox${flagsOf(action.flags)}`];
    case "fileinto": return ["folder", `File it into ${fullName(action.mailbox)}${action.create ? " (created where it is missing)" : ""}${flagsOf(action.flags)}`];
    case "reject": return ["junk", `Refuse it: “${action.reason}”`];
    case "redirect": return ["sent", `Send it on to ${action.address}`];
    case "vacation": return ["mail", `Answer ${action.to}: “${action.subject}”, at most every ${plural(Math.round(action.seconds / 86_400), "day")}`];
    default: return ["more", action.type];
  }
}

/** Events: `open` (detail: the name of a mailbox that mail was delivered to). */
export class Tester extends EventTarget {
  #reader;

  /** @param script says what is in the editor, @param active resolves with the active filter's name */
  constructor(store, reader, script, active) {
    super();
    this.store = store;
    this.#reader = reader;
    this.script = script;
    this.active = active;
    const radio = (value, text) => {
      const input = el("input", { type: "radio", name: "tested", value, on: { change: () => this.#show() } });
      return { input, label: el("label", { class: "choice" }, input, text) };
    };
    this.openText = el("span", { text: "The open message" });
    this.open = radio("open", this.openText);
    this.pasted = radio("pasted", el("span", { text: "Text:" }));
    this.area = el("textarea", { class: "editor-area tester-message", spellcheck: "false", "aria-label": "A message, with its header", wrap: "off" });
    this.area.value = MESSAGE;
    this.said = el("div", { class: "tester-said", role: "status" });
    this.pasted.input.checked = true;
    this.root = el("section", { class: "tester", "aria-label": "Try it" },
      el("h2", { text: "Try it" }),
      el("div", { class: "tester-choice", role: "radiogroup", "aria-label": "On which message" }, this.open.label, this.pasted.label),
      this.area,
      el("div", { class: "filter-actions" },
        el("button", { type: "button", class: "button button-primary", text: "Test", title: "What this script would do; nothing is stored", on: { click: () => this.test() } }),
        el("button", { type: "button", class: "button", text: "Deliver", title: "Store it as the active filter says", on: { click: () => this.deliver() } })),
      this.said);
    this.#show();
  }

  /** The page is shown: offers the message that is open now; chooses it where asked. */
  refresh(choose = false) {
    const open = this.#reader.uid !== undefined;
    this.open.input.disabled = !open;
    this.openText.textContent = open ? `“${this.#reader.subject}”` : "The open message (there is none)";
    if (open && choose) this.open.input.checked = true;
    if (!open) this.pasted.input.checked = true;
    this.#show();
    this.said.replaceChildren();
  }

  #show() {
    this.area.hidden = this.open.input.checked;
  }

  async #raw() {
    if (!this.open.input.checked) return this.area.value.replace(/\r?\n/g, "\r\n");
    const source = await readSource(this.store, this.#reader.uid);
    if (!source) throw new Error("The message is not there any more.");
    return source;
  }

  #say(heading, lines, kind = "") {
    this.said.className = `tester-said ${kind}`;
    this.said.replaceChildren(el("h3", { text: heading }), el("ul", {}, ...lines.map(([symbol, text, run]) => el("li", {}, icon(symbol),
      run ? el("button", { type: "button", class: "link-button", text, on: { click: run } }) : el("span", { text })))));
  }

  #failed(error) {
    const place = error.line ? `Line ${error.line}, column ${error.column}: ` : "";
    return [["close", `${place}${error.message}`]];
  }

  async test() {
    try {
      const { actions, error } = await this.store.session.filterSet.test(this.script(), await this.#raw());
      if (error) return this.#say("It fails, and the message would be kept", this.#failed(error), "wrong");
      this.#say("It would", actions.length > 0 ? actions.map(describe) : [["trash", "Drop it: it would be stored nowhere"]]);
    } catch (error) {
      this.#say("The script cannot be run", this.#failed(error), "wrong");
    }
  }

  async deliver() {
    const name = await this.active();
    const by = name ? `By “${name}”` : "Without a filter: none is active";
    try {
      const { stored, actions, discarded, missing, filterError } = await this.store.session.deliver(await this.#raw());
      const lines = [
        ...stored.map(({ mailbox, uid }) => ["folder", `Stored in ${fullName(mailbox)} as message ${uid}`, () => this.dispatchEvent(new CustomEvent("open", { detail: mailbox }))]),
        ...missing.map(({ mailbox, code }) => ["junk", `Could not be filed into ${mailbox}: ${code}`]),
        ...actions.map((action) => [describe(action)[0], `${describe(action)[1]}: for the application to do, nothing was sent`]),
        ...(discarded ? [["trash", "Dropped: it is stored nowhere"]] : []),
        ...(filterError ? this.#failed(filterError) : []),
      ];
      this.#say(by, lines, filterError ? "wrong" : "done");
    } catch (error) {
      if (error.code === "APPEND_FAILURE") this.#say(by, [["junk", `Refused: “${error.message}”`]], "done");
      else failure("Delivering", error);
    }
  }
}
