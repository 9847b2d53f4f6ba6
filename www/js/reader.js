// The reading pane: one message, its headers, its text (or its HTML in a frame) and attachments.

import { attachmentList, PICTURE, save } from "./attachments.js";
import { el, icon, iconButton } from "./dom.js";
import { fullDate, people, who } from "./format.js";
import { htmlFrame } from "./html.js";
import { headersView, readSource } from "./source.js";
import { textView } from "./text.js";
import { failure } from "./toast.js";

const FLAG_NAMES = { "\\Seen": "", "\\Flagged": "", "\\Recent": "", "\\Answered": "Answered", "\\Draft": "Draft", "\\Deleted": "Deleted", "$Forwarded": "Forwarded", "$Junk": "Junk" };

export class Reader {
  /** The uid of the message shown. */
  uid = undefined;
  /** What it is about, for who asks. */
  subject = "";
  #flags = [];
  #turn = 0;
  #urls = [];

  /** @param actions what the buttons do: star, unread, archive, remove, move, back, filter */
  constructor(root, store, actions) {
    this.root = root;
    this.store = store;
    this.actions = actions;
    this.clear();
  }

  clear(text = "No message is open") {
    this.#turn += 1;
    this.uid = undefined;
    this.#free();
    const key = (keys, what) => [el("dt", {}, ...keys.map((k) => el("kbd", { text: k }))), el("dd", { text: what })];
    this.root.replaceChildren(el("div", { class: "reader-empty" },
      icon("mail"), el("p", { text }),
      el("dl", {}, ...key(["j", "k"], "next, previous"), ...key(["Enter"], "open"), ...key(["x"], "select"), ...key(["?"], "all shortcuts"))));
  }

  #free() {
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
  }

  /** Fetches a message, marks it as seen and shows it. */
  async open(uid) {
    const turn = (this.#turn += 1);
    const { session, selected } = this.store;
    try {
      const { messages: [message] } = await session.fetchMessages(selected, [uid], {
        envelope: true, text: true, html: true, attachments: true, setSeen: !selected.readonly,
      });
      if (turn !== this.#turn) return;
      if (message?.text === undefined) return this.clear("This message is not there any more");
      this.uid = uid;
      this.#show(message);
    } catch (error) {
      if (turn === this.#turn) failure("Opening the message", error);
    }
  }

  /** The flags have changed: the buttons follow. */
  flags(flags) {
    this.#flags = flags;
    const star = this.root.querySelector(".do-star");
    star?.setAttribute("aria-pressed", String(flags.includes("\\Flagged")));
    const labels = this.root.querySelector(".reader-labels");
    labels?.replaceChildren(
      ...(this.store.name ? [el("span", { class: "label", text: this.label() })] : []),
      ...flags.map((flag) => FLAG_NAMES[flag] ?? flag).filter((text) => text && text !== this.label())
        .map((text) => el("span", { class: "label", text })));
  }

  label() {
    return this.store.name === "INBOX" ? "Inbox" : this.store.name;
  }

  #show(message) {
    this.#free();
    const { envelope } = message;
    this.subject = envelope.subject || "(no subject)";
    const sender = envelope.from[0] ?? { name: "", address: "" };
    const name = who(sender) || "(unknown sender)";
    const act = (icon, label, run, props = {}) => iconButton(icon, label, { ...props, on: { click: () => run(message) } });

    const bar = el("div", { class: "reader-bar", role: "toolbar", "aria-label": "Message" },
      act("back", "Back to the list", this.actions.back, { class: "icon-button back" }),
      act("archive", "Archive (e)", this.actions.archive),
      act("trash", "Delete (#)", this.actions.remove),
      act("move", "Move to… (v)", this.actions.move),
      el("span", { class: "sep" }),
      act("mail", "Mark as unread (u)", this.actions.unread),
      act("star", "Star (s)", this.actions.star, { class: "icon-button do-star" }),
      el("span", { class: "gap" }),
      act("filter", "Try a filter on it", this.actions.filter),
      act("file", "Download as .eml", () => this.#download(message.uid)));

    const recipients = [["to", envelope.to], ["cc", envelope.cc], ["bcc", envelope.bcc]]
      .filter(([, list]) => list.length > 0)
      .map(([label, list]) => `${label} ${people(list)}`).join(" · ");
    const date = envelope.sentDate ?? message.internalDate;
    const head = el("header", { class: "reader-head" },
      el("h2", { class: "reader-subject", dir: "auto", text: this.subject }),
      el("div", { class: "reader-labels" }),
      el("div", { class: "reader-from" },
        el("div", { class: "avatar", "aria-hidden": "true", dataset: { hue: hue(sender.address || name) }, text: initial(name) }),
        el("div", { class: "reader-people" },
          el("p", {}, el("span", { class: "name", text: name }), sender.name && sender.address ? el("span", { class: "address", text: sender.address }) : null),
          el("p", { class: "reader-to", text: recipients || "no recipients" })),
        el("time", { class: "reader-date", text: fullDate(date), datetime: Number.isNaN(+date) ? null : date.toISOString() })));

    this.root.replaceChildren(bar, head, headersView(this.store, message.uid));
    const body = el("div", { class: "reader-body" });
    this.root.append(body);
    this.#body(body, message, message.html !== undefined, false);
    this.flags(message.flags);
    this.root.scrollTop = 0;
  }

  /** The files, then the text or the HTML; `images`: remote ones too. */
  #body(place, message, asHtml, images) {
    this.#free();
    const link = (text, run) => el("button", { type: "button", class: "link-button", text, on: { click: run } });
    const again = (html, remote) => () => this.#body(place, message, html, remote);
    const said = el("span", { class: "grow" });
    const note = el("p", { class: "reader-note" }, said);
    const shown = new Set();
    let view;
    if (asHtml) {
      said.textContent = images ? "HTML, with its remote images." : "HTML, shown without scripts.";
      note.append(link("Show plain text", again(false, false)));
      const pictures = new Map();
      message.attachments.forEach(({ contentId, type }, index) => {
        if (contentId && PICTURE.test(type) && !pictures.has(contentId)) pictures.set(contentId, index);
      });
      view = htmlFrame(message.html, {
        images,
        picture: (id) => (pictures.has(id) ? this.#picture(message, pictures.get(id)) : undefined),
        shown: ({ remote }) => {
          if (remote === 0 || images) return;
          said.textContent = `${remote === 1 ? "1 remote image was" : `${remote} remote images were`} not loaded.`;
          note.insertBefore(link("Show images", again(true, true)), note.lastChild);
        },
      });
      for (const [id, index] of pictures) if (message.html.includes(`cid:${id}`)) shown.add(index);
    } else {
      view = textView(message.text);
      if (message.html === undefined) note.hidden = true;
      said.textContent = "The text of an HTML message.";
      note.append(link("Show HTML", again(true, false)));
    }
    const files = attachmentList(message, shown, this.#urls);
    place.replaceChildren(...(files ? [files] : []), note, view);
  }

  /** The address of a part that the HTML shows; lives as long as the message is open. */
  async #picture(message, index) {
    const turn = this.#turn;
    const octets = await message.attachment(index);
    if (turn !== this.#turn) return undefined;
    const url = URL.createObjectURL(new Blob([octets], { type: message.attachments[index].type }));
    this.#urls.push(url);
    return url;
  }

  async #download(uid) {
    try {
      const { subject } = this;
      const source = await readSource(this.store, uid);
      if (source) save(`${subject}.eml`, [source]);
    } catch (error) {
      failure("Downloading the message", error);
    }
  }
}

function initial(name) {
  return (/\p{L}|\p{N}/u.exec(name)?.[0] ?? "?").toUpperCase();
}

function hue(text) {
  let sum = 0;
  for (const unit of text) sum = (sum * 31 + unit.codePointAt(0)) >>> 0;
  return sum % 8;
}
