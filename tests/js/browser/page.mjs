// Runs in the tested page: the package as `mailbox`, and helpers that several tests use.

import * as mailbox from "/pkg/index.js";
import { readMbox } from "/pkg/mbox.js";

export const mail = (subject, body = "Hello.\r\n") =>
  `From: Grace <grace@example.org>\r\nTo: ada@example.org\r\nSubject: ${subject}\r\n\r\n${body}`;

export async function sha256(octets) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The sha256 of every message of a mailbox, by uid. */
export async function digests(session, name) {
  const { selected } = await session.selectMailbox(name, { readonly: true });
  const found = [];
  for await (const { messages } of session.fetchPages(selected, "1:*", { source: true, pageSize: 200 })) {
    for (const message of messages) found.push(await sha256(message.source));
  }
  await session.closeMailbox(selected);
  return found;
}

/** Imports a module of the test's: scripts that a driver runs cannot in every browser. */
const load = (address) => import(address);

Object.assign(globalThis, { load, mailbox, readMbox, mail, sha256, digests, mailboxReady: true });
