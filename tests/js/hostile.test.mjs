// Hostile callers: every kind of value in the place of every argument of every method, and of every
// member of every options object, as the published types have them. Whatever comes, the promise settles
// in time; a call that fails is a MailboxError and has changed nothing; what the types forbid is
// INVALID_ARGUMENT; and the session works on. Not here: what each wrong value is told (arguments.test.mjs).

import assert from "node:assert/strict";
import { test } from "node:test";

import { MailboxError } from "../../pkg/index.js";
import { changing, hostileValues, Thrown, throwing } from "./support/hostile_values.mjs";
import { fresh, mail, within } from "./support/mail.mjs";
import { openSession } from "./support/open.mjs";
import { methodsOf } from "./support/signatures.mjs";

const classes = methodsOf(["Session", "FilterSet", "MailboxSet", "MailboxData", "FetchedMessage"]);
const SCRIPT = 'require "fileinto"; fileinto "Other";';

/** A session with some of everything, and objects to call. */
async function world() {
  const session = await openSession(fresh());
  await session.createMailbox("Other");
  await session.appendMessages("INBOX", [{ raw: mail("one") }, { raw: mail("two"), flags: ["\\Deleted"] }, { raw: mail("three") }]);
  await session.filterSet.put("main", SCRIPT);
  const { selected } = await session.selectMailbox("INBOX");
  const data = await session.mailboxSet.getMailbox("INBOX");
  const { messages } = await session.fetchMessages(selected, [1], { attachments: true });
  const targets = { Session: session, FilterSet: session.filterSet, MailboxSet: session.mailboxSet, MailboxData: data, FetchedMessage: messages[0] };
  return { session, selected, data, other: await session.mailboxSet.getMailbox("Other"), targets };
}

/** What is right for a parameter, by its name and where it is. */
function right(place, name, { selected, other }) {
  const special = {
    "Session.createMailbox name": "New",
    "Session.renameMailbox before": "Other",
    "Session.deleteMailbox name": "Other",
    "MailboxSet.addMailbox name": "New",
    "MailboxSet.deleteMailbox name": "Other",
    "MailboxSet.renameMailbox before": "Other",
    "Session.copyMessages destination": "Other",
    "Session.moveMessages destination": "Other",
    "FetchedMessage.part number": "1",
    "FetchedMessage.partStream number": "1",
  };
  const byName = {
    name: place.startsWith("FilterSet.") ? "main" : "INBOX",
    before: "main",
    after: "Renamed",
    selected,
    set: "1:*",
    keys: { seen: false },
    sort: "-date",
    algorithm: "references",
    flags: ["\\Seen"],
    operation: "add",
    messages: [{ raw: "Subject: x\r\n\r\ny" }],
    message: { raw: "Subject: x\r\n\r\ny" },
    raw: "Subject: x\r\n\r\ny",
    script: SCRIPT,
    specialUse: "\\Archive",
    readonly: false,
    subscribed: true,
    uid: 1,
    uids: [1],
    destination: other,
    cached: undefined,
    index: 0,
    options: undefined,
  };
  const key = `${place} ${name}`;
  if (Object.hasOwn(special, key)) return special[key];
  assert.ok(Object.hasOwn(byName, name), `no value is known for ${key}`);
  return byName[name];
}

/** All that a failing call must leave alone. */
async function picture(session) {
  const { mailboxes } = await session.listMailboxes();
  const counts = await Promise.all(mailboxes.map(({ name }) => session.getMailbox(name)));
  const { active, names } = await session.filterSet.getAll();
  return JSON.stringify([mailboxes, counts, active, await Promise.all(names.map((name) => session.filterSet.get(name)))]);
}

/** What a call comes to, whatever it returns: a promise, an iterator of promises, a stream. */
async function settled(target, method, values) {
  const answer = target[method](...values);
  if (typeof answer?.next === "function") {
    // One that waits for changes has taken its arguments when it has not failed by then.
    const first = answer.next();
    const answered = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 5))]);
    await Promise.race([answer.return?.(), first]);
    return answered;
  }
  if (typeof answer?.getReader === "function") return answer.getReader().read();
  return answer;
}

const kindOf = (value) => (value === undefined || value === null ? "absent" : typeof value === "function" ? "function" : typeof value);

/** Tries one call. The world to go on with. */
async function attempt(now, where, place, values, { value, kinds }) {
  const [name, method] = place.split(".");
  const before = await picture(now.session);
  let failure;
  try {
    await within(10_000, where, settled(now.targets[name], method, values));
  } catch (error) {
    failure = error;
  }
  if (failure !== undefined) {
    const own = failure instanceof Thrown;
    assert.ok(own || failure instanceof MailboxError, `${where}: ${failure?.stack ?? String(failure)}`);
    assert.notEqual(failure.code, "INTERNAL", `${where}: ${failure.stack}`);
  }
  if (kinds && !kinds.includes(kindOf(value))) {
    assert.equal(failure?.code, "INVALID_ARGUMENT", `${where}: ${failure ?? "it was taken"}`);
  }
  const after = await picture(now.session);
  // An import is several commits: what its callback throws ends it after some.
  const partly = place === "Session.importMessages" && failure instanceof Thrown;
  if (failure !== undefined && !partly) assert.equal(after, before, `${where} failed with ${failure.code}, and changed something`);
  if (after === before && !now.session.closed && !now.selected.closed) return now;
  await now.session.close();
  return world();
}

for (const [name, methods] of Object.entries(classes)) {
  test(`hostile arguments of ${name}`, async () => {
    let now = await world();
    const other = await world();
    const foreign = {
      "a view of another session": other.selected,
      "another session": other.session,
      "a mailbox of another session": other.other,
    };
    let calls = 0;
    let searched = false;
    for (const [method, parameters] of Object.entries(methods)) {
      const place = `${name}.${method}`;
      for (const [at, parameter] of parameters.entries()) {
        const values = () => parameters.map((each) => right(place, each.name, now));
        for (const [called, value] of hostileValues(foreign)) {
          const given = values();
          given[at] = value;
          now = await attempt(now, `${place}, ${parameter.name} = ${called}`, place, given, { value, kinds: parameter.kinds });
          calls += 1;
        }
        // Every search takes the same keys by the same code.
        if (parameter.members.length === 0 || (parameter.name === "keys" && searched)) continue;
        searched ||= parameter.name === "keys";
        const keys = parameter.members.map((member) => member.name);
        const given = values();
        given[at] = throwing(keys);
        now = await attempt(now, `${place}, ${parameter.name} = all members throw`, place, given, {});
        for (const member of parameter.members) {
          for (const [called, value] of hostileValues(foreign)) {
            const given = values();
            given[at] = parameter.name === "message" ? { ...given[at], [member.name]: value } : { [member.name]: value };
            const where = `${place}, ${parameter.name}.${member.name} = ${called}`;
            now = await attempt(now, where, place, given, { value, kinds: member.kinds });
            calls += 1;
          }
        }
      }
    }
    assert.ok(calls > 100, `${calls} calls`);
    assert.deepEqual((await now.session.verify()).problems, []);
    await now.session.close();
    await other.session.close();
  });
}

/** What the platform itself reads: of every iterator, of every message in Node. */
const PLATFORM = ["return", "source"];

test("members that a polluted prototype adds are none", { skip: process.env.OFFLINE_MAILBOX_TEST_WORKER !== undefined }, async () => {
  const now = await world();
  const { session, selected } = now;
  const names = new Set(Object.values(classes).flatMap((methods) => Object.values(methods).flatMap((parameters) => parameters.flatMap(({ members }) => members.map(({ name }) => name)))));
  assert.ok(names.size > 50);
  const before = await picture(session);
  try {
    for (const name of names) {
      if (name in Object.prototype || PLATFORM.includes(name)) continue;
      // Of no right type, so that whoever reads it complains.
      Object.defineProperty(Object.prototype, name, { value: Symbol(name), configurable: true, writable: true });
    }
    assert.equal((await session.listMailboxes({})).mailboxes.length, 2);
    assert.equal((await session.searchMailbox(selected, {}, {})).uids.length, 3);
    assert.equal((await session.listMessages(selected, {})).rows.length, 3);
    assert.equal((await session.fetchMessages(selected, "1:*", {})).messages.length, 3);
    assert.equal((await session.fetchMessages(selected, { seq: "1:2" }, { envelope: true })).messages.length, 2);
    await session.verify({});
    await session.cleanup({});
    assert.equal(await picture(session), before);
    const { uids } = await session.appendMessages("INBOX", [{ raw: mail("four") }], {});
    await session.updateFlags(selected, uids, ["\\Seen"], "add", {});
    await session.copyMessages(selected, uids, "Other", {});
    await session.expungeMailbox(selected, {});
    await session.closeMailbox(selected, {});
  } finally {
    for (const name of names) delete Object.prototype[name];
  }
  assert.equal((await session.status("INBOX")).exists, 3);
  assert.equal((await session.status("Other")).exists, 1);
  await session.close();
});
