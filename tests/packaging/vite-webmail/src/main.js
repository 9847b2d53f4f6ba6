// A small webmail: mailboxes, the newest fifty messages, search, reading, archiving, importing a file.

import { MailboxError, openSession } from "offline-mailbox";
import { readMbox } from "offline-mailbox/mbox";
import "./style.css";

const element = (id) => document.querySelector(`#${id}`);
const say = (text) => (element("status").textContent = text);

const session = await openSession({ owner: "ada@example.org" });
let view;
let open;

async function showMailboxes() {
  const { mailboxes } = await session.listMailboxes();
  element("mailboxes").replaceChildren(
    ...mailboxes.map(({ name }) => {
      const button = document.createElement("button");
      button.textContent = name;
      button.onclick = () => enter(name);
      return button;
    }),
  );
}

async function rows() {
  const text = element("query").value.trim();
  if (text === "") return (await session.listMessages(view, { offset: 0, limit: 50, sort: "-arrival" })).rows;
  const { uids } = await session.searchMailbox(view, { text });
  return (await session.fetchMessages(view, uids, { envelope: true, preview: true })).messages;
}

function item({ uid, subject, from, flags, preview }) {
  const button = document.createElement("button");
  button.textContent = `${from[0]?.name || from[0]?.address || "?"}: ${subject} — ${preview}`;
  button.className = flags.includes("\\Seen") ? "" : "unseen";
  button.onclick = () => read(uid);
  const line = document.createElement("li");
  line.append(button);
  return line;
}

async function showMessages() {
  const shown = await rows();
  element("messages").replaceChildren(...shown.map((row) => item({ ...row, ...row.envelope })));
  say(`${shown.length} messages`);
}

let leave = new AbortController();

async function enter(name) {
  leave.abort();
  leave = new AbortController();
  ({ selected: view } = await session.selectMailbox(name));
  await showMessages();
  follow(session.changes(view, { signal: leave.signal }), showMessages);
}

/** Shows anew whenever something changes, in this tab or another. */
async function follow(changes, show) {
  try {
    for await (const _ of changes) await show();
  } catch (error) {
    if (!(error instanceof MailboxError && ["ABORTED", "CLOSED"].includes(error.code)) && error.name !== "AbortError") throw error;
  }
}

async function read(uid) {
  const { messages } = await session.fetchMessages(view, [uid], { envelope: true, text: true, setSeen: true });
  const [mail] = messages;
  open = uid;
  const [title, body] = element("message").children;
  title.textContent = mail.envelope.subject;
  body.textContent = mail.text;
  element("message").hidden = false;
}

element("archive").onclick = async () => {
  const { mailboxes } = await session.listMailboxes({ pattern: "Archive" });
  if (mailboxes.length === 0) await session.createMailbox("Archive");
  await session.moveMessages(view, [open], "Archive");
  element("message").hidden = true;
};

element("query").oninput = showMessages;

element("import").onchange = async ({ target }) => {
  const [file] = target.files;
  await session.importMessages("INBOX", readMbox(file), { onProgress: ({ messages }) => say(`${messages} imported`) });
};

await showMailboxes();
await enter("INBOX");
follow(session.changes(), showMailboxes);
