// The public API as a typed application uses it. Compiling is the test.

import {
  type Attachment,
  type BodyStructure,
  type DeliverResult,
  type ErrorCode,
  type FetchOptions,
  type FetchedMessage,
  type MailboxEvents,
  type MailboxMatches,
  type MailboxSnapshot,
  type MessageRow,
  type RawEnvelope,
  type ReturnedSearch,
  type SearchKeys,
  type SearchResult,
  type Sort,
  type Updates,
  ERROR_CODES,
  FilterSet,
  MailboxError,
  SelectedMailbox,
  Session,
  backends,
  deleteDatabase,
  openSession,
  registerBackend,
  version,
} from "offline-mailbox";
import { type MailboxWorker, connect, createWorker } from "offline-mailbox/client";
import { exportEml, messageFileName, readEml } from "offline-mailbox/eml";
import { type MaildirWritten, exportMaildir, importMaildir, listMaildir, readMaildir, writeMaildir } from "offline-mailbox/maildir";
import { readMbox, writeMbox } from "offline-mailbox/mbox";
import * as inWorker from "offline-mailbox/worker";
import { zipMessages } from "offline-mailbox/zip";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(): T | undefined => undefined;

export async function use(file: File, signal: AbortSignal): Promise<void> {
  const session: Session = await openSession({ owner: "ada@example.org", durability: "strict", signal });
  const { mailboxId } = await session.createMailbox("Archive/2026", { specialUse: "\\Archive", firstUid: 101 });
  is<Equal<typeof mailboxId, string>>();
  const appended = await session.appendMessages("INBOX", [{ raw: file, flags: ["\\Seen"], internalDate: new Date(), zoneMinutes: 60 }]);
  is<Equal<typeof appended.uids, Uint32Array>>();
  is<Equal<typeof appended.updates, Updates | undefined>>();

  const { selected, snapshot } = await session.selectMailbox("INBOX", { readonly: false });
  is<Equal<typeof snapshot, MailboxSnapshot>>();
  is<Equal<typeof selected, SelectedMailbox>>();
  const { rows, total } = await session.listMessages(selected, { offset: 0, limit: 50, sort: "-arrival", signal });
  is<Equal<typeof rows, MessageRow[]>>();
  is<Equal<typeof total, number>>();
  const address: string | undefined = rows[0]?.from[0]?.address;

  const { messages, updates, vanished } = await session.fetchMessages(selected, "101:150", { envelope: true, source: true });
  is<Equal<typeof messages, FetchedMessage[]>>();
  const source: Uint8Array | undefined = messages[0]?.source;
  is<Equal<typeof vanished, Uint32Array | undefined>>();
  is<Equal<typeof updates, Updates>>();

  const wanted: FetchOptions = { macro: "FULL", flags: false, headers: ["subject"], sections: ["1.2", "BINARY.SIZE[2]"], rawEnvelope: true, text: true, html: true, attachments: true };
  const { messages: [message] } = await session.fetchMessages(selected, [1], wanted);
  if (message) {
    const subject: string | undefined = message.headers?.["subject"]?.[0];
    const section: Uint8Array | number | undefined = message.sections?.["1.2"];
    const node: BodyStructure | undefined = message.bodyStructure?.childNodes?.[0];
    const raw: RawEnvelope | undefined = node?.envelope ?? message.rawEnvelope;
    const file: Attachment | undefined = message.attachments?.find((each) => each.contentId === "a@b");
    const octets = await message.attachment(0, { signal });
    console.log(subject, section, raw?.from[0]?.mailbox, new Blob([octets], { type: file?.type ?? "" }), new Blob([message.source ?? ""]));
    const part = await message.part("1.2");
    if (part) console.log(part.length);
    await message.attachmentStream(0).pipeTo(new WritableStream<Uint8Array>(), { signal });
  }

  const keys: SearchKeys = [{ seen: false, since: new Date() }, { or: [{ flagged: true }, { keyword: "work" }] }];
  const { uids } = await session.searchMailbox(selected, keys);
  const sort: Sort = ["-date", "displayFrom"];
  const sorted = await session.sortMailbox(selected, sort, keys, { signal });
  is<Equal<typeof sorted.seqs, Uint32Array>>();
  is<Equal<typeof sorted.updates, Updates>>();
  const threads = await session.threadMailbox(selected, "references");
  is<Equal<typeof threads.depths, Uint32Array>>();
  await session.listMessages(selected, { sort });
  const found = await session.searchMailbox(selected, 'FROM grace SINCE 1-Jan-2026 UNSEEN', {
    signal,
    onProgress: ({ uids: hits, searched, total: all, found: count }) => void (hits.length + searched + all + count),
  });
  is<Equal<typeof found, SearchResult>>();
  const { count } = await session.searchMailbox(selected, { from: "grace", header: { "List-Id": true }, sentSince: "2026-01-31", hasAttachment: true, younger: 60 }, { return: ["count"] });
  is<Equal<typeof count, number | undefined>>();
  const returned = await session.searchMailbox(selected, "RETURN (ALL) TEXT x");
  is<Equal<typeof returned, ReturnedSearch>>();
  const everywhere = await session.search({ body: "x" }, {
    mailboxes: ["INBOX"],
    onProgress: ({ mailbox, uids: hits, mailboxesDone, mailboxes }) => void (mailbox + hits.length + mailboxesDone + mailboxes),
  });
  is<Equal<typeof everywhere.results, MailboxMatches[]>>();
  const { modified } = await session.updateFlags(selected, uids, ["\\Flagged"], "add", { unchangedSince: snapshot.highestModSeq });
  is<Equal<typeof modified, Uint32Array>>();
  await session.updateFlags(selected, { seq: "1:*" }, ["\\Seen"]);
  await session.moveMessages(selected, [1, 2, 3], "Archive/2026", { signal });

  for await (const each of session.changes(selected, { signal })) is<Equal<typeof each, Updates>>();
  for await (const each of session.changes({ signal })) is<Equal<typeof each, MailboxEvents>>();
  for await (const page of session.fetchPages(selected, "1:*", { pageSize: 10, source: true })) page.messages.length;

  const imported = await session.importMessages("INBOX", readMbox(file, { format: "mboxrd", signal }), {
    onProgress: ({ messages: count, octets }) => void (count + octets),
    signal,
  });
  is<Equal<typeof imported.octets, number>>();
  await session.importMessages("INBOX", [file, "raw", { raw: new Uint8Array(1) }]);

  const mailbox = await session.mailboxSet.getMailbox("INBOX");
  const pairs = await mailbox.moveMany(uids, mailbox, { recent: false });
  is<Equal<typeof pairs.destination, Uint32Array>>();
  await mailbox.update(1, await mailbox.get(1), ["\\Seen"], "replace");

  const filters: FilterSet = session.filterSet;
  await filters.put("main", 'require "fileinto";\r\nkeep;', { durability: "strict" });
  const { active, names: scripts } = await filters.getAll();
  is<Equal<typeof active, string | undefined>>();
  if (scripts.includes("main")) await filters.setActive("main");
  const delivered = await session.deliver(file, { sender: "", flags: ["\\Seen"], selected, signal });
  is<Equal<typeof delivered, DeliverResult>>();
  for (const action of delivered.actions) {
    if (action.type === "redirect") is<Equal<typeof action.address, string>>();
    else is<Equal<typeof action.seconds, number>>();
  }
  const tried = await filters.test("keep;", "Subject: x\r\n\r\n", { recipient: "a@b" });
  for (const action of tried.actions) if (action.type === "fileinto") is<Equal<typeof action.create, boolean>>();

  try {
    await session.closeMailbox(selected, { expunge: true });
  } catch (error) {
    if (!(error instanceof MailboxError)) throw error;
    const code: ErrorCode = error.code;
    const { description, retryable } = ERROR_CODES[code];
    const line: number | undefined = error.line ?? tried.error?.line;
    console.log(line, description, retryable, error.imapCode, error.cause, address, source);
  }
  await session.close();
  await deleteDatabase({ owner: "ada@example.org" });

  registerBackend("mine", async ({ owner, database }) => ({
    read: ({ keys: wanted, scans, guards }) => ({
      sequence: 0,
      values: wanted.map(() => null),
      scanned: scans.map(() => []),
      revisions: guards.map(() => owner.length + database.length),
    }),
    commit: async (batch) => (batch.puts.length > 0 ? { committed: 1 } : { conflict: batch.guards.map(([guard]) => guard) }),
    journal: () => ({ entries: [], truncated: false }),
    pollIntervalMs: 500,
  }));
  const names: readonly string[] = backends.names;
  backends.setDefault(names.includes("mine") ? "mine" : null);
  is<Equal<typeof version, string>>();
}

export async function elsewhere(worker: Worker, shared: SharedWorker, port: MessagePort): Promise<void> {
  const sessions: Session[] = [
    await openSession({ owner: "a", worker: true }),
    await openSession({ owner: "a", worker, wasm: "/engine.wasm" }),
    await openSession({ owner: "a", worker: shared }),
    await openSession({ owner: "a", worker: port }),
  ];
  const own: MailboxWorker = createWorker({ shared: true });
  sessions.push(await own.openSession({ owner: "a" }), await openSession({ owner: "a", worker: connect(own) }));
  if (!own.closed) await own.deleteDatabase({ owner: "a" });
  await own.close();
  inWorker.registerBackend("mine", () => {
    throw new Error(`${sessions.length}`);
  });
  const open: number = inWorker.serve(port).size;
  console.log(open);
}

export async function files(session: Session, file: File, signal: AbortSignal): Promise<void> {
  const done = await session.importMessages("INBOX", readMbox(file, { format: "mboxcl2", stripStatus: true }), {
    importId: file.name,
    skipDuplicates: "account",
    onProgress: ({ messages, skipped, resumed }) => messages + skipped + resumed,
  });
  is<Equal<typeof done.uids, Uint32Array>>();
  await session.importMessages("INBOX", readEml([file, new Uint8Array(3), [new Uint8Array(3)], file.stream()], { date: "file", signal }));
  const { name, raw, date } = await exportEml(session, "INBOX", 7);
  new File([raw], name, { lastModified: date.getTime() });
  is<Equal<ReturnType<typeof messageFileName>, string>>();
  const blob: Blob = await new Response(zipMessages(session, "INBOX", { set: "1:*", compress: false, signal })).blob();
  for await (const chunk of writeMbox(session, "INBOX", { status: true, onProgress: ({ total }) => total })) new Blob([chunk, blob]);
  const folders = await listMaildir(new URL("file:///mail"));
  for (const { path, mailbox } of folders) await session.importMessages(mailbox, readMaildir(path, { date: "name" }));
  const { mailboxes, skipped } = await importMaildir(session, "mail", { mailbox: "Old", skipDuplicates: true });
  const written: MaildirWritten = await writeMaildir(session, "INBOX", "mail", { separator: "!" });
  await exportMaildir(session, "mail", { mailboxes: mailboxes.map(({ mailbox }) => mailbox).slice(skipped + written.keywordsDropped) });
}
