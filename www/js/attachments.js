// A message's files: what they are, and handing them to the user.

import { el, icon } from "./dom.js";
import { bytes } from "./format.js";
import { failure } from "./toast.js";

/** Pictures a browser draws without running anything, whatever they hold. */
export const PICTURE = /^image\/(png|jpe?g|gif|webp|bmp|avif)$/;
const BIGGEST_THUMBNAIL = 4_000_000;

/** A name of one line without slashes: the sender's may be anything. */
export function fileName({ filename, type, contentId }, index) {
  const fallback = type === "message/rfc822" ? "Forwarded message.eml" : contentId && PICTURE.test(type) ? `Picture ${index + 1}.${type.slice(6)}` : `Attachment ${index + 1}`;
  return (filename || fallback).replace(/[\u0000-\u001f\u007f/\\]/g, "_").slice(0, 200);
}

/** Hands a file to the user; never opened in this page, whatever type it claims. */
export function save(name, parts) {
  const url = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
  el("a", { href: url, download: name.replace(/[\u0000-\u001f\u007f/\\:*?"<>|]/g, "_").slice(0, 150) }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * The list of a message's files, but for those at `hidden` indices.
 * @param message as `fetchMessages` gives it with `attachments`
 * @param urls where object URLs are put that live as long as the list is shown
 */
export function attachmentList(message, hidden, urls) {
  const items = message.attachments.map((file, index) => {
    if (hidden.has(index)) return null;
    const name = fileName(file, index);
    const place = el("span", { class: "attachment-picture" }, icon(file.type.startsWith("image/") ? "file" : "clip"));
    if (PICTURE.test(file.type) && file.size < BIGGEST_THUMBNAIL) thumbnail(message, index, place, urls);
    const button = el("button", { type: "button", class: "icon-button", "aria-label": `Download ${name}`, title: `Download ${name}`, on: { click: () => download(message, index, name, button) } }, icon("import"));
    return el("li", { class: "attachment" }, place,
      el("span", { class: "attachment-name" }, el("b", { text: name, title: name }), el("small", { text: `${bytes(file.size)} · ${file.type}` })), button);
  }).filter(Boolean);
  return items.length > 0 ? el("ul", { class: "attachments", "aria-label": "Attachments" }, ...items) : undefined;
}

async function thumbnail(message, index, place, urls) {
  try {
    const octets = await message.attachment(index);
    if (!place.isConnected) return;
    const url = URL.createObjectURL(new Blob([octets], { type: message.attachments[index].type }));
    urls.push(url);
    const picture = el("img", { src: url, alt: "" });
    await picture.decode();
    place.replaceChildren(picture);
  } catch {
    // No picture, then: the icon stays.
  }
}

async function download(message, index, name, button) {
  button.disabled = true;
  try {
    // Piece by piece: no second copy of a large file is in memory.
    save(name, [await new Response(message.attachmentStream(index)).blob()]);
  } catch (error) {
    failure(`Downloading ${name}`, error);
  } finally {
    button.disabled = false;
  }
}
