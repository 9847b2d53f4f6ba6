// A message's header and source as they are, read when somebody asks for them.

import { el } from "./dom.js";
import { bytes } from "./format.js";
import { failure } from "./toast.js";

/** What is shown of a source; the whole is downloaded. */
const LONGEST = 300_000;

/** A line that opens to the header, every field of it decoded, and to the source. */
export function headersView(store, uid) {
  const table = el("dl", { class: "headers-table" });
  const details = el("details", { class: "headers" }, el("summary", { text: "All headers" }), table,
    el("button", { type: "button", class: "link-button", text: "Show source", on: { click: ({ currentTarget }) => showSource(store, uid, currentTarget) } }));
  details.addEventListener("toggle", () => {
    if (!details.open || table.firstChild) return;
    readFields(store, uid)
      .then((fields) => table.replaceChildren(...fields.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])))
      .catch((error) => failure("Reading the header", error));
  });
  return details;
}

/** Names and decoded values of the header fields, in their order. */
async function readFields({ session, selected }, uid) {
  const raw = await session.fetchMessages(selected, [uid], { sections: ["HEADER"] });
  const octets = raw.messages[0]?.sections?.HEADER;
  if (!octets) return [];
  const names = [...new TextDecoder().decode(octets).matchAll(/^([!-9;-~]+)[ \t]*:/gm)].map(([, name]) => name);
  const decoded = await session.fetchMessages(selected, [uid], { headers: [...new Set(names.map((name) => name.toLowerCase()))] });
  const values = decoded.messages[0]?.headers ?? {};
  const next = new Map();
  return names.map((name) => {
    const key = name.toLowerCase();
    const at = next.get(key) ?? 0;
    next.set(key, at + 1);
    return [name, values[key]?.[at] ?? ""];
  });
}

export async function readSource({ session, selected }, uid) {
  const { messages: [message] } = await session.fetchMessages(selected, [uid], { source: true });
  return message?.source;
}

async function showSource(store, uid, button) {
  try {
    const source = await readSource(store, uid);
    if (!source || !button.isConnected) return;
    const cut = source.length > LONGEST;
    const text = new TextDecoder().decode(cut ? source.subarray(0, LONGEST) : source);
    button.replaceWith(el("pre", { class: "source", tabindex: "0", "aria-label": "Source", text: cut ? `${text}\n… ${bytes(source.length)} in all: download the message for the rest.` : text }));
  } catch (error) {
    failure("Reading the source", error);
  }
}
