// Rounds of crashes in browsers: tabs and workers that change mail are crashed, or killed with their
// browser, at random moments. Afterwards the database opens, its checker finds nothing, and what is
// there is what every actor was acknowledged, and of the one operation that each had under way all
// or nothing (of an import: its first commits).
//
// Both kinds of commits are held to this, strict and relaxed: what the operating system has survives
// the end of a program. That strict ones survive the end of the system is not tested here.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { after, empty, possible } from "../browser/crash_model.mjs";
import { serve } from "./browser.mjs";
import { within } from "./mail.mjs";

/** After so many rounds a new database is begun, so that its making is crashed, too. */
const ROUNDS_PER_DATABASE = 10;
const PAGE = '<!doctype html><meta charset="utf-8"><title>crash</title><script type="module" src="/tests/js/browser/crash_work.mjs"></script>';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What an actor has said, and what therefore must be there. */
class Actor {
  state = empty();
  /** The number of its next operation, over all rounds. */
  next = 0;
  begun = undefined;
  committed = 0;
  acknowledged = { strict: 0, relaxed: 0 };
  ready = false;
  failed = undefined;

  hear(line) {
    if (line.failed) this.failed ??= `${line.failed} in ${JSON.stringify(line.op)}`;
    if (line.ready) this.ready = true;
    if (line.committed && line.n === this.begun?.n) this.committed = Math.max(this.committed, line.committed);
    if (line.done !== undefined) {
      assert.equal(line.done, this.begun?.n);
      this.state = after(this.state, this.begun, line.uids);
      this.acknowledged[this.begun.durability] += 1;
      this.begun = undefined;
    }
    if (line.begin) {
      [this.begun, this.committed] = [line.begin, 0];
      this.next = line.begin.n + 1;
    }
  }
}

const sorted = (object) => Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1));

/** A state as lines of text; uids that nobody was told are taken from `found`. */
function lines(state, found) {
  return [
    ...[...state.mailboxes].sort().map((name) => `mailbox ${name}`),
    ...sorted(state.messages).map(([key, { uid, flags }]) => `${key.replace("\n", ": ")} uid ${uid ?? found?.messages[key]?.uid} (${flags.join(" ")})`),
    ...sorted(state.filters).map(([name, script]) => `filter ${name}: ${JSON.stringify(script)}`),
    `active ${state.active}`,
  ];
}
const text = (state, found) => lines(state, found).join("\n");

/** What one has and the other has not. */
const lacks = (one, other) => lines(one, other).filter((line) => !lines(other, one).includes(line));

/** One database and all who work on it. */
class Account {
  actors = new Map();
  since = {};

  constructor(owner) {
    this.owner = owner;
  }

  actor(name) {
    if (!this.actors.has(name)) this.actors.set(name, new Actor());
    return this.actors.get(name);
  }

  hear(line) {
    this.actor(line.actor).hear(line);
  }

  /** What is there of an actor's. */
  part(name, found) {
    const part = empty();
    const own = (text, mark) => text.startsWith(`${name}${mark}`);
    part.mailboxes = found.mailboxes.map((each) => each.name).filter((each) => own(each, "/"));
    for (const { name: mailbox, messages } of found.mailboxes) {
      for (const { subject, uid, flags } of messages.filter((each) => own(each.subject, "."))) {
        assert.ok(!(`${mailbox}\n${subject}` in part.messages), `${subject} is twice in ${mailbox}`);
        part.messages[`${mailbox}\n${subject}`] = { mailbox, subject, uid, flags: [...flags].sort() };
      }
    }
    for (const [filter, script] of Object.entries(found.filters)) if (own(filter, ".")) part.filters[filter] = script;
    part.active = found.active !== null && own(found.active, ".") ? found.active : null;
    return part;
  }

  /** Looks whether everything that must be there is, and counts what was under way. */
  check(found, total) {
    assert.deepEqual(found.problems, [], "the checker found something");
    assert.deepEqual(found.damaged, [], "messages are not whole");
    let messages = 0;
    for (const { name, status, messages: own } of found.mailboxes) {
      const uids = own.map((each) => each.uid);
      assert.ok(uids.every((uid, at) => at === 0 || uid > uids[at - 1]), `the uids of ${name} do not rise`);
      const count = (flag) => own.filter((each) => each.flags.includes(flag)).length;
      const { exists, unseen, deleted, size } = status;
      assert.deepEqual(
        { exists, unseen, deleted, size },
        { exists: own.length, unseen: own.length - count("\\Seen"), deleted: count("\\Deleted"), size: own.reduce((sum, each) => sum + each.size, 0) },
        `the counts of ${name}`,
      );
      assert.ok(status.uidNext > (uids.at(-1) ?? 0));
      this.since[status.mailboxId] = uids.at(-1) ?? 0;
      messages += own.length;
    }
    const unfinished = [];
    for (const [name, actor] of this.actors) {
      const part = this.part(name, found);
      messages -= Object.keys(part.messages).length;
      const states = possible(actor.state, actor.begun, actor.committed);
      const at = states.findIndex((state) => text(state, part) === text(part));
      if (at < 0) {
        const under = actor.begun ? `${JSON.stringify(actor.begun)} was under way` : "nothing was under way";
        const differences = states.map((state, n) => `state ${n}: missing ${JSON.stringify(lacks(state, part))}, too much ${JSON.stringify(lacks(part, state))}`);
        assert.fail(`${name}: ${under} (${actor.committed} imported); none of the states that may be is there\n${differences.join("\n")}`);
      }
      if (actor.begun) {
        const seen = text(states[0], part) !== text(states.at(-1), part);
        const whole = at === states.length - 1;
        total.underWay += 1;
        if (!seen) total.invisible += 1;
        else if (at === 0 && actor.committed === 0) total.absent += 1;
        else if (whole) total.present += 1;
        else total.partOfImport += 1;
        if (actor.begun.kind === "import" && !whole) {
          unfinished.push({ actor, op: actor.begun, count: actor.committed + at });
        }
      }
      [actor.state, actor.begun, actor.ready] = [part, undefined, false];
    }
    assert.equal(messages, 0, "there are messages that nobody made");
    return unfinished;
  }
}

/**
 * Runs rounds in a browser, which `open(origin, profile)` opens, and tells how much was acknowledged
 * and found. A round ends in a crash of a tab, or with the browser killed: `kinds` has
 * "crash" and "kill", to be taken in turn. `store(profile)` must be `wanted`: what the browser keeps its data in.
 */
export async function crashRounds({ rounds, open, kinds, store, wanted, tell = () => {}, minutes = Infinity }) {
  const end = performance.now() + minutes * 60_000;
  const profile = await mkdtemp(path.join(tmpdir(), "offline-mailbox-crash-"));
  const total = { rounds: 0, crashed: 0, killed: 0, whileOpening: 0, databases: 0, acknowledged: 0, strict: 0, relaxed: 0 };
  Object.assign(total, { underWay: 0, present: 0, absent: 0, partOfImport: 0, invisible: 0, resumed: 0, messages: 0, slowestOpeningMs: 0 });
  const ends = [];
  let account;
  let dead = false;
  const told = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const line = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    // What a page says of failures while it is being killed is no failure.
    if (!(dead && line.failed)) account.hear(line);
    response.writeHead(204).end();
  };
  let browser;
  try {
    const origin = await serve({ after: (end) => ends.push(end) }, { "/crash": { type: "text/html", body: PAGE }, "/crash/told": told });
    browser = await open(origin, profile);
    for (let round = 0; round < rounds && performance.now() < end; round += 1) {
      if (round % ROUNDS_PER_DATABASE === 0) {
        account = new Account(`round-${round}@example.org`);
        total.databases += 1;
      }
      const what = `round ${round + 1} (${kinds[round % kinds.length]})`;
      const failed = () => [...account.actors].filter(([, actor]) => actor.failed).map(([name, actor]) => `${name}: ${actor.failed}`);
      const heard = (names, test, what) => within(60_000, what, (async () => {
        while (!names.every((name) => test(account.actor(name)))) {
          assert.deepEqual(failed(), []);
          await sleep(5);
        }
      })());
      const actors = (names) => names.map((name) => {
        const { state, next } = account.actor(name);
        return { owner: account.owner, actor: name, state, n: next, worker: name === "b", filters: name === "a" };
      });
      const kind = kinds[round % kinds.length];
      dead = false;
      // One tab with an actor in the page and one in a worker, and every other time a second tab.
      const tab = await browser.tab();
      const other = round % 2 === 1 ? await browser.tab() : undefined;
      await tab.call("start", actors(["a", "b"]));
      await other?.call("start", actors(["c"]));
      if (round % 5 === 0) {
        await sleep(Math.random() * 300);
        total.whileOpening += 1;
      } else {
        await heard(other ? ["a", "b", "c"] : ["a", "b"], (actor) => actor.ready, `${what}: opening`);
        await sleep(Math.random() * 1500);
      }
      assert.deepEqual(failed(), [], what);
      dead = true;
      if (kind === "kill") {
        await within(30_000, `${what}: the killing`, browser.kill());
        total.killed += 1;
        browser = undefined;
      } else {
        await within(30_000, `${what}: the crash`, tab.crash());
        total.crashed += 1;
        if (other) {
          // The one that lives on is not held up.
          dead = false;
          const { next } = account.actor("c");
          await heard(["c"], (actor) => actor.next > next + 1, `${what}: the other tab`);
          await within(60_000, `${what}: the other tab's end`, other.call("stop"));
          await other.close();
        }
      }
      // What was sent before the end may still be on its way here.
      await sleep(50);
      browser ??= await open(origin, profile);
      const witness = await browser.tab();
      const found = await within(120_000, `${what}: the look`, witness.call("look", { owner: account.owner, since: account.since }));
      const unfinished = account.check(found, total);
      for (const { actor, op, count } of unfinished) {
        const { resumed, uids } = await witness.call("resume", { owner: account.owner, op });
        assert.deepEqual([resumed, uids.length], [count, op.subjects.length - count], `${what}: going on with an import`);
        const rest = { ...op, subjects: op.subjects.slice(count) };
        actor.state = after(actor.state, rest, uids);
        total.resumed += 1;
      }
      await witness.close();
      let acknowledged = 0;
      for (const actor of account.actors.values()) {
        for (const durability of ["strict", "relaxed"]) {
          total[durability] += actor.acknowledged[durability];
          acknowledged += actor.acknowledged[durability];
        }
        actor.acknowledged = { strict: 0, relaxed: 0 };
      }
      if (store) assert.equal(store(profile), wanted);
      total.acknowledged += acknowledged;
      total.rounds += 1;
      total.slowestOpeningMs = Math.max(total.slowestOpeningMs, found.openedMs);
      const messages = found.mailboxes.reduce((sum, each) => sum + each.messages.length, 0);
      if (round % ROUNDS_PER_DATABASE === ROUNDS_PER_DATABASE - 1 || round === rounds - 1) total.messages += messages;
      tell(`${what}: ${acknowledged} acknowledged; ${messages} messages in ${found.mailboxes.length} mailboxes, all as they must be`);
    }
  } finally {
    await browser?.close().catch(() => {});
    for (const end of ends) await end();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
  return total;
}

/** The figures as a line. */
export const line = (total) =>
  `${total.rounds} rounds (${total.crashed} tabs crashed, ${total.killed} browsers killed, ${total.whileOpening} while opening): ` +
  `all ${total.acknowledged} acknowledged changes are there (${total.strict} strict, ${total.relaxed} relaxed); of ${total.underWay} under way ` +
  `${total.present} whole, ${total.absent} absent, ${total.partOfImport} imports in part (${total.resumed} gone on with), ${total.invisible} not to be seen; ` +
  `verify() clean each time; slowest opening ${total.slowestOpeningMs} ms`;
