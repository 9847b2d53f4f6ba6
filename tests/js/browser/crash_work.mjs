// Runs in the page of the crash test: actors that change mail until they are killed and tell what was
// acknowledged, and the look at what is there afterwards. What must be there, Node says.

import { openSession } from "/pkg/index.js";
import { after, choose } from "./crash_model.mjs";
import { numbered } from "./numbered.mjs";

const tell = async (line) => {
  const response = await fetch("/crash/told", { method: "POST", body: JSON.stringify(line) });
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
};

let stopping = false;
const working = [];

/** Does an operation; resolves to the new uids, as `after` wants them. */
async function perform(session, views, state, op, actor) {
  const { durability } = op;
  const view = async (mailbox) => {
    if (views.has(mailbox)) await session.checkMailbox(views.get(mailbox));
    else views.set(mailbox, (await session.selectMailbox(mailbox)).selected);
    return views.get(mailbox);
  };
  const uids = op.subjects?.map((subject) => state.messages[`${op.mailbox}\n${subject}`]?.uid);
  const filters = session.filterSet;
  switch (op.kind) {
    case "append": {
      const messages = op.subjects.map((subject) => ({ raw: numbered(subject), flags: op.flags }));
      return [...(await session.appendMessages(op.mailbox, messages, { durability })).uids];
    }
    case "import": {
      const onProgress = ({ messages }) => tell({ actor, committed: messages, n: op.n });
      const messages = op.subjects.map((subject) => ({ raw: numbered(subject) }));
      const imported = await session.importMessages(op.mailbox, messages, { durability, importId: op.id, chunkBytes: 65_536, onProgress });
      return [...imported.uids];
    }
    case "deliver": {
      const { stored } = await session.deliver(numbered(op.subjects[0]), { durability });
      return Object.fromEntries(stored.map(({ mailbox, uid }) => [mailbox, uid]));
    }
    case "flags":
      await session.updateFlags(await view(op.mailbox), uids, op.flags, op.operation, { durability });
      return undefined;
    case "copy":
    case "move": {
      const transfer = op.kind === "copy" ? session.copyMessages : session.moveMessages;
      const { copied } = await transfer.call(session, await view(op.mailbox), uids, op.to, { durability });
      const places = new Map([...copied.source].map((uid, at) => [uid, copied.destination[at]]));
      return uids.map((uid) => places.get(uid));
    }
    case "expunge":
      await session.expungeMailbox(await view(op.mailbox), { uids, durability });
      return undefined;
    case "close": {
      const selected = await view(op.mailbox);
      views.delete(op.mailbox);
      await session.closeMailbox(selected, { expunge: true });
      return undefined;
    }
    case "create":
      await session.createMailbox(op.mailbox, { durability });
      return undefined;
    case "rename": {
      await session.renameMailbox(op.mailbox, op.to, { durability });
      const selected = views.get(op.mailbox);
      if (selected) views.set(op.to, selected);
      views.delete(op.mailbox);
      return undefined;
    }
    case "delete":
      views.delete(op.mailbox);
      await session.deleteMailbox(op.mailbox, { durability });
      return undefined;
    case "put":
      await filters.put(op.name, op.script, { durability });
      return undefined;
    case "rename filter":
      await filters.rename(op.name, op.to, { durability });
      return undefined;
    case "delete filter":
      await filters.delete(op.name, { durability });
      return undefined;
    case "activate":
      await filters.setActive(op.name, { durability });
      return undefined;
    default:
      await session.cleanup({ thorough: true });
      return undefined;
  }
}

async function work({ owner, actor, state, n, worker, filters }) {
  let op;
  try {
    const session = await openSession({ owner, worker });
    const views = new Map();
    let line = { actor, ready: true };
    while (!stopping) {
      op = choose(state, actor, n, filters);
      n += 1;
      // What was done is told together with what begins, so that never more than one operation is in doubt.
      await tell({ ...line, begin: op });
      const uids = await perform(session, views, state, op, actor);
      state = after(state, op, uids);
      line = { actor, done: op.n, uids };
    }
    await tell({ ...line, stopped: true });
    await session.close();
  } catch (error) {
    await tell({ actor, failed: `${error?.code} ${error?.stack ?? error}`, op }).catch(() => {});
  }
}

/** Starts actors; resolves at once. */
export function start(actors) {
  for (const actor of actors) working.push(work(actor));
}

/** Lets the actors finish what they do. */
export async function stop() {
  stopping = true;
  await Promise.all(working);
}

/** Everything there is, and what the checker says of it. Messages past the uids of `since` are compared octet by octet. */
export async function look({ owner, since }) {
  const begun = performance.now();
  const session = await openSession({ owner });
  const openedMs = Math.round(performance.now() - begun);
  const found = { openedMs, mailboxes: [], damaged: [] };
  for (const { name, attributes } of (await session.listMailboxes()).mailboxes) {
    if (attributes.includes("\\Noselect")) continue;
    const status = await session.status(name);
    const { selected } = await session.selectMailbox(name, { readonly: true });
    const { messages } = await session.fetchMessages(selected, "1:*", { envelope: true });
    const known = since[status.mailboxId] ?? 0;
    const fresh = messages.map(({ uid }) => uid).filter((uid) => uid > known);
    for await (const page of session.fetchPages(selected, fresh, { source: true, envelope: true, pageSize: 50 })) {
      for (const { uid, source, envelope } of page.messages) {
        const wanted = numbered(envelope.subject);
        if (source.length !== wanted.length || source.some((octet, at) => octet !== wanted[at])) found.damaged.push(`${name} ${uid}`);
      }
    }
    await session.closeMailbox(selected);
    const { mailboxId, exists, unseen, deleted, size, uidNext, uidValidity } = status;
    found.mailboxes.push({
      name,
      status: { mailboxId, exists, unseen, deleted, size, uidNext, uidValidity },
      messages: messages.map(({ uid, flags, size, envelope }) => ({ uid, size, subject: envelope.subject, flags: flags.filter((flag) => flag !== "\\Recent") })),
    });
  }
  const { active, names } = await session.filterSet.getAll();
  found.active = active ?? null;
  found.filters = {};
  for (const name of names) found.filters[name] = await session.filterSet.get(name);
  found.problems = (await session.verify()).problems.map(({ mailbox, description }) => `${mailbox}: ${description}`);
  await session.close();
  return found;
}

/** Goes on with an import that was cut short. */
export async function resume({ owner, op }) {
  const session = await openSession({ owner });
  const messages = op.subjects.map((subject) => ({ raw: numbered(subject) }));
  const { resumed, uids } = await session.importMessages(op.mailbox, messages, { importId: op.id, chunkBytes: 65_536 });
  await session.close();
  return { resumed, uids: [...uids] };
}

Object.assign(globalThis, { crashWork: { start, stop, look, resume }, mailboxReady: true });
