// The sample mailbox: some hundred invented messages, the same each time but for their dates, put in
// through the public interface when the mail store is new.

import { el, icon } from "./dom.js";
import { plural } from "./format.js";
import { FILL, LISTS, MACHINES, ME, PEOPLE, SPAM, THREADS } from "./sample-texts.js";
import { failure, notice } from "./toast.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SPECIAL = { Drafts: "\\Drafts", Sent: "\\Sent", Archive: "\\Archive", Junk: "\\Junk", Trash: "\\Trash" };

/** Random numbers that are the same on each run (mulberry32). */
function seeded(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)] };
}

// ---- Writing mail

function base64(octets) {
  let text = "";
  for (const octet of octets) text += String.fromCharCode(octet);
  return btoa(text).replace(/.{76}/g, "$&\r\n");
}

const utf8 = (text) => new TextEncoder().encode(text);
const plain = (text) => /^[\x20-\x7e\n]*$/.test(text);

/** Words for a header; encoded (RFC 2047) in pieces of whole characters where they are not ASCII. */
function words(text) {
  if (plain(text)) return text;
  const pieces = [];
  let piece = "";
  for (const character of text) {
    if (utf8(piece + character).length > 42) {
      pieces.push(piece);
      piece = "";
    }
    piece += character;
  }
  pieces.push(piece);
  return pieces.map((part) => `=?utf-8?B?${base64(utf8(part))}?=`).join("\r\n ");
}

const address = ([name, at]) => `${plain(name) ? `"${name}"` : words(name)} <${at}>`;

function dateField(date) {
  return date.toUTCString().replace(/GMT$/, "+0000");
}

function textPart(type, text) {
  const crlf = text.replace(/\n/g, "\r\n");
  const ascii = plain(text) && !text.split("\n").some((line) => line.length > 900);
  return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${ascii ? "7bit" : "base64"}\r\n\r\n${ascii ? crlf : base64(utf8(crlf))}`;
}

function filePart({ name, type, octets }) {
  return `Content-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(octets)}`;
}

function multipart(kind, boundary, parts) {
  return `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join("")}--${boundary}--\r\n`;
}

function compose({ from, to, cc, subject, date, id, references = [], text, html, file, extra = [] }) {
  let body = textPart("text/plain", text);
  if (html) body = multipart("alternative", `alt-${id}`, [body, textPart("text/html", html)]);
  if (file) body = multipart("mixed", `mix-${id}`, [body, filePart(file)]);
  const fields = [
    `From: ${address(from)}`, `To: ${to.map(address).join(",\r\n ")}`,
    ...(cc ? [`Cc: ${cc.map(address).join(",\r\n ")}`] : []),
    `Subject: ${words(subject)}`, `Date: ${dateField(date)}`, `Message-ID: <${id}@example.org>`,
    ...(references.length > 0 ? [`In-Reply-To: <${references.at(-1)}@example.org>`, `References: ${references.map((r) => `<${r}@example.org>`).join("\r\n ")}`] : []),
    ...extra, "MIME-Version: 1.0",
  ];
  return `${fields.join("\r\n")}\r\n${body}${body.endsWith("\r\n") ? "" : "\r\n"}`;
}

const escapeHtml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function letter(title, text, colour) {
  const paragraphs = text.split("\n\n").map((p) => `<p style="margin:0 0 16px">${escapeHtml(p).replaceAll("\n", "<br>").replace(/https:\S+/g, (url) => `<a href="${url}" style="color:${colour}">${url}</a>`)}</p>`).join("");
  return `<!doctype html><html><head><style>.foot{color:#8a92a0;font-size:12px}</style></head><body style="margin:0;background:#f4f2ee"><table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:28px 12px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border-radius:12px;overflow:hidden"><tr><td style="background:${colour};padding:30px 32px;color:#ffffff;font:600 22px Georgia,serif">${escapeHtml(title)}</td></tr><tr><td style="padding:28px 32px;font:16px/1.6 Georgia,serif;color:#2a2d33">${paragraphs}<p class="foot">You get this because you asked for it. <a href="https://example.org/leave" style="color:#8a92a0">Stop</a></p></td></tr></table></td></tr></table></body></html>`;
}

// ---- Attachments

/** A picture, painted here: a sky, hills or a plan of beds. */
async function picture(random, type, draw) {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 420;
  const paint = canvas.getContext("2d");
  draw(paint, random);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.8));
  return new Uint8Array(await blob.arrayBuffer());
}

function landscape(paint, random) {
  const sky = paint.createLinearGradient(0, 0, 0, 420);
  const warm = random.below(40);
  sky.addColorStop(0, `hsl(${205 + warm} 60% 62%)`);
  sky.addColorStop(1, `hsl(${28 + warm} 85% 82%)`);
  paint.fillStyle = sky;
  paint.fillRect(0, 0, 640, 420);
  paint.fillStyle = "hsl(45 95% 88%)";
  paint.beginPath();
  paint.arc(420, 150, 34, 0, 7);
  paint.fill();
  for (let ridge = 0; ridge < 4; ridge += 1) {
    paint.fillStyle = `hsl(${215 - ridge * 14} ${24 + ridge * 5}% ${58 - ridge * 12}%)`;
    paint.beginPath();
    paint.moveTo(0, 420);
    const phase = random.next() * 6;
    for (let x = 0; x <= 640; x += 8) paint.lineTo(x, 230 + ridge * 45 + Math.sin(x / (90 - ridge * 12) + phase) * (26 - ridge * 4) + Math.sin(x / 23 + phase) * 5);
    paint.lineTo(640, 420);
    paint.fill();
  }
}

function beds(paint) {
  paint.fillStyle = "#f3efe4";
  paint.fillRect(0, 0, 640, 420);
  paint.font = "20px sans-serif";
  ["beans", "carrots", "leeks", "potatoes", "onions", "flowers"].forEach((name, at) => {
    const x = 40 + (at % 3) * 195;
    const y = 40 + Math.floor(at / 3) * 190;
    paint.fillStyle = ["#7da453", "#d98a3d", "#9cbf8a", "#a9835b", "#c9a3b5", "#d9738c"][at];
    paint.fillRect(x, y, 170, 150);
    paint.fillStyle = "#26301d";
    paint.fillText(`${at + 1}  ${name}`, x + 14, y + 32);
  });
}

function pdf(title) {
  const text = `BT /F1 24 Tf 72 720 Td (${title.replace(/[()\\]/g, "")}) Tj ET`;
  const objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>", `<< /Length ${text.length} >>\nstream\n${text}\nendstream`, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"];
  let out = "%PDF-1.4\n";
  const offsets = objects.map((object, at) => {
    const offset = out.length;
    out += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = out.length;
  out += `xref\n0 6\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return utf8(out);
}

async function file(name, random) {
  const [, ending] = /\.(\w+)$/.exec(name);
  const make = {
    png: async () => ({ type: "image/png", octets: await picture(random, "image/png", beds) }),
    jpg: async () => ({ type: "image/jpeg", octets: await picture(random, "image/jpeg", landscape) }),
    pdf: async () => ({ type: "application/pdf", octets: pdf(name.replace(/\.pdf$/, "")) }),
    csv: async () => ({ type: "text/csv", octets: utf8(`part;number;size\r\n${Array.from({ length: 24 }, (_, at) => `${"ABCDEFGH"[at % 8]}${at};${random.below(90)};${(random.next() * 100).toFixed(1)}`).join("\r\n")}\r\n`) }),
    ics: async () => ({ type: "text/calendar", octets: utf8("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//sample//EN\r\nBEGIN:VEVENT\r\nUID:lyon@example.org\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260313T160400Z\r\nSUMMARY:Lyon\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n") }),
  };
  return { name, ...(await make[ending]()) };
}

// ---- The mailbox

/**
 * The sample: for each mailbox its messages, oldest first.
 * @returns {Promise<Map<string, { raw: string, flags: string[], internalDate: Date }[]>>}
 */
export async function sampleMail(now = new Date()) {
  const random = seeded(20_260_131);
  const boxes = new Map(["INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"].map((name) => [name, []]));
  let serial = 0;
  const at = (ago) => new Date(Math.floor((now.getTime() - ago) / 1000) * 1000);
  const put = (box, mail, flags) => {
    serial += 1;
    if (!boxes.has(box)) boxes.set(box, []);
    const id = mail.id ?? `m${serial}`;
    boxes.get(box).push({ raw: compose({ ...mail, id }), flags, internalDate: mail.date });
    return id;
  };

  let thread = 0;
  for (const { box, subject, says, flagged } of THREADS) {
    thread += 1;
    const recent = box === "INBOX";
    let ago = recent ? (0.25 + random.next() * 0.4 + ((thread * 5) % 12) * 0.38 + says.length * 0.1) * DAY : (20 + random.next() * 200) * DAY;
    const cast = [...new Set(says.map(([who]) => who))].filter((who) => who !== "me").map((who) => PEOPLE[who]);
    const references = [];
    for (const [turn, [who, text, attached]] of says.entries()) {
      const mine = who === "me";
      const from = mine ? ME : PEOPLE[who];
      const others = mine ? cast : [ME, ...cast.filter((person) => person !== from)];
      const [to, ...cc] = others;
      const date = at(Math.max(ago, 0.2 * HOUR));
      const last = turn === says.length - 1;
      const mail = {
        from, to: [to], cc: cc.length > 0 ? cc : undefined, subject: turn === 0 ? subject : `Re: ${subject}`, date, text,
        references: [...references], id: `t${thread}.${turn}`, file: attached ? await file(attached, random) : undefined,
      };
      if (mine) put("Sent", mail, ["\\Seen"]);
      else put(box, mail, [...(recent && last && random.next() < 0.7 ? [] : ["\\Seen"]), ...(!last ? ["\\Answered"] : []), ...(flagged && turn === 0 ? ["\\Flagged"] : [])]);
      references.push(mail.id);
      ago -= (0.1 + random.next() * 0.9) * (recent ? 0.18 : 1) * DAY;
    }
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => (values[key] ??= key === "n" ? random.below(900) + 1 : key === "id" ? `EX${100_000 + random.below(899_999)}` : random.pick(FILL[key])));
  const colours = ["#37626f", "#7a4a3a", "#4a5a8c", "#5b6b35", "#7b3f61"];
  for (let turn = 0; turn < 190; turn += 1) {
    const machine = MACHINES[turn % MACHINES.length];
    const values = {};
    const box = turn < 64 ? "INBOX" : turn < 172 ? "Archive" : "Trash";
    const ago = box === "INBOX" ? (0.12 + turn * 0.8 + random.next() * 0.7) * DAY : (24 + turn * 1.7 + random.next()) * DAY;
    const subject = fill(machine.subject, values);
    const text = fill(machine.text, values);
    put(box, { from: machine.from, to: [ME], subject, date: at(ago), text, html: machine.html ? letter(subject, text, colours[turn % colours.length]) : undefined },
      [...(box === "INBOX" && random.next() < (turn < 24 ? 0.5 : 0.06) ? [] : ["\\Seen"]), ...(random.next() < 0.05 ? ["\\Flagged"] : [])]);
  }

  const names = Object.values(PEOPLE);
  for (const { box, tag, address: list, subjects, remarks } of LISTS) {
    let ago = 95 * DAY;
    for (const [number, subject] of subjects.entries()) {
      const references = [];
      const length = 4 + random.below(8);
      for (let turn = 0; turn < length; turn += 1) {
        ago -= ((90 / subjects.length / length) * (0.5 + random.next())) * DAY;
        const before = references.at(-1);
        const remark = random.pick(remarks);
        const id = `${tag}${number}.${turn}`;
        put(box, {
          from: random.pick(names), to: [[tag, list]], subject: `${before ? "Re: " : ""}[${tag}] ${subject}`, date: at(Math.max(ago, 2 * HOUR)), id, references: [...references],
          text: `${before ? `> ${random.pick(remarks)}\n\n` : ""}${remark}\n\n${random.pick(remarks)}\n\n-- \n${tag} mailing list\nhttps://lists.example.org/${tag}`,
          extra: [`List-Id: <${tag}.lists.example.org>`, `List-Post: <mailto:${list}>`],
        }, ago < 6 * DAY && random.next() < 0.7 ? [] : ["\\Seen"]);
        references.push(id);
      }
    }
  }

  for (let turn = 0; turn < 28; turn += 1) {
    const [subject, text] = SPAM[turn % SPAM.length];
    // Hostile on purpose: the reading pane must not run or load any of it.
    const html = `<html><body bgcolor="#ffffe0" onload="alert('spam')"><center><h1><font color="#cc0000">${subject}</font></h1><p style="font-size:18px">${text}</p><img src="https://tracker.example.com/open.gif?id=${turn}" width="120" height="40" alt="[remote image]"><script>document.title = "spam"</script><p><a href="javascript:alert(1)">CLICK HERE</a> or <a href="https://prizes.example.com/claim">here</a></p></center></body></html>`;
    put("Junk", { from: [random.pick(["Prize Office", "Dr. Tea", "Accounts", "Mail Support"]), `no-reply${turn}@promo.example.com`], to: [ME], subject: `${subject}${turn > 6 ? ` #${turn}` : ""}`, date: at((0.3 + turn * 0.9) * DAY), text, html },
      turn < 5 ? ["$Junk"] : ["\\Seen", "$Junk"]);
  }

  put("Drafts", { from: ME, to: [PEOPLE.amara], subject: "The second courgette", date: at(5 * HOUR), text: "Dear Amara,\n\nI have a confession to make about the number of courgette plants" }, ["\\Draft", "\\Seen"]);
  put("Drafts", { from: ME, to: [PEOPLE.nora], subject: "Re: Proofs of chapter four", date: at(30 * HOUR), text: "Page 3: keep the comma.\nPage 7: keep the comma.\nPage 12: " }, ["\\Draft", "\\Seen"]);

  put("INBOX", {
    from: ["offline-mailbox", "hello@example.org"], to: [ME], subject: "Welcome to your offline mailbox", date: at(2 * 60_000),
    text: "Hello,\n\nthis mailbox lives in your browser. The store behind it speaks IMAP's language (uids, flags, \\Recent, EXPUNGE, mod-sequences), is written in Rust, runs as WebAssembly and keeps its data in IndexedDB. Nothing leaves this device.\n\nThings to try:\n\n  * Open this page in a second tab and star a message: both follow.\n  * Drop an .mbox or .eml file anywhere on the window.\n  * Drag messages onto a mailbox; with Ctrl they are copied.\n  * Press / and type: every word of all mail is searched. Try from:amara has:attachment.\n  * Click on Subject or Size to sort, on Threads for conversations.\n  * Open Filters, and deliver a message through one.\n  * Press ? for the keys\n  * Reload, or go offline: everything is still there.\n\nThe messages around this one are invented. Empty the mailboxes when you are done with them.\n",
  }, ["\\Flagged"]);

  for (const messages of boxes.values()) messages.sort((a, b) => a.internalDate - b.internalDate);
  return boxes;
}

/** Whether nobody has ever put anything in: only an INBOX that never held a message. */
function isNew(store) {
  return store.mailboxes.size === 1 && store.mailboxes.get("INBOX")?.counts?.uidNext === 1;
}

/** Fills a new mail store with the sample; does nothing to one that was used before. */
export async function offerSample(store, place) {
  if (!isNew(store) || new URLSearchParams(location.search).has("empty")) return;
  // Two tabs opened at once must not both do it.
  const alone = (work) => (navigator.locks ? navigator.locks.request("sample-mail", work) : work());
  place.dataset.busy = "sample";
  place.hidden = false;
  place.replaceChildren(icon("inbox"), el("h2", { text: "Setting the table" }), el("p", { text: "Putting some sample mail into your new mailbox…" }));
  try {
    await alone(async () => {
      await store.refresh();
      if (!isNew(store)) return;
      const { session } = store;
      let messages = 0;
      for (const [name, mails] of await sampleMail()) {
        if (name !== "INBOX") await session.createMailbox(name, { specialUse: SPECIAL[name] });
        const done = await session.importMessages(name, mails);
        messages += done.messages;
      }
      notice(`${plural(messages, "sample message")} added`);
    });
  } catch (error) {
    failure("Adding sample mail", error);
  } finally {
    delete place.dataset.busy;
    delete place.dataset.for;
    await store.refresh();
  }
}
