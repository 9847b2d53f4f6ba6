// What the types must refuse: each line marked so fails to compile, or the test does.

import { type Session, MailboxError, SelectedMailbox, openSession } from "offline-mailbox";
import { writeMaildir } from "offline-mailbox/maildir";
import { readMbox, writeMbox } from "offline-mailbox/mbox";

export async function misuse(session: Session, selected: SelectedMailbox): Promise<void> {
  // @ts-expect-error: no owner
  await openSession({});
  // @ts-expect-error: a misspelt option
  await openSession({ owner: "a", durabilty: "strict" });
  // @ts-expect-error: not a durability
  await openSession({ owner: "a", durability: "lax" });
  // @ts-expect-error: sessions come from openSession
  new SelectedMailbox();
  // @ts-expect-error: not a special use
  await session.createMailbox("A", { specialUse: "\\Inbox" });
  // @ts-expect-error: a number is no set
  await session.fetchMessages(selected, 7);
  // @ts-expect-error: no such macro
  await session.fetchMessages(selected, "1", { macro: "all" });
  // @ts-expect-error: header names are a list
  await session.fetchMessages(selected, "1", { headers: "subject" });
  // @ts-expect-error: pages are not of what changed
  session.fetchPages(selected, "1", { changedSince: 1 });
  // @ts-expect-error: a part has a number, not a place
  await (await session.fetchMessages(selected, "1")).messages[0]?.part(1);
  // @ts-expect-error: uids are no strings
  await session.fetchMessages(selected, ["7"]);
  // @ts-expect-error: flags are a list
  await session.updateFlags(selected, "1", "\\Seen");
  // @ts-expect-error: not an operation
  await session.updateFlags(selected, "1", ["\\Seen"], "set");
  // @ts-expect-error: a date is a Date
  await session.appendMessages("INBOX", [{ raw: "x", internalDate: "2026-01-01" }]);
  // @ts-expect-error: no such key
  await session.searchMailbox(selected, { sen: true });
  // @ts-expect-error: not where duplicates are looked for
  await session.importMessages("INBOX", [], { skipDuplicates: "everywhere" });
  // @ts-expect-error: a writer takes a mailbox's name
  writeMbox(session, selected);
  // @ts-expect-error: not a separator
  await writeMaildir(session, "INBOX", "mail", { separator: "," });
  // @ts-expect-error: a script is text
  await session.filterSet.put("a", new Uint8Array(1));
  // @ts-expect-error: an address is text
  await session.deliver("x", { sender: ["a@b"] });
  // @ts-expect-error: no such option
  await session.deliver("x", { to: "a@b" });
  // @ts-expect-error: nothing to sort by
  await session.sortMailbox(selected, "bcc");
  // @ts-expect-error: not an algorithm
  await session.threadMailbox(selected, "REFS");
  // @ts-expect-error: not an order
  await session.listMessages(selected, { sort: "+date" });
  // @ts-expect-error: text is a string
  await session.searchMailbox(selected, { subject: 7 });
  // @ts-expect-error: not a form of the answer
  await session.searchMailbox(selected, {}, { return: ["save"] });
  // @ts-expect-error: with return there are no arrays
  (await session.searchMailbox(selected, {}, { return: ["count"] })).uids;
  // @ts-expect-error: names are a list
  await session.search({}, { mailboxes: "INBOX" });
  // @ts-expect-error: a name is no view
  await session.checkMailbox("INBOX");
  // @ts-expect-error: answers are not to be changed
  (await session.status("INBOX")).exists = 7;
  // @ts-expect-error: nothing that takes messages
  await openSession({ owner: "a", worker: "worker.js" });
  // @ts-expect-error: not a code
  new MailboxError("OOPS", "x");
  // @ts-expect-error: not a format
  readMbox(new Uint8Array(1), { format: "mmdf" });
  // @ts-expect-error: without IndexedDB there is no default backend
  const name: string = (await import("offline-mailbox")).backends.default;
  console.log(name);
}
