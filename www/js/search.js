// Search as one types: over all mail or the mailbox on screen, with how far it is and a way to stop
// it. Each search ends the one before; hits are shown as they are found.

import { byId, el } from "./dom.js";
import { count, plural } from "./format.js";
import { ListedModel } from "./listed.js";
import { faultIn, parseQuery, QueryError, WORDS } from "./query.js";
import { fullName } from "./store.js";

const PAUSE = 150;
/** Between two times that hits are put on screen, in milliseconds. */
const BEAT = 100;

/** Events: `hits` (detail: a model to show), `clear` (the line was emptied), `done` (a search came to its end). */
export class Search extends EventTarget {
  #timer = 0;
  #again = 0;
  #running;
  #model;
  #everywhere = true;

  /** @param {HTMLInputElement} input the line; `strip` is where the rest is drawn */
  constructor(store, input, strip, on) {
    super();
    this.store = store;
    this.input = input;
    this.strip = strip;
    this.on = on;
    byId("search-words").append(...WORDS.map((word) => el("option", { value: word })));
    const scope = (everywhere, text) => el("button", { type: "button", class: "segment", "aria-pressed": String(everywhere === this.#everywhere), text, on: { click: () => this.#scope(everywhere) } });
    this.scopes = [scope(true, "All mail"), scope(false, "This mailbox")];
    this.said = el("span", { class: "search-said", role: "status" });
    this.bar = el("progress", { max: 1, value: 0, "aria-label": "Searched so far", hidden: true });
    this.stop = el("button", { type: "button", class: "link-button", text: "Cancel", hidden: true, on: { click: () => this.cancel() } });
    this.fault = el("p", { class: "search-fault", hidden: true });
    strip.append(
      el("div", { class: "search-row" }, el("div", { class: "segments", role: "group", "aria-label": "Where to search" }, ...this.scopes), this.said, this.stop),
      this.bar, this.fault);
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      if (input.value.trim() === "") this.clear();
      else this.#timer = setTimeout(() => this.run(), PAUSE);
    });
  }

  /** Whether the list shows hits, or is about to. */
  get active() {
    return this.input.value.trim() !== "";
  }

  #scope(everywhere) {
    this.#everywhere = everywhere;
    this.scopes.forEach((button, at) => button.setAttribute("aria-pressed", String((at === 0) === everywhere)));
    this.run();
  }

  /** Empties the line and ends what is under way. Resolves nothing, shows nothing. */
  reset() {
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
    this.#running?.abort();
    this.#running = undefined;
    this.#model = undefined;
    this.input.value = "";
    this.strip.hidden = true;
    this.input.removeAttribute("aria-invalid");
  }

  clear() {
    this.reset();
    this.dispatchEvent(new Event("clear"));
  }

  /** Stops searching; what was found stays. */
  cancel() {
    this.#running?.abort();
  }

  /** Searches anew in a moment: mail has come. */
  soon() {
    if (!this.active) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.run(), 500);
  }

  /** Runs the line as it now stands, at once. */
  async run() {
    clearTimeout(this.#timer);
    const line = this.input.value;
    let query;
    this.strip.hidden = false;
    try {
      query = parseQuery(line);
    } catch (error) {
      this.#running?.abort();
      this.#end("");
      return this.#wrong(line, error);
    }
    this.#right();
    this.#running?.abort();
    if (!query) return this.#end("");
    const running = (this.#running = new AbortController());
    const found = new Map();
    let model;
    let drawn = 0;
    // The hits of before stay until there are some of these, or it is certain that there are none.
    const show = (groups) => {
      if (!model) {
        model = new ListedModel(this.store.session, "hits", { multiple: !everywhere, on: this.on });
        this.#model = model;
      }
      model.set(groups);
      this.dispatchEvent(new CustomEvent("hits", { detail: model }));
    };
    const everywhere = this.#everywhere;
    const sorted = () => [...found].map(([name, uids]) => ({ name, uids: Uint32Array.from(uids).sort().reverse() }));
    const kind = query.imap ? "IMAP search" : "";
    this.#begin(kind);
    try {
      const { results, count: hits } = await this.store.session.search(query.keys, {
        mailboxes: everywhere ? undefined : [this.store.name],
        signal: running.signal,
        onProgress: ({ mailbox, uids, searched, total, found: so }) => {
          if (uids.length > 0) {
            const known = found.get(mailbox);
            if (known) known.push(...uids);
            else found.set(mailbox, Array.from(uids));
          }
          this.#progress(searched, total, so, mailbox);
          if (so > 0 && performance.now() - drawn > BEAT) {
            show(sorted());
            drawn = performance.now();
          }
        },
      });
      if (this.#running !== running) return;
      show(results.map(({ name, uids }) => ({ name, uids: uids.slice().reverse() })));
      const places = results.filter(({ uids }) => uids.length > 0);
      this.#end([kind, plural(hits, "match", "matches"),
        places.length > 1 ? `in ${count(places.length)} mailboxes` : places.length === 1 ? `in ${fullName(places[0].name)}` : ""].filter(Boolean).join(" · "));
    } catch (error) {
      if (this.#running !== running) return;
      if (!running.signal.aborted) {
        this.#end("");
        return this.#wrong(line, error);
      }
      show(sorted());
      this.#end(`Stopped · ${plural(this.#model.total, "match", "matches")} so far`);
    }
    this.dispatchEvent(new Event("done"));
  }

  #begin(kind) {
    this.said.textContent = [kind, "Searching…"].filter(Boolean).join(" · ");
    this.stop.hidden = false;
    this.bar.hidden = false;
    this.bar.value = 0;
    this.strip.setAttribute("aria-busy", "true");
  }

  #progress(searched, total, found, mailbox) {
    this.bar.max = Math.max(1, total);
    this.bar.value = searched;
    this.said.textContent = `${count(searched)} of ${count(total)} · ${count(found)} found · ${fullName(mailbox)}`;
  }

  #end(text) {
    this.said.textContent = text;
    this.stop.hidden = true;
    this.bar.hidden = true;
    this.strip.removeAttribute("aria-busy");
  }

  #right() {
    this.fault.hidden = true;
    this.input.removeAttribute("aria-invalid");
  }

  /** Says what is wrong with the line, and shows where. */
  #wrong(line, error) {
    this.input.setAttribute("aria-invalid", "true");
    const at = error instanceof QueryError ? error : faultIn(line, error);
    const sentence = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    this.fault.replaceChildren(el("span", { text: sentence }));
    if (at) {
      this.fault.append(el("code", {}, line.slice(0, at.from), el("mark", { text: line.slice(at.from, at.to) || "\u00a0" }), line.slice(at.to)));
    }
    this.fault.hidden = false;
  }
}
