// A small reader of MIME for the reading pane: total on any bytes, lenient as webmail must be with
// old and broken mail. The library's own view of a message (body structure, sections, decoded text)
// takes its place when it comes.

const DEEPEST = 30;
const MOST_PARTS = 500;

/** Octets as a string of code units 0 to 255. */
function binary(octets) {
  const pieces = [];
  for (let at = 0; at < octets.length; at += 0x8000) {
    pieces.push(String.fromCharCode.apply(null, octets.subarray(at, at + 0x8000)));
  }
  return pieces.join("");
}

function octetsOf(text) {
  const octets = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) octets[at] = text.charCodeAt(at);
  return octets;
}

const LABELS = { "cp-850": "windows-1252", "unicode-1-1-utf-7": "utf-8", "x-unknown": "", "unknown-8bit": "", "default": "", "us-ascii": "", "ascii": "", "ansi_x3.4-1968": "" };

/** Text of octets in a charset; unknown or absent: UTF-8 where it is that, else Windows-1252. */
function decode(octets, charset) {
  const asked = (charset ?? "").trim().toLowerCase();
  const label = asked in LABELS ? LABELS[asked] : asked;
  if (label) {
    try {
      return new TextDecoder(label).decode(octets);
    } catch {
      // Not a name the platform knows; guess.
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    return new TextDecoder("windows-1252").decode(octets);
  }
}

function fromBase64(text) {
  const pieces = [];
  // Padding in the middle is where some programs joined two encodings.
  for (const piece of text.replace(/[^A-Za-z0-9+/=]/g, "").split(/=+/)) {
    const usable = piece.length % 4 === 1 ? piece.slice(0, -1) : piece;
    if (usable) pieces.push(atob(usable));
  }
  return pieces.join("");
}

function fromQuotedPrintable(text) {
  // By lines, not by one expression over all: that would be quadratic in a long run of spaces.
  return text
    .split("\n")
    .map((line) => {
      let end = line.length;
      while (end > 0 && " \t\r".includes(line[end - 1])) end -= 1;
      return line.slice(0, end);
    })
    .join("\n")
    .replace(/=\n/g, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

function contentOf(text, encoding) {
  switch (encoding.trim().toLowerCase()) {
    case "base64": return fromBase64(text);
    case "quoted-printable": return fromQuotedPrintable(text);
    default: return text;
  }
}

/** A header field's text: encoded words (RFC 2047) and raw 8-bit. */
export function headerText(raw) {
  const joined = raw.replace(/(=\?[^?\s]+\?[bq]\?[^?]*\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, "$1");
  const words = /=\?([^?\s*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi;
  let text = "";
  let at = 0;
  // Neighbouring words of one charset are decoded together: some programs split inside a character.
  let run = "";
  let runCharset = "";
  const flush = () => {
    if (run) text += decode(octetsOf(run), runCharset);
    run = "";
  };
  for (const match of joined.matchAll(words)) {
    const [whole, charset, kind, payload] = match;
    if (match.index > at) {
      flush();
      text += decode(octetsOf(joined.slice(at, match.index)));
    }
    if (charset.toLowerCase() !== runCharset) {
      flush();
      runCharset = charset.toLowerCase();
    }
    run += kind.toLowerCase() === "b" ? fromBase64(payload) : fromQuotedPrintable(payload.replaceAll("_", "=20"));
    at = match.index + whole.length;
  }
  flush();
  return text + decode(octetsOf(joined.slice(at)));
}

/** Header fields in order, unfolded, undecoded; and where the body begins. */
function readHeader(text, from, to) {
  const fields = [];
  let at = from;
  while (at < to) {
    let end = text.indexOf("\n", at);
    if (end < 0 || end >= to) end = to;
    const line = text.slice(at, end).replace(/\r$/, "");
    const next = Math.min(end + 1, to);
    if (line === "") return { fields, body: next };
    if (/^[ \t]/.test(line) && fields.length > 0) {
      fields[fields.length - 1].value += ` ${line.trim()}`;
    } else {
      const colon = line.indexOf(":");
      if (colon > 0 && /^[\x21-\x7e]+[ \t]*$/.test(line.slice(0, colon))) {
        fields.push({ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() });
      } else if (fields.length > 0 || !/^>?From /.test(line)) {
        // A line that is no field: the header ended without an empty line.
        return { fields, body: at };
      }
    }
    at = next;
  }
  return { fields, body: to };
}

const first = (fields, name) => fields.find((field) => field.name.toLowerCase() === name)?.value ?? "";

/** `value; name=text` with RFC 2231's continuations and charsets. */
function parameters(value) {
  const [head] = value.split(";", 1);
  const found = new Map();
  const pattern = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;
  for (const [, name, quoted, token] of value.matchAll(pattern)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, quoted === undefined ? token.trim() : quoted.replace(/\\(.)/g, "$1"));
  }
  const get = (name) => {
    if (found.has(name)) return headerText(found.get(name));
    let raw = "";
    let extended = false;
    if (found.has(`${name}*`)) {
      raw = found.get(`${name}*`);
      extended = true;
    } else {
      for (let part = 0; part < 100; part += 1) {
        const plain = found.get(`${name}*${part}`);
        const coded = found.get(`${name}*${part}*`);
        if (plain === undefined && coded === undefined) break;
        extended ||= coded !== undefined;
        raw += coded ?? plain;
      }
    }
    if (!raw) return undefined;
    if (!extended) return headerText(raw);
    const [, charset, rest] = /^([^']*)'[^']*'(.*)$/s.exec(raw) ?? [null, "", raw];
    return decode(octetsOf(rest.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))), charset);
  };
  return { value: head.trim().toLowerCase(), get };
}

/** Where the parts of a multipart lie: [from, to) pairs. A missing last line is taken as at the end. */
function split(text, from, to, boundary) {
  const parts = [];
  const mark = `--${boundary}`;
  let start = -1;
  let at = from;
  while (at < to) {
    const found = text.indexOf(mark, at);
    if (found < 0 || found >= to) break;
    at = found + mark.length;
    if (found !== from && text[found - 1] !== "\n") continue;
    let end = text.indexOf("\n", at);
    if (end < 0 || end > to) end = to;
    const rest = text.slice(at, end).trim();
    if (rest !== "" && rest !== "--") continue;
    if (start >= 0) {
      let stop = found;
      if (text[stop - 1] === "\n") stop -= 1;
      if (text[stop - 1] === "\r") stop -= 1;
      parts.push([start, Math.max(start, stop)]);
    }
    start = Math.min(end + 1, to);
    if (rest === "--") return parts;
  }
  if (start >= 0) parts.push([start, to]);
  return parts;
}

/**
 * Reads a message.
 * @param {Uint8Array} octets
 * @returns {{ headers: {name: string, value: string}[], text: string|undefined, html: string|undefined,
 *   attachments: {name: string, type: string, size: number, octets(): Uint8Array}[], images: Map<string, {type: string, octets(): Uint8Array}> }}
 *   `images`: inline parts by their content id.
 */
export function readMessage(octets) {
  const source = binary(octets);
  const message = { headers: [], texts: [], htmls: [], attachments: [], images: new Map() };
  let budget = MOST_PARTS;

  function walk(from, to, depth, inherited) {
    if ((budget -= 1) < 0) return;
    const { fields, body } = readHeader(source, from, to);
    if (depth === 0) message.headers = fields.map(({ name, value }) => ({ name, value: headerText(value) }));
    const type = parameters(first(fields, "content-type") || inherited);
    const disposition = parameters(first(fields, "content-disposition"));
    const encoding = first(fields, "content-transfer-encoding");
    const kind = /^[\w.+-]+\/[\w.+-]+$/.test(type.value) ? type.value : "text/plain";

    if (kind.startsWith("multipart/") && depth < DEEPEST) {
      const boundary = type.get("boundary");
      const parts = boundary ? split(source, body, to, boundary) : [];
      if (parts.length > 0) {
        const below = kind === "multipart/digest" ? "message/rfc822" : "text/plain";
        for (const [start, end] of parts) walk(start, end, depth + 1, below);
        return;
      }
    }
    const content = () => octetsOf(contentOf(source.slice(body, to), encoding));
    const name = disposition.get("filename") ?? type.get("name");
    const id = first(fields, "content-id").replace(/^<|>$/g, "");
    const readable = (kind === "text/plain" || kind === "text/html" || kind === "text/enriched" || kind.startsWith("multipart/"));
    if (readable && disposition.value !== "attachment" && !(name && depth > 0 && message.texts.length + message.htmls.length > 0)) {
      const text = decode(content(), type.get("charset")).replace(/\r\n?/g, "\n");
      if (kind === "text/html") message.htmls.push(text);
      else message.texts.push(type.get("format")?.toLowerCase() === "flowed" ? unflow(text, type.get("delsp")) : text);
      return;
    }
    if (id && kind.startsWith("image/")) message.images.set(id, { type: kind, octets: content });
    if (disposition.value === "inline" && id && kind.startsWith("image/")) return;
    const fallback = kind === "message/rfc822" ? "Forwarded message.eml" : `Attachment ${message.attachments.length + 1}`;
    message.attachments.push({
      name: (name || fallback).replace(/[\u0000-\u001f\u007f/\\]/g, "_").slice(0, 200),
      type: kind,
      size: encoding.trim().toLowerCase() === "base64" ? Math.floor(((to - body) * 3) / 4 / 1.027) : to - body,
      octets: content,
    });
  }

  walk(0, source.length, 0, "text/plain");
  const join = (list, between) => (list.length > 0 ? list.join(between) : undefined);
  return {
    headers: message.headers,
    text: join(message.texts, "\n\n"),
    html: join(message.htmls, "<hr>"),
    attachments: message.attachments,
    images: message.images,
  };
}

/** RFC 3676: lines that end in a space go on, within one depth of quoting. */
function unflow(text, delsp) {
  const out = [];
  let open = false;
  let depth = 0;
  for (const line of text.split("\n")) {
    const quotes = /^>*/.exec(line)[0];
    const rest = line.slice(quotes.length).replace(/^ /, "");
    const flowed = rest.endsWith(" ") && rest !== "-- ";
    const piece = flowed && delsp?.toLowerCase() === "yes" ? rest.slice(0, -1) : rest;
    if (open && quotes.length === depth && rest !== "-- ") out[out.length - 1] += piece;
    else out.push(quotes ? `${quotes} ${piece}` : piece);
    open = flowed;
    depth = quotes.length;
  }
  return out.join("\n");
}
