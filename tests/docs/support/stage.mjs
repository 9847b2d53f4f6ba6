// What blocks find when they are run: a session with some mail, in memory, made anew for each.

import { backends, openSession } from "offline-mailbox";
import { mapStore } from "offline-mailbox/adapters/map";

export const MESSAGE = [
  "From: Grace Hopper <grace@example.org>",
  "To: Ada <ada@example.org>",
  "Subject: Tea at five",
  "Date: Mon, 2 Mar 2026 12:00:00 +0000",
  "Message-ID: <tea@example.org>",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="="',
  "",
  "--=",
  "Content-Type: text/html; charset=utf-8",
  "",
  "<p>At <b>five</b>, then.</p>",
  "--=",
  'Content-Type: text/plain; name="cake.txt"',
  'Content-Disposition: attachment; filename="cake.txt"',
  "Content-Transfer-Encoding: base64",
  "",
  "Q2FrZSE=",
  "--=--",
  "",
].join("\r\n");

const MBOX = `From grace@example.org Mon Mar  2 12:00:00 2026\n${MESSAGE.replaceAll("\r\n", "\n")}\n`;

let count = 0;

/** Puts the globals of ambient.d.ts in place; returns what takes them away. */
export async function stage({ abortSoon }) {
  count += 1;
  // A backend of its own for each: what a block leaves open is not in the way of the next.
  const backend = `stage-${count}`;
  backends.add(backend, () => mapStore());
  backends.setDefault(backend);
  const session = await openSession({ owner: "stage@example.org" });
  const raw = new TextEncoder().encode(MESSAGE);
  const plain = (subject) => ({ raw: `From: bob@example.org\r\nSubject: ${subject}\r\n\r\nHello.\r\n` });
  const { uids } = await session.appendMessages("INBOX", [{ raw }, plain("One"), plain("Two")]);
  const { selected } = await session.selectMailbox("INBOX");
  const ending = new AbortController();
  const reason = new Error("the block was run long enough");
  const timer = abortSoon ? setTimeout(() => ending.abort(reason), 300) : undefined;
  const writable = new WritableStream();
  Object.assign(globalThis, { session, writable, selected, uid: uids[0], raw, file: new File([MBOX], "mail.mbox"), signal: ending.signal, show() {}, render() {}, renderTree() {} });
  return {
    reason,
    async clear() {
      clearTimeout(timer);
      await session.close();
      backends.setDefault(null);
    },
  };
}
