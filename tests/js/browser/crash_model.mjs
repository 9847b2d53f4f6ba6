// What one actor of the crash test has done to its own mail: its state, the operations there are,
// and what each makes of a state. The same code runs in the page, which picks operations, and in
// Node, which says what must be there after a crash. Nothing here touches a session.

/**
 * An actor's own messages, mailboxes and filters. `messages` has `[mailbox, subject, uid, flags]` by
 * `mailbox\nsubject`; a uid that nobody was told is absent.
 */
export function empty() {
  return { mailboxes: [], messages: {}, filters: {}, active: null };
}

const key = (mailbox, subject) => `${mailbox}\n${subject}`;
const put = (state, mailbox, subject, uid, flags) => {
  state.messages[key(mailbox, subject)] = { mailbox, subject, uid, flags: [...flags].sort() };
};

/** The actor's messages in a mailbox. */
export const within = (state, mailbox) => Object.values(state.messages).filter((each) => each.mailbox === mailbox);
export const has = (state, mailbox, subject) => Object.hasOwn(state.messages, key(mailbox, subject));

/** The script that files a copy into a mailbox. */
export const script = (mailbox) => `require ["fileinto", "copy"];\r\nfileinto :copy "${mailbox}";\r\n`;

function changed(flags, operation, given) {
  if (operation === "replace") return given;
  if (operation === "delete") return flags.filter((flag) => !given.includes(flag));
  return [...new Set([...flags, ...given])];
}

/**
 * The state after an operation. `uids` are the new uids in the order of its subjects (of a delivery:
 * by mailbox), where they were told; `count` is how much of an import was committed.
 */
export function after(before, op, uids, count = op.subjects?.length) {
  const state = structuredClone(before);
  const messages = (mailbox) => op.subjects.map((subject) => state.messages[key(mailbox, subject)]);
  switch (op.kind) {
    case "append":
    case "import":
      for (const [at, subject] of op.subjects.slice(0, count).entries()) put(state, op.mailbox, subject, uids?.[at], op.flags);
      break;
    case "deliver":
      for (const mailbox of [op.mailbox, op.to]) put(state, mailbox, op.subjects[0], uids?.[mailbox], []);
      break;
    case "flags":
      for (const message of messages(op.mailbox)) message.flags = changed(message.flags, op.operation, op.flags).sort();
      break;
    case "copy":
    case "move":
      for (const [at, message] of messages(op.mailbox).entries()) {
        put(state, op.to, message.subject, uids?.[at], message.flags);
        if (op.kind === "move") delete state.messages[key(op.mailbox, message.subject)];
      }
      break;
    case "expunge":
      for (const subject of op.subjects) delete state.messages[key(op.mailbox, subject)];
      break;
    case "close":
      for (const { subject, flags } of within(state, op.mailbox)) {
        if (flags.includes("\\Deleted")) delete state.messages[key(op.mailbox, subject)];
      }
      break;
    case "create":
      state.mailboxes.push(op.mailbox);
      break;
    case "rename":
      state.mailboxes = state.mailboxes.map((name) => (name === op.mailbox ? op.to : name));
      for (const { subject, uid, flags } of within(state, op.mailbox)) {
        delete state.messages[key(op.mailbox, subject)];
        put(state, op.to, subject, uid, flags);
      }
      break;
    case "delete":
      state.mailboxes = state.mailboxes.filter((name) => name !== op.mailbox);
      for (const { subject } of within(state, op.mailbox)) delete state.messages[key(op.mailbox, subject)];
      break;
    case "put":
      state.filters[op.name] = op.script;
      break;
    case "rename filter":
      state.filters[op.to] = state.filters[op.name];
      delete state.filters[op.name];
      if (state.active === op.name) state.active = op.to;
      break;
    case "delete filter":
      delete state.filters[op.name];
      break;
    case "activate":
      state.active = op.name;
      break;
    case "cleanup":
      break;
    default:
      throw new Error(`no such operation: ${op.kind}`);
  }
  return state;
}

/** Every state that may be found where an operation was under way; `committed` is what an import told. */
export function possible(before, op, committed = 0) {
  if (op === undefined) return [before];
  if (op.kind !== "import") return [before, after(before, op)];
  const counts = Array.from({ length: op.subjects.length - committed + 1 }, (_, at) => committed + at);
  return counts.map((count) => after(before, op, undefined, count));
}

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const some = (list, most) => [...list].sort(() => Math.random() - 0.5).slice(0, 1 + Math.floor(Math.random() * most));
const FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "work", "later"];

/** The next operation of an actor, its `n`-th: one that can be done. */
export function choose(state, actor, n, filters) {
  const subjects = (count) => Array.from({ length: count }, (_, at) => `${actor}.${n}.${at}`);
  const home = () => pick(["INBOX", "INBOX", ...state.mailboxes]);
  const durability = n % 2 ? "strict" : "relaxed";
  const many = Object.keys(state.messages).length > 150;
  for (;;) {
    const mailbox = home();
    const own = within(state, mailbox);
    const names = Object.keys(state.filters);
    const base = { n, durability, mailbox };
    const kind = pick([
      ...(many ? ["expunge", "doom", "doom"] : ["append", "append", "append", "import"]),
      ...["flags", "flags", "flags", "copy", "move", "move", "doom", "expunge", "close", "box", "box", "cleanup"],
      ...(filters ? ["filter", "filter", "deliver", "deliver"] : []),
    ]);
    switch (kind) {
      case "append":
        return { ...base, kind, subjects: subjects(1 + Math.floor(Math.random() * 12)), flags: some(FLAGS, 2) };
      case "import":
        return { ...base, kind, subjects: subjects(30), flags: [], id: `${actor}.${n}` };
      case "flags":
        if (own.length === 0) continue;
        return { ...base, kind, subjects: some(own, 8).map((each) => each.subject), flags: some(FLAGS, 3), operation: pick(["add", "delete", "replace"]) };
      case "doom":
        if (own.length === 0) continue;
        return { ...base, kind: "flags", subjects: some(own, many ? 60 : 5).map((each) => each.subject), flags: ["\\Deleted"], operation: "add" };
      case "expunge": {
        const doomed = own.filter((each) => each.flags.includes("\\Deleted"));
        if (doomed.length === 0) continue;
        return { ...base, kind, subjects: doomed.map((each) => each.subject) };
      }
      case "close":
        // It takes every doomed message, whosesoever.
        if (mailbox === "INBOX") continue;
        return { ...base, kind };
      case "copy":
      case "move": {
        const to = home();
        const free = own.filter((each) => !has(state, to, each.subject));
        if (to === mailbox || free.length === 0) continue;
        return { ...base, kind, to, subjects: some(free, 6).map((each) => each.subject) };
      }
      case "box":
        if (state.mailboxes.length < 2) return { ...base, kind: "create", mailbox: `${actor}/${n}` };
        if (mailbox === "INBOX") continue;
        if (Math.random() < 0.6) return { ...base, kind: "rename", to: `${actor}/renamed ${n}` };
        return { ...base, kind: "delete" };
      case "cleanup":
        return { ...base, kind };
      case "filter": {
        const name = pick(names);
        if (name === undefined || (names.length < 4 && Math.random() < 0.4)) {
          if (state.mailboxes.length === 0) continue;
          return { ...base, kind: "put", name: `${actor}.${n}`, script: script(pick(state.mailboxes)) };
        }
        if (Math.random() < 0.3) return { ...base, kind: "rename filter", name, to: `${actor}.renamed ${n}` };
        if (Math.random() < 0.6 || name === state.active) return { ...base, kind: "activate", name };
        return { ...base, kind: "delete filter", name };
      }
      default: {
        const to = state.mailboxes.find((each) => script(each) === state.filters[state.active]);
        if (to === undefined) continue;
        return { ...base, kind: "deliver", mailbox: "INBOX", to, subjects: subjects(1) };
      }
    }
  }
}
