// Calls that are given up at random moments: whatever the moment, each has been made as a whole or not at
// all, says which, and what comes after works. Seeded; CANCEL_SEED and CANCEL_ROUNDS repeat or lengthen it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fresh, mail, within } from "./support/mail.mjs";
import { openSession } from "./support/open.mjs";

const SEED = Number(process.env.CANCEL_SEED ?? 20261123);
const ROUNDS = Number(process.env.CANCEL_ROUNDS ?? 250);

/** mulberry32: numbers from 0 to 1. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Waits for some turns of one of the kinds there are: none, microtasks, the event loop, a timer. */
async function moment(next) {
  const kind = Math.floor(next() * 4);
  const turns = Math.floor(next() * 12);
  for (let turn = 0; kind > 0 && turn < turns; turn += 1) {
    if (kind === 1) await undefined;
    else if (kind === 2) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise((resolve) => setTimeout(resolve, next() * 3));
  }
}

const uidsOf = async (session, selected, keys = {}) => [...(await session.searchMailbox(selected, keys)).uids];
const messages = (next, most) => Array.from({ length: 1 + Math.floor(next() * most) }, (_, at) => ({ raw: mail(`${at} ${next()}`) }));

/**
 * Each: the call, and what must hold of the counts before and after it, where it was made and where it
 * was not. `[INBOX exists, Other exists, INBOX seen]`.
 */
const CALLS = {
  append: ({ session, next }) => {
    const given = messages(next, 30);
    return { call: (signal) => session.appendMessages("INBOX", given, { signal }), made: ([a, b, c]) => [a + given.length, b, c] };
  },
  appendWithView: ({ session, selected, next }) => {
    const given = messages(next, 5);
    return { call: (signal) => session.appendMessages("INBOX", given, { signal, selected }), made: ([a, b, c]) => [a + given.length, b, c] };
  },
  deliver: ({ session }) => ({
    call: (signal) => session.deliver(mail("delivered"), { signal }),
    made: ([a, b, c]) => [a + 1, b, c],
  }),
  flags: ({ session, selected, uids, seen, next }) => {
    const some = uids.filter(() => next() < 0.5);
    const add = next() < 0.5;
    const changed = some.filter((uid) => seen.includes(uid) !== add).length;
    return {
      call: (signal) => session.updateFlags(selected, some, ["\\Seen"], add ? "add" : "delete", { signal }),
      made: ([a, b, c]) => [a, b, c + (add ? changed : -changed)],
    };
  },
  copy: ({ session, selected, uids, next }) => {
    const some = uids.filter(() => next() < 0.2);
    return { call: (signal) => session.copyMessages(selected, some, "Other", { signal }), made: ([a, b, c]) => [a, b + some.length, c] };
  },
  move: ({ session, selected, uids, seen, next }) => {
    const some = uids.filter(() => next() < 0.3);
    const gone = some.filter((uid) => seen.includes(uid)).length;
    return {
      call: (signal) => session.moveMessages(selected, some, "Other", { signal }),
      made: ([a, b, c]) => [a - some.length, b + some.length, c - gone],
    };
  },
  search: ({ session, selected }) => ({ call: (signal) => session.searchMailbox(selected, { body: "hello" }, { signal }), made: (all) => all }),
  searchAll: ({ session }) => ({ call: (signal) => session.search({ text: "hello" }, { signal }), made: (all) => all }),
  sort: ({ session, selected }) => ({ call: (signal) => session.sortMailbox(selected, "subject", {}, { signal }), made: (all) => all }),
  thread: ({ session, selected }) => ({ call: (signal) => session.threadMailbox(selected, "references", {}, { signal }), made: (all) => all }),
  list: ({ session, selected }) => ({ call: (signal) => session.listMessages(selected, { sort: "from", signal }), made: (all) => all }),
  fetch: ({ session, selected }) => ({ call: (signal) => session.fetchMessages(selected, "1:*", { source: true, text: true, signal }), made: (all) => all }),
  check: ({ session, selected }) => ({ call: (signal) => session.checkMailbox(selected, { signal, waitOn: AbortSignal.timeout(5) }), made: (all) => all }),
  select: ({ session }) => ({
    call: async (signal) => session.closeMailbox((await session.selectMailbox("INBOX", { signal })).selected),
    made: (all) => all,
  }),
  cleanup: ({ session }) => ({ call: (signal) => session.cleanup({ thorough: true, signal }), made: (all) => all }),
  verify: ({ session }) => ({ call: (signal) => session.verify({ signal }), made: (all) => all }),
  expunge: ({ session, selected, next, uids, seen }) => {
    const some = uids.filter(() => next() < 0.2);
    const gone = some.filter((uid) => seen.includes(uid)).length;
    return {
      before: () => session.updateFlags(selected, some, ["\\Deleted"], "add"),
      call: (signal) => session.expungeMailbox(selected, { signal }),
      made: ([a, b, c]) => [a - some.length, b, c - gone],
      // What was only marked must not be expunged by a later round.
      after: () => session.updateFlags(selected, "1:*", ["\\Deleted"], "delete"),
    };
  },
};

test("calls given up at random moments are made as a whole or not at all", { timeout: 300_000 }, async (t) => {
  t.diagnostic(`CANCEL_SEED=${SEED} CANCEL_ROUNDS=${ROUNDS}`);
  const next = random(SEED);
  const session = await openSession(fresh());
  await session.createMailbox("Other");
  await session.appendMessages("INBOX", messages(next, 60));
  const { selected } = await session.selectMailbox("INBOX");
  const counts = async () => {
    const [inbox, other] = await Promise.all([session.status("INBOX"), session.status("Other")]);
    return [inbox.exists, other.exists, inbox.exists - inbox.unseen];
  };
  let made = 0;
  let ended = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    await session.checkMailbox(selected);
    const uids = await uidsOf(session, selected);
    const world = { session, selected, next, uids, seen: await uidsOf(session, selected, { seen: true }) };
    const names = Object.keys(CALLS);
    const name = names[Math.floor(next() * names.length)];
    const { before, call, made: expected, after } = CALLS[name](world);
    await before?.();
    const then = await counts();
    const controller = new AbortController();
    const reason = new Error("given up");
    const calling = call(controller.signal);
    calling.catch(() => {});
    await moment(next);
    controller.abort(reason);
    const where = `round ${round} of seed ${SEED}: ${name}`;
    let failure;
    try {
      await within(20_000, where, calling);
    } catch (error) {
      failure = error;
    }
    assert.ok(failure === undefined || failure === reason, `${where}: ${failure?.stack}`);
    assert.deepEqual(await counts(), failure ? then : expected(then), `${where} ${failure ? "rejected" : "resolved"}`);
    if (failure) ended += 1;
    else made += 1;
    await after?.();
    if ((await counts())[0] < 20) await session.appendMessages("INBOX", messages(next, 60));
  }
  t.diagnostic(`${made} made, ${ended} given up`);
  assert.ok(made > ROUNDS / 10 && ended > ROUNDS / 10, `${made} made, ${ended} given up`);
  assert.deepEqual((await session.verify()).problems, []);
  await session.close();
});
