// One of several that work on one database at once: in a tab, or in a worker. Here: what it does, and what it writes down
// of what it was answered and told. Not here: what must be true of that (../support/tabs_model.mjs).

import { openSession } from "/pkg/index.js";
import { counts } from "/tests/js/browser/counting.mjs";

export const NAMES = ["INBOX", "A", "B", "C", "D", "A/x", "A/y", "B/x"];

// How often each is done, roughly of a hundred.
const WEIGHTS = {
  append: 18, flag: 16, replace: 9, doom: 6, move: 10, copy: 7, expunge: 6, rename: 2, remove: 0.7, create: 3, select: 6, close: 3,
  check: 7, wait: 3, list: 2, status: 3,
};
const TOTAL = Object.values(WEIGHTS).reduce((sum, each) => sum + each, 0);
const VIEWS = 3;

/** Numbers that follow from a seed alone (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The message of a token: what it says follows from it. */
export const octetsOf = (token) =>
  `From: Actor <actor@example.org>\r\nTo: ada@example.org\r\nSubject: ${token}\r\nMessage-ID: <${token}@example.org>\r\n\r\n${`${token} `.repeat(1 + (token.length * 7) % 40)}\r\n`;

const plain = (flags) => flags.filter((flag) => flag !== "\\Recent");
const now = () => performance.timeOrigin + performance.now();

/** A view as its client knows it from what it was told alone: a replay of every update, as an IMAP client does it. */
class Mirror {
  constructor(log, snapshot, readonly) {
    this.log = log;
    this.validity = snapshot.uidValidity;
    this.mailboxId = snapshot.mailboxId;
    this.readonly = readonly;
    this.modSeq = snapshot.highestModSeq;
    this.messages = [];
    this.highest = 0;
    this.expunged = new Set();
    this.recents = new Set();
    this.closed = false;
    this.told = 0;
  }

  wrong(text) {
    this.log.problems.push(`${this.log.actor}, view of ${this.validity}: ${text}`);
  }

  see(message) {
    const { uid, flags, modSeq, expunged = false } = message;
    if (flags.includes("\\Recent") && !this.readonly) this.recents.add(uid);
    // The mod-sequence of one that is gone is that of its end.
    if (!expunged) this.log.observe(this.validity, uid, modSeq, plain(flags));
    return { uid, modSeq, flags: [...flags].sort() };
  }

  begin(messages, exists) {
    if (messages.length !== exists) this.wrong(`${messages.length} messages after ${exists} EXISTS`);
    messages.forEach((message, at) => {
      if (message.seq !== at + 1) this.wrong(`message ${message.uid} is number ${message.seq}, not ${at + 1}`);
      this.messages.push(this.see(message));
    });
    this.highest = this.messages.at(-1)?.uid ?? 0;
  }

  hear(updates) {
    if (!updates) return;
    const { closed, expunged, exists, recent, flags, modSeq } = updates;
    if (this.closed) {
      if (closed || expunged.seq.length || exists !== undefined || flags.seq.length) this.wrong("told more after its end");
      return;
    }
    if (closed) {
      this.closed = true;
      return;
    }
    this.told += expunged.seq.length + flags.seq.length;
    let above = Infinity;
    expunged.seq.forEach((seq, at) => {
      const uid = expunged.uid[at];
      if (seq >= above) this.wrong(`EXPUNGE ${seq} after ${above}`);
      above = seq;
      const [gone] = this.messages.splice(seq - 1, 1);
      if (gone?.uid !== uid) this.wrong(`EXPUNGE ${seq} of ${uid}, but there is ${gone?.uid}`);
      if (this.expunged.has(uid)) this.wrong(`${uid} expunged twice`);
      this.expunged.add(uid);
    });
    const known = this.messages.length;
    if (exists !== undefined) {
      if (exists <= known) this.wrong(`${exists} EXISTS after ${known}`);
      while (this.messages.length < exists) this.messages.push(undefined);
    }
    let below = 0;
    flags.seq.forEach((seq, at) => {
      if (seq <= below) this.wrong(`FETCH ${seq} after ${below}`);
      below = seq;
      const told = this.see({ uid: flags.uid[at], modSeq: flags.modSeq[at], flags: flags.flags[at] });
      const before = this.messages[seq - 1];
      if (seq > this.messages.length) this.wrong(`FETCH ${seq} of ${this.messages.length}`);
      if (before === undefined) {
        if (told.uid <= this.highest) this.wrong(`new message ${told.uid} after ${this.highest}`);
        this.highest = told.uid;
      } else {
        const same = plain(before.flags).join() === plain(told.flags).join();
        if (before.uid !== told.uid) this.wrong(`FETCH ${seq} of ${told.uid}, but there is ${before.uid}`);
        if (told.modSeq < before.modSeq || (!same && told.modSeq === before.modSeq)) this.wrong(`${told.uid} changed at ${before.modSeq} and ${told.modSeq}`);
      }
      if (told.modSeq > modSeq) this.wrong(`FETCH ${seq} at ${told.modSeq}, beyond ${modSeq}`);
      this.messages[seq - 1] = told;
    });
    if (this.messages.includes(undefined)) this.wrong("a new message without its flags");
    if (modSeq < this.modSeq) this.wrong(`mod-sequence ${modSeq} after ${this.modSeq}`);
    this.modSeq = modSeq;
    if (recent !== undefined && recent > this.messages.filter((message) => message.flags.includes("\\Recent")).length) {
      this.wrong(`${recent} RECENT, which the flags told disagree with`);
    }
  }
}

/** What one actor wrote down; plain enough to be posted. */
class Log {
  constructor(actor) {
    this.actor = actor;
    this.problems = [];
    this.acks = [];
    this.views = [];
    this.names = [];
    this.failures = {};
    this.done = {};
    this.observed = new Map();
    this.tokens = new Map();
    this.blank = new Set();
    this.batches = 0;
  }

  observe(validity, uid, modSeq, flags) {
    const key = `${validity}:${uid}:${modSeq}`;
    const text = [...flags].sort().join(" ");
    const known = this.observed.get(key);
    if (known !== undefined && known !== text) this.problems.push(`${this.actor}: ${key} had (${known}), then (${text})`);
    this.observed.set(key, text);
  }

  token(validity, uid, token) {
    const key = `${validity}:${uid}`;
    if (token === "") {
      // What is gone with its mailbox is shown without what it said.
      this.blank.add(key);
      return;
    }
    const known = this.tokens.get(key);
    if (known !== undefined && known !== token) this.problems.push(`${this.actor}: ${key} was ${known}, then ${token}`);
    this.tokens.set(key, token);
  }
}

/** One who works: `prepare`, then `run`, then `settle` as often as wanted, then `report`. */
export class Actor {
  constructor({ actor, seed, ops, owner, worker = false }) {
    this.name = `k${actor}`;
    this.random = random(seed * 1000 + actor);
    this.options = worker ? { owner, worker: true } : { owner };
    this.ops = ops;
    this.log = new Log(this.name);
    this.views = [];
    this.appended = 0;
    this.known = new Set(["INBOX"]);
    this.progress = 0;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  async prepare() {
    this.session = await openSession(this.options);
    const events = this.session.changes();
    const { mailboxes } = await this.session.listMailboxes();
    for (const { name, attributes } of mailboxes) if (!attributes.includes("\\Noselect")) this.known.add(name);
    this.following = (async () => {
      for await (const { events: told, resync } of events) {
        if (resync) this.log.problems.push(`${this.name}: the journal ran out`);
        this.log.batches += 1;
        for (const { type, name, mailboxId, before } of told) {
          if (type === "created") this.known.add(name);
          if (type === "deleted") this.known.delete(name);
          if (type === "renamed") {
            this.known.delete(before);
            this.known.add(name);
          }
          if (type !== "changed" && type !== "attributes") this.log.names.push({ type, name, mailboxId, before });
        }
      }
    })().catch((error) => this.log.problems.push(`${this.name}: the events ended: ${error?.code} ${error}`));
  }

  /** A mailbox's name, mostly of one that is there. */
  mailbox() {
    return this.random() < 0.9 ? this.pick([...this.known]) : this.pick(NAMES);
  }

  /** A view that is open, mostly one with messages. */
  view(writable = true) {
    const open = this.views.filter((view) => !view.mirror.closed && !(writable && view.mirror.readonly));
    const filled = open.filter((view) => view.mirror.messages.length > 0);
    return this.pick(filled.length > 0 ? filled : open);
  }

  /** Some messages of a view, by uid or by number. A view that is fed may have moved on: its numbers are not to be used. */
  some(view, most) {
    const { messages } = view.mirror;
    if (messages.length === 0) return undefined;
    const count = 1 + Math.floor(this.random() * Math.min(most, messages.length));
    const from = Math.floor(this.random() * (messages.length - count + 1));
    const picked = messages.slice(from, from + count);
    const uids = picked.map(({ uid }) => uid);
    if (view.feed || this.random() < 0.6) return { picked, uids, set: uids };
    return { picked, uids, set: { seq: `${from + 1}:${from + count}` } };
  }

  async run() {
    const began = now();
    while (this.progress < this.ops) {
      let at = this.random() * TOTAL;
      const name = Object.keys(WEIGHTS).find((each) => (at -= WEIGHTS[each]) < 0);
      try {
        // What there is nothing for (no view, no message) does not count.
        if ((await this[name]()) === false) continue;
        this.log.done[name] = (this.log.done[name] ?? 0) + 1;
      } catch (error) {
        const kind = `${name} ${error?.code ?? error}`;
        this.log.failures[kind] = (this.log.failures[kind] ?? 0) + 1;
        if (!LEGAL[name]?.includes(error?.code)) this.log.problems.push(`${this.name}: ${name} failed with ${error?.code}: ${error?.stack ?? error}`);
      }
      this.views = this.views.filter((view) => !view.mirror.closed || !view.selected.closed);
      this.progress += 1;
    }
    this.log.ms = now() - began;
  }

  /** Writes an acknowledgement down, with when it was asked for and given. */
  async ack(op, call, facts) {
    const from = now();
    const answer = await call();
    const wanted = facts(answer);
    if (wanted) this.log.acks.push({ op, from, to: now(), ...wanted });
    return answer;
  }

  hear(view, updates) {
    // Who is fed gets this by the feed too.
    if (view && !view.feed) view.mirror.hear(updates);
  }

  async append() {
    const name = this.mailbox();
    const view = this.random() < 0.3 ? this.view(false) : undefined;
    const one = () => {
      const tokens = Array.from({ length: this.random() < 0.8 ? 1 : 3 }, () => `${this.name}-${(this.appended += 1)}`);
      const flags = this.random() < 0.3 ? [this.name] : [];
      return { tokens, flags };
    };
    const send = ({ tokens, flags }, options) =>
      this.ack(
        "append",
        () => this.session.appendMessages(name, tokens.map((token) => ({ raw: octetsOf(token), flags })), options),
        ({ uidValidity, uids }) => {
          tokens.forEach((token, at) => this.log.token(uidValidity, uids[at], token));
          return { validity: uidValidity, uids: [...uids], tokens, flags };
        },
      );
    if (this.random() < 0.15) {
      // Several at once, of one page: they take turns there.
      const settled = await Promise.allSettled([one(), one(), one()].map((each) => send(each)));
      for (const { reason } of settled) if (reason) throw reason;
      return;
    }
    const { updates } = await send(one(), view && { selected: view.selected });
    this.hear(view, updates);
  }

  async change(view, uids, call, flags, operation) {
    const answer = await this.ack("flag", call, ({ messages, modified, expungeIssued }) => {
      messages.uid.forEach((uid, at) => {
        if (!expungeIssued) this.log.observe(view.mirror.validity, uid, messages.modSeq[at], plain(messages.flags[at]));
      });
      const untouched = new Set(modified);
      const touched = [...messages.uid].filter((uid) => !untouched.has(uid));
      return { validity: view.mirror.validity, uids: touched, sure: !expungeIssued, flags, operation };
    });
    this.hear(view, answer.updates);
    return answer;
  }

  /** Its own keyword, which nobody else touches, and flags that everybody does. */
  async flag() {
    const view = this.view();
    const some = view && this.some(view, 4);
    if (!some) return false;
    const operation = this.random() < 0.6 ? "add" : "delete";
    const flags = this.random() < 0.6 ? [this.name] : [this.pick(["\\Seen", "\\Flagged", "shared"])];
    await this.change(view, some.uids, () => this.session.updateFlags(view.selected, some.set, flags, operation), flags, operation);
  }

  /** All flags of a message as it was seen, with one's own keyword turned over: only where nobody changed it meanwhile. */
  async replace() {
    const view = this.view();
    const some = view && this.some(view, 1);
    if (!some) return false;
    const [{ uid, flags: seen, modSeq }] = some.picked;
    const others = plain(seen).filter((flag) => flag !== this.name);
    const flags = seen.includes(this.name) ? others : [...others, this.name];
    const { modified } = await this.change(
      view,
      [uid],
      () => this.session.updateFlags(view.selected, [uid], flags, "replace", { unchangedSince: modSeq }),
      flags,
      "replace",
    );
    const kind = modified.length > 0 ? "replace refused" : "replace done";
    this.log.done[kind] = (this.log.done[kind] ?? 0) + 1;
  }

  /** `\Deleted`, which nobody takes back. */
  async doom() {
    const view = this.view();
    const some = view && this.some(view, 3);
    if (!some) return false;
    const flags = ["\\Deleted"];
    await this.change(view, some.uids, () => this.session.updateFlags(view.selected, some.set, flags, "add"), flags, "add");
  }

  async transfer(op, call) {
    const view = this.view(op === "move");
    const some = view && this.some(view, 3);
    if (!some) return false;
    const destination = this.mailbox();
    const { updates } = await this.ack(
      op,
      () => call(view.selected, some.set, destination),
      ({ copied }) =>
        copied && {
          source: view.mirror.validity,
          validity: copied.uidValidity,
          from_uids: [...copied.source],
          uids: [...copied.destination],
        },
    );
    this.hear(view, updates);
  }

  move() {
    return this.transfer("move", (...given) => this.session.moveMessages(...given));
  }

  copy() {
    return this.transfer("copy", (...given) => this.session.copyMessages(...given));
  }

  async expunge() {
    const view = this.view();
    if (!view) return false;
    const { mirror } = view;
    const uids = this.random() < 0.5 ? undefined : this.some(view, 40)?.uids;
    const named = uids && new Set(uids);
    const doomed = mirror.messages.filter(({ uid, flags }) => flags.includes("\\Deleted") && (!named || named.has(uid)));
    const updates = await this.ack(
      "expunge",
      () => this.session.expungeMailbox(view.selected, uids && { uids }),
      () => ({ validity: mirror.validity, uids, gone: doomed.map(({ uid }) => uid) }),
    );
    this.hear(view, updates);
  }

  async rename() {
    const before = this.random() < 0.05 ? "INBOX" : this.mailbox();
    const after = this.pick(NAMES);
    if (before === "INBOX" && this.random() < 0.8) return false;
    await this.ack("rename", () => this.session.renameMailbox(before, after), () => ({ before, after }));
  }

  async remove() {
    const name = this.mailbox();
    if (name === "INBOX") return false;
    await this.ack("delete", () => this.session.deleteMailbox(name), () => ({ name }));
  }

  async create() {
    const name = this.pick(NAMES);
    await this.ack("create", () => this.session.createMailbox(name), ({ mailboxId }) => ({ name, mailboxId }));
  }

  async select() {
    if (this.views.length >= VIEWS) await this.leave(this.pick(this.views));
    const readonly = this.random() < 0.2;
    const { selected, snapshot } = await this.session.selectMailbox(this.mailbox(), { readonly });
    const mirror = new Mirror(this.log, snapshot, readonly);
    this.log.views.push(mirror);
    const view = { selected, mirror, feed: undefined };
    try {
      const { messages, updates } = await this.session.fetchMessages(selected, "1:*", { envelope: true });
      // Deleted since it was selected, it answers with its end alone.
      if (!updates.closed) mirror.begin(messages, snapshot.exists);
      for (const { uid, envelope } of messages) if (envelope) this.log.token(mirror.validity, uid, envelope.subject);
      mirror.hear(updates);
    } catch (error) {
      mirror.closed = true;
      if (!selected.closed) await this.session.closeMailbox(selected);
      throw error;
    }
    this.views.push(view);
    if (this.random() < 0.5) this.follow(view);
  }

  /** Hears of the view what its feed tells, and nothing else. */
  follow(view) {
    view.feed = this.session.changes(view.selected);
    view.pump = (async () => {
      for await (const updates of view.feed) view.mirror.hear(updates);
    })().catch((error) => this.log.problems.push(`${this.name}: a feed ended: ${error?.code} ${error}`));
  }

  /** Closes a view, after everything was told that it knows. */
  async leave(view) {
    const { selected, mirror } = view;
    this.views = this.views.filter((each) => each !== view);
    try {
      if (mirror.closed || selected.closed) return;
      this.hear(view, await this.session.checkMailbox(selected));
      const expunge = this.random() < 0.3;
      const gone = expunge && !mirror.readonly ? mirror.messages.filter(({ flags }) => flags.includes("\\Deleted")).map(({ uid }) => uid) : [];
      if (selected.closed) return;
      await this.ack(
        "expunge",
        () => this.session.closeMailbox(selected, { expunge }),
        () => expunge && !mirror.readonly && { validity: mirror.validity, uids: undefined, gone },
      );
    } finally {
      await view.pump;
      mirror.closed = true;
    }
  }

  async close() {
    if (this.views.length === 0) return false;
    await this.leave(this.pick(this.views));
  }

  async check() {
    const view = this.view(false);
    if (!view) return false;
    this.hear(view, await this.session.checkMailbox(view.selected, { housekeeping: this.random() < 0.1 }));
  }

  /** Waits until it is told something, for a moment at most. */
  async wait() {
    const view = this.view(false);
    if (!view) return false;
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 50);
    try {
      this.hear(view, await this.session.checkMailbox(view.selected, { waitOn: controller.signal }));
    } finally {
      clearTimeout(timer);
    }
  }

  async list() {
    const view = this.view(false);
    if (!view) return false;
    const { rows } = await this.session.listMessages(view.selected, { limit: 20 });
    for (const { uid, subject, flags, modSeq, expunged } of rows) {
      this.log.token(view.mirror.validity, uid, subject);
      if (!expunged) this.log.observe(view.mirror.validity, uid, modSeq, plain(flags));
    }
  }

  async status() {
    const view = this.random() < 0.5 ? this.view(false) : undefined;
    const { updates } = await this.session.status(this.mailbox(), view && { selected: view.selected });
    this.hear(view, updates);
  }

  /**
   * Brings every view up to date and compares what was told with `real`, what is: by mailbox id, `[uid, flags without
   * \\Recent]` of every message. A view that is fed gets there by itself, without a call; one that does not within
   * `patience` milliseconds is a problem.
   */
  async settle(real, patience) {
    const until = now() + patience;
    const text = (messages) => messages.map(([uid, flags]) => `${uid} ${flags.join(" ")}`).join("; ");
    const told = ({ messages }) => text(messages.map(({ uid, flags }) => [uid, plain(flags)]));
    for (const view of [...this.views]) {
      const { selected, mirror } = view;
      const wanted = real[mirror.mailboxId] && text(real[mirror.mailboxId]);
      const reached = () => (wanted === undefined ? mirror.closed : !mirror.closed && told(mirror) === wanted);
      while (view.feed && !reached() && now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      if (!view.feed && !selected.closed) this.hear(view, await this.session.checkMailbox(selected));
      if (!reached()) mirror.wrong(`after ${patience} ms the mailbox has (${wanted}), the view was told ${mirror.closed} (${told(mirror)})`);
      if (mirror.closed || wanted === undefined) {
        this.views = this.views.filter((each) => each !== view);
        continue;
      }
      if (view.feed) continue;
      const { messages } = await this.session.fetchMessages(selected, "1:*");
      const shown = text(messages.map(({ uid, flags }) => [uid, [...flags].sort()]));
      const known = text(mirror.messages.map(({ uid, flags }) => [uid, flags]));
      if (shown !== known) mirror.wrong(`shows (${shown}), was told (${known})`);
    }
    return this.views.length;
  }

  /** How many events of names it was told, and operations it did. */
  told() {
    return { names: this.log.names.length, progress: this.progress };
  }

  report() {
    const { log } = this;
    return {
      actor: this.name,
      problems: log.problems,
      acks: log.acks,
      names: log.names,
      failures: log.failures,
      done: log.done,
      observed: [...log.observed],
      tokens: [...log.tokens],
      blank: [...log.blank],
      batches: log.batches,
      counts: this.options.worker ? undefined : { ...counts },
      ms: log.ms,
      views: log.views.map((view) => ({
        validity: view.validity, readonly: view.readonly, recents: [...view.recents], told: view.told,
      })),
    };
  }

  async end() {
    await this.session.close();
    await this.following;
  }
}

// What an operation may fail with because of others: mailboxes come and go. Nothing else, and in particular no CONFLICT.
const GONE = ["NOT_FOUND", "CLOSED", "TRY_CREATE"];
const LEGAL = {
  append: ["TRY_CREATE", "CLOSED"], flag: ["CLOSED"], replace: ["CLOSED"], doom: ["CLOSED"], move: GONE, copy: GONE,
  expunge: ["CLOSED"], rename: ["NOT_FOUND", "ALREADY_EXISTS", "CANNOT"], remove: ["NOT_FOUND"], create: ["ALREADY_EXISTS"],
  select: ["NOT_FOUND", "CLOSED"], close: ["CLOSED"], check: ["CLOSED"], wait: ["CLOSED"], list: ["CLOSED"], status: ["NOT_FOUND", "CLOSED"],
};
