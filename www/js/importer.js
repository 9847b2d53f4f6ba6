// Importing .mbox and .eml files, chosen or dropped, one after the other, with a bar and a way out.
// What was committed when it is cancelled stays, and the notice says how much that is.

import { readMbox } from "../pkg/mbox.js";
import { el } from "./dom.js";
import { bytes, count, plural } from "./format.js";
import { fullName } from "./store.js";
import { failure, notice } from "./toast.js";

/** Larger than any mail: what is not an mbox and larger than this is not a message. */
const LARGEST_EML = 200_000_000;

/** The file's octets, telling how many have been read. */
async function* counted(file, read) {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      read(value.length);
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Whether a file is an mbox: by its first bytes, whatever its name. */
async function isMbox(file) {
  const start = await file.slice(0, 512).text();
  return /^\s*From [^\n]*(\n|$)/.test(start);
}

export class Importer {
  #queue = [];
  #running = false;
  #stop = undefined;

  constructor(store, panel) {
    this.store = store;
    this.panel = panel;
    this.title = el("h2");
    this.bar = el("progress", { max: "1", value: "0", "aria-label": "Import" });
    this.detail = el("p");
    this.cancel = el("button", { type: "button", class: "button", text: "Cancel", on: { click: () => this.#cancel() } });
    panel.append(el("div", { class: "import-row" }, this.title, this.cancel), this.bar, this.detail);
  }

  /** Imports files into a mailbox; resolves when they, and all before them, are in. */
  async add(files, name) {
    for (const file of files) this.#queue.push({ file, name });
    if (this.#running || this.#queue.length === 0) return;
    this.#running = true;
    this.panel.hidden = false;
    // One cannot close the tab by accident; what is committed would stay, but the rest be missing.
    const hold = (event) => event.preventDefault();
    addEventListener("beforeunload", hold);
    this.#stop = new AbortController();
    const total = { messages: 0, octets: 0, started: performance.now(), names: new Set() };
    try {
      while (this.#queue.length > 0 && !this.#stop.signal.aborted) {
        // Many small files go in together: a commit each would be slow.
        const { file, name: into } = this.#queue[0];
        const single = !(await isMbox(file));
        const batch = single ? await this.#takeSingles(into) : [this.#queue.shift().file];
        await this.#import(batch, single, into, total);
        total.names.add(into);
      }
    } catch (error) {
      this.#queue = [];
      failure("Importing", error);
    } finally {
      this.#running = false;
      this.panel.hidden = true;
      removeEventListener("beforeunload", hold);
      const seconds = (performance.now() - total.started) / 1000;
      const where = [...total.names].map(fullName).join(", ");
      if (this.#stop.signal.aborted) notice(`Import cancelled: ${plural(total.messages, "message")} had come in and stay.`);
      else if (total.messages > 0) notice(`${plural(total.messages, "message")} (${bytes(total.octets)}) imported into ${where} in ${seconds.toFixed(1)} s`);
      if (this.#stop.signal.aborted) this.#queue = [];
    }
  }

  #cancel() {
    this.#queue = [];
    this.#stop?.abort();
  }

  async #takeSingles(name) {
    const batch = [];
    while (this.#queue.length > 0 && this.#queue[0].name === name) {
      const { file } = this.#queue[0];
      if (batch.length > 0 && (await isMbox(file))) break;
      this.#queue.shift();
      batch.push(file);
    }
    return batch;
  }

  async #import(files, single, name, total) {
    const size = files.reduce((sum, file) => sum + file.size, 0) || 1;
    const { signal } = this.#stop;
    let read = 0;
    let soFar = { messages: 0, octets: 0 };
    const show = () => {
      this.bar.value = Math.min(1, read / size);
      const rate = soFar.messages / Math.max(0.2, (performance.now() - started) / 1000);
      this.detail.textContent = `${plural(soFar.messages, "message")} · ${bytes(read)} of ${bytes(size)}${soFar.messages > 200 ? ` · ${count(Math.round(rate))} a second` : ""}`;
    };
    const started = performance.now();
    this.title.textContent = `${files.length === 1 ? files[0].name : plural(files.length, "file")} → ${fullName(name)}`;
    show();
    const source = single
      ? (async function* eachFile() {
        for (const file of files) {
          if (file.size > LARGEST_EML) throw new Error(`${file.name} is too large for one message (${bytes(file.size)}).`);
          const raw = new Uint8Array(await file.arrayBuffer());
          read += file.size;
          if (raw.length > 0) yield { raw };
        }
      })()
      : readMbox(counted(files[0], (octets) => (read += octets)), { signal });
    try {
      await this.store.session.importMessages(name, source, {
        signal,
        onProgress: (progress) => {
          soFar = progress;
          show();
        },
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      total.messages += soFar.messages;
      total.octets += soFar.octets;
    }
  }
}

/** Takes files dropped anywhere on the window; `take(files)` gets them. */
export function acceptDrops(hint, take) {
  let timer;
  const hide = () => {
    hint.hidden = true;
  };
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    hint.hidden = Boolean(event.target.closest?.(".sidebar"));
    clearTimeout(timer);
    timer = setTimeout(hide, 250);
  });
  addEventListener("drop", (event) => {
    hide();
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}
