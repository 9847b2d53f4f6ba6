// What the peers make of a message: parsed by postal-mime, the same for all of them, and the keys for sorting
// and threading. Our own engine parses by itself and uses nothing of this.

import PostalMime from "/bench/node_modules/postal-mime/dist/esm/postal-mime.js";

/** A message parsed: everything that a list, a search, a sort or a thread needs of it. */
export async function parseMail(raw) {
  const mail = await PostalMime.parse(raw);
  const text = blanks(mail.text ?? htmlText(mail.html ?? ""));
  const from = mail.from ?? {};
  return {
    subject: mail.subject ?? "",
    fromName: from.name ?? "",
    fromAddress: from.address ?? "",
    to: (mail.to ?? []).map(({ name, address }) => ({ name: name ?? "", address: address ?? "" })),
    cc: (mail.cc ?? []).map(({ name, address }) => ({ name: name ?? "", address: address ?? "" })),
    sentDate: Date.parse(mail.date ?? "") || 0,
    messageId: mail.messageId ?? "",
    inReplyTo: mail.inReplyTo ?? "",
    references: mail.references ?? "",
    hasAttachment: mail.attachments.length > 0,
    preview: text.slice(0, 200),
    /** The searchable text; runs of blanks are one. */
    text,
    size: raw.byteLength,
    sortSubject: sortSubject(mail.subject ?? ""),
    sortFrom: sortFrom(from.address ?? ""),
    threadKey: threadKey(mail),
  };
}

/** The subject without marks of replies and forwards, in lower case: compared by code units. */
export function sortSubject(subject) {
  return blanks(subject)
    .replace(/^(?:(?:re|fwd?)\s*:\s*)+/i, "")
    .toLowerCase();
}

/** What stands before the `@`, in lower case: compared by code units. */
export function sortFrom(address) {
  const at = address.lastIndexOf("@");
  return (at < 0 ? address : address.slice(0, at)).toLowerCase();
}

/** The id of the message that began the conversation. */
export function threadKey({ messageId, inReplyTo, references }) {
  return /<[^>]+>/.exec(references ?? "")?.[0] ?? /<[^>]+>/.exec(inReplyTo ?? "")?.[0] ?? messageId ?? "";
}

const blanks = (text) => text.replace(/\s+/g, " ").trim();

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " " };

/** The text of an HTML body; enough for the generator's. */
function htmlText(html) {
  return html
    .replace(/<(style|script|head)\b[^]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/&(amp|lt|gt|quot|nbsp);/g, (_, name) => ENTITIES[name]);
}
