// The reading pane: one message, its headers, its text (or its HTML in a frame) and attachments.

import { readMessage } from "./body.js";
import { el, icon, iconButton } from "./dom.js";
import { bytes, fullDate, people, who } from "./format.js";
import { htmlFrame } from "./html.js";
import { failure } from "./toast.js";

/** Text beyond this is cut in the pane; the whole is in the downloaded message. */
const LONGEST = 400_000;
const FLAG_NAMES = { "\\Seen": "", "\\Flagged": "", "\\Recent": "", "\\Answered": "Answered", "\\Draft": "Draft", "\\Deleted": "Deleted", "$Forwarded": "Forwarded", "$Junk": "Junk" };

export class Reader {
  /** The uid of the message shown. */
  uid = undefined;
  #flags = [];
  #turn = 0;
  #urls = [];

  /** @param actions what the buttons do: star, unread, archive, remove, move, back, download */
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
        envelope: true, source: true, setSeen: !selected.readonly,
      });
      if (turn !== this.#turn) return;
      if (!message?.source) return this.clear("This message is not there any more");
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
    const { envelope, source } = message;
    const parsed = readMessage(source);
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
      act("file", "Download as .eml", () => this.#save(`${envelope.subject || "message"}.eml`, "message/rfc822", source)));

    const recipients = [["to", envelope.to], ["cc", envelope.cc], ["bcc", envelope.bcc]]
      .filter(([, list]) => list.length > 0)
      .map(([label, list]) => `${label} ${people(list)}`).join(" · ");
    const date = envelope.sentDate ?? message.internalDate;
    const head = el("header", { class: "reader-head" },
      el("h2", { class: "reader-subject", dir: "auto", text: envelope.subject || "(no subject)" }),
      el("div", { class: "reader-labels" }),
      el("div", { class: "reader-from" },
        el("div", { class: "avatar", "aria-hidden": "true", dataset: { hue: hue(sender.address || name) }, text: initial(name) }),
        el("div", { class: "reader-people" },
          el("p", {}, el("span", { class: "name", text: name }), sender.name && sender.address ? el("span", { class: "address", text: sender.address }) : null),
          el("p", { class: "reader-to", text: recipients || "no recipients" })),
        el("time", { class: "reader-date", text: fullDate(date), datetime: Number.isNaN(+date) ? null : date.toISOString() })));

    const headers = el("details", { class: "headers" }, el("summary", { text: "All headers" }));
    headers.addEventListener("toggle", () => {
      if (headers.childElementCount > 1) return;
      const table = el("dl", { class: "headers-table" });
      for (const field of parsed.headers) table.append(el("dt", { text: field.name }), el("dd", { text: field.value }));
      headers.append(table);
    });

    this.root.replaceChildren(bar, head, headers);
    if (parsed.attachments.length > 0) this.root.append(this.#attachments(parsed.attachments));
    const body = el("div", { class: "reader-body" });
    body.style.display = "contents";
    this.root.append(body);
    this.#body(body, parsed, parsed.html !== undefined);
    this.flags(message.flags);
    this.root.scrollTop = 0;
  }

  #body(place, parsed, asHtml) {
    if (!asHtml) {
      const note = parsed.html === undefined ? [] : [el("p", { class: "reader-note" },
        el("span", { class: "grow", text: parsed.text === undefined ? "The text of an HTML message." : "The plain text version." }),
        el("button", { type: "button", class: "link-button", text: "Show HTML", on: { click: () => this.#body(place, parsed, true) } }))];
      place.replaceChildren(...note, textView(parsed.text ?? htmlAsText(parsed.html) ?? ""));
      return;
    }
    const said = el("span", { class: "grow", text: "HTML, shown without scripts." });
    const note = el("p", { class: "reader-note" }, said,
      el("button", { type: "button", class: "link-button", text: "Show plain text", on: { click: () => this.#body(place, parsed, false) } }));
    const frame = htmlFrame(parsed.html, parsed.images, (remote) => {
      if (remote > 0) said.textContent = `${remote === 1 ? "1 remote image was" : `${remote} remote images were`} not loaded.`;
    });
    place.replaceChildren(note, frame);
  }

  #attachments(attachments) {
    return el("div", { class: "attachments", role: "group", "aria-label": "Attachments" }, ...attachments.map((file) => {
      let picture = icon(file.type.startsWith("image/") ? "file" : "clip");
      if (/^image\/(png|jpeg|gif|webp)$/.test(file.type) && file.size < 4_000_000) {
        const url = URL.createObjectURL(new Blob([file.octets()], { type: file.type }));
        this.#urls.push(url);
        picture = el("img", { src: url, alt: "" });
      }
      return el("button", { type: "button", class: "attachment", title: `Download ${file.name}`, on: { click: () => this.#save(file.name, file.type, file.octets()) } },
        picture, el("span", {}, el("b", { text: file.name }), el("small", { text: `${bytes(file.size)} · ${file.type}` })));
    }));
  }

  /** Hands a file to the user; never opened in this page, whatever type it claims. */
  #save(name, type, octets) {
    const url = URL.createObjectURL(new Blob([octets], { type: "application/octet-stream" }));
    el("a", { href: url, download: name.replace(/[\u0000-\u001f\u007f/\\:*?"<>|]/g, "_").slice(0, 150) }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
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

/** HTML without these elements and what is in them; time grows with the length only. */
function without(html, names) {
  let rest = html;
  for (const name of names) {
    const lower = rest.toLowerCase();
    let kept = "";
    let at = 0;
    for (;;) {
      const start = lower.indexOf(`<${name}`, at);
      if (start < 0) break;
      kept += rest.slice(at, start);
      const end = lower.indexOf(`</${name}`, start);
      at = end < 0 ? rest.length : end;
      if (end < 0) break;
      at = end + name.length + 2;
    }
    rest = kept + rest.slice(at);
  }
  return rest;
}

/** The words of HTML, for who prefers those. */
function htmlAsText(html) {
  const text = without(html.slice(0, 4 * LONGEST), ["script", "style", "head", "title"])
    .replace(/<(br|\/p|\/div|\/tr|\/li|\/h[1-6]|hr)\b[^<>]*>/gi, "\n")
    .replace(/<li\b[^<>]*>/gi, "• ")
    .replace(/<[^<>]*>/g, "");
  // No "<" is left, so that no element can arise: the parser only decodes the entities.
  const decoded = new DOMParser().parseFromString(text.replaceAll("<", "&lt;"), "text/html").body.textContent;
  return decoded.replace(/[ \t]+/g, " ").replace(/ *\n */g, "\n").replace(/\n{3,}/g, "\n\n").trim();
}

const LINK = /\b(?:https?:\/\/|mailto:)[^\s<>"]+[^\s<>"'.,;:!?)\]}]/gi;

/** Text with links, quotes set off by depth, and the signature greyed. Text nodes only. */
function textView(text) {
  const view = el("div", { class: "reader-text" });
  const cut = text.length > LONGEST;
  const lines = (cut ? text.slice(0, LONGEST) : text).trimEnd().split("\n");
  // Tables and code in plain mail are drawn with runs of spaces: show them in a fixed width.
  view.classList.toggle("mono", lines.filter((line) => /\S {3,}\S/.test(line)).length > Math.max(3, lines.length / 6));
  const stack = [view];
  let signature = false;
  let run = [];
  const flush = () => {
    if (run.length > 0) appendLinked(stack[stack.length - 1], `${run.join("\n")}\n`);
    run = [];
  };
  for (const line of lines) {
    const quoted = signature ? null : /^((?:> ?)+)(.*)$/s.exec(line);
    const depth = Math.min(quoted ? quoted[1].replaceAll(" ", "").length : 0, 8);
    if (depth !== stack.length - 1 && !signature) {
      flush();
      while (stack.length - 1 > depth) stack.pop();
      while (stack.length - 1 < depth) {
        const quote = el("span", { class: "quote" });
        stack[stack.length - 1].append(quote);
        stack.push(quote);
      }
    }
    if (line === "-- " || line === "--\u00a0") {
      flush();
      stack.length = 1;
      signature = true;
      const rest = el("span", { class: "signature" });
      view.append(rest);
      stack.push(rest);
    }
    run.push(quoted ? quoted[2] : line);
  }
  flush();
  if (cut) view.append(el("p", { class: "signature", text: "\n… cut here: download the message for the rest." }));
  return view;
}

function appendLinked(place, text) {
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    place.append(text.slice(at, match.index), el("a", { href: match[0], target: "_blank", rel: "noopener noreferrer", text: match[0] }));
    at = match.index + match[0].length;
  }
  place.append(text.slice(at));
}

