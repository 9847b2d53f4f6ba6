// One row of the message list: its elements, and what they say of a message. Rows are used again for
// other messages as the list is scrolled.

import { el, icon } from "./dom.js";
import { bytes, people, shortDate } from "./format.js";
import { fullName } from "./store.js";

const DEEPEST = 6;

/** A row, hidden text and all, at the end of `place`. */
export function buildRow(place) {
  const row = {
    who: el("span", { class: "row-who", dir: "auto" }),
    subject: el("span", { class: "row-subject", dir: "auto" }),
    preview: el("span", { class: "row-preview" }),
    date: el("time", { class: "row-date" }),
    flags: el("span", { class: "row-flags" }),
    element: undefined,
    drawn: undefined,
    state: undefined,
    y: undefined,
  };
  row.element = el("div", { class: "row waiting", role: "option", draggable: "true" },
    el("span", { class: "row-mark" }, el("i"), icon("check")),
    row.who, row.flags, row.date,
    el("span", { class: "row-what" }, row.subject, row.preview),
    el("span", { class: "row-star", title: "Star" }, icon("star")));
  place.append(row.element);
  return row;
}

/**
 * Makes a row say what a message is; one that is undefined is still being read. Does nothing where
 * the row says it already.
 */
export function fillRow(row, message, { index, total, cursor, chosen, outgoing, sizes }) {
  const state = `${index}|${total}|${chosen}|${cursor}|${sizes}`;
  if (row.drawn === message && row.state === state && message !== undefined) return;
  const { element } = row;
  const same = row.drawn === message && row.state?.endsWith(String(sizes));
  if (row.state !== state) {
    row.state = state;
    element.id = `row-${index}`;
    element.setAttribute("aria-setsize", total);
    element.setAttribute("aria-posinset", index + 1);
  }
  element.dataset.index = index;
  element.classList.toggle("waiting", message === undefined);
  element.classList.toggle("cursor", cursor);
  element.setAttribute("aria-selected", String(chosen));
  if (message === undefined) {
    row.drawn = undefined;
    delete element.dataset.uid;
    delete element.dataset.depth;
    element.classList.remove("unread", "starred", "deleted", "head");
    element.setAttribute("aria-label", "Loading");
    // What it said was of another message.
    for (const part of [row.who, row.subject, row.preview, row.date, row.flags]) part.textContent = "";
    return;
  }
  if (same) return;
  row.drawn = message;
  const has = (flag) => message.flags.includes(flag);
  const who = people(outgoing ? message.to : message.from);
  element.dataset.uid = message.uid;
  element.dataset.depth = Math.min(message.depth ?? 0, DEEPEST);
  element.classList.toggle("unread", !has("\\Seen"));
  element.classList.toggle("starred", has("\\Flagged"));
  element.classList.toggle("deleted", has("\\Deleted"));
  element.classList.toggle("head", message.count > 1);
  row.who.textContent = (outgoing && who ? "To: " : "") + (who || "(unknown sender)");
  row.subject.textContent = message.subject || "(no subject)";
  row.preview.textContent = message.preview ?? "";
  row.date.textContent = sizes ? bytes(message.size) : shortDate(message.sentDate ?? message.internalDate);
  const marks = [];
  if (message.count > 1) marks.push(el("span", { class: "row-count", title: "Messages in this conversation", text: message.count }));
  if (message.label) marks.push(el("span", { class: "row-label", text: fullName(message.label) }));
  if (message.hasAttachment) marks.push(icon("clip"));
  row.flags.replaceChildren(...marks);
  element.setAttribute("aria-label", [
    has("\\Seen") ? "" : "Unread", has("\\Flagged") ? "Starred" : "",
    message.depth > 0 ? `Reply, level ${message.depth}` : message.count > 1 ? `Conversation of ${message.count}` : "",
    row.who.textContent, row.subject.textContent, row.date.textContent, message.hasAttachment ? "has attachment" : "",
    message.label ? `in ${fullName(message.label)}` : "",
  ].filter(Boolean).join(", "));
}
