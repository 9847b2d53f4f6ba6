// What must be true of what several actors were answered and told by one database (../browser/actor.mjs), and of what is
// in it at the end. Nothing here asks the library: it is derived from the acknowledgements alone.
//
// A message in a mailbox is an *instance*, named by UIDVALIDITY and UID. Proved is:
//
// 1. Every uid was given by exactly one acknowledgement (of an append, copy or move), and the uids of each mailbox, living
//    or deleted, are 1, 2, 3, … without a gap: no uid twice, and nothing came to be that nobody was told of.
// 2. No lost write: an instance is in its mailbox at the end if and only if nothing acknowledged ended it. What can end
//    it is exactly one of: a move that names it as its source (one in all), the deletion of its mailbox (an event with its
//    mailbox's id, as often as deletions were acknowledged), or an expunge that could reach it, after somebody had set
//    \Deleted on it. What an expunge must have taken (the view showed \Deleted, which nobody takes back) is gone.
// 3. Each instance has, octet for octet, the message that its acknowledged appends, copies and moves brought there.
// 4. Flags: each actor has a keyword that it alone sets and takes away. At the end an instance has it as that actor's last
//    acknowledged change left it, also where others replaced all flags meanwhile (conditionally, by mod-sequence), and also
//    through others' moves and copies. A copy may have seen any value that held while the copy was under way (by the clock,
//    with a tolerance); a change whose answer said `expungeIssued` may or may not have reached a message that is gone.
// 5. Mod-sequences: wherever two actors saw one message at one mod-sequence, they saw the same flags; messages that share a
//    mod-sequence were changed by one acknowledged operation; no mailbox's highest is less than the number of
//    acknowledged commits, nor more than of those that may have been.
// 6. \Recent: no message was \Recent in two views; each that lives and that no view has claimed, in exactly one.
// 7. Names: every actor was told the same events in the same order, each once; replayed, they are legal and give the
//    mailboxes that are there; each acknowledged creation, deletion and renaming is among them, and nothing else.
//
// The replay of each view's updates (every EXPUNGE once, in a legal order, the result equal to what is) is the actor's part.

/** How far clocks of two processes may be apart, in milliseconds: each page reckons from the wall clock of when it was opened. */
const TOLERANCE = 50;

const key = (validity, uid) => `${validity}:${uid}`;

/** Mailboxes as the replay of name events leaves them: ids by name. */
function replayNames(events, begin, wrong) {
  const ids = new Map(begin);
  const deleted = new Set();
  for (const { type, name, mailboxId, before } of events) {
    if (type === "created") {
      if (ids.has(name)) wrong(`${name} was created twice`);
      ids.set(name, mailboxId);
    } else if (type === "deleted") {
      if (ids.get(name) !== mailboxId) wrong(`${name} was deleted as ${mailboxId}, but was ${ids.get(name)}`);
      ids.delete(name);
      deleted.add(mailboxId);
    } else {
      if (ids.get(before) !== mailboxId || ids.has(name)) wrong(`${before} (${mailboxId}) was renamed to ${name}`);
      ids.delete(before);
      ids.set(name, mailboxId);
    }
  }
  return { ids, deleted };
}

function checkNames(reports, begin, end, wrong) {
  const told = reports.map(({ names }) => JSON.stringify(names));
  told.forEach((text, at) => {
    if (text !== told[0]) wrong(`${reports[at].actor} was told other events than ${reports[0].actor}`);
  });
  const { names } = reports[0];
  const { ids, deleted } = replayNames(names, begin, wrong);
  const there = new Map(end.map(({ name, mailboxId }) => [name, mailboxId]));
  if (JSON.stringify([...ids].sort()) !== JSON.stringify([...there].sort())) wrong(`events give ${[...ids.keys()]}, there are ${[...there.keys()]}`);

  const acks = reports.flatMap((report) => report.acks);
  const by = (op) => acks.filter((ack) => ack.op === op);
  const events = (type) => names.filter((event) => event.type === type);
  const count = (list, of) => {
    const counts = {};
    for (const each of list) counts[of(each)] = (counts[of(each)] ?? 0) + 1;
    return counts;
  };
  const same = (one, other, what) => {
    for (const each of new Set([...Object.keys(one), ...Object.keys(other)])) {
      if (one[each] !== other[each]) wrong(`${what} ${each}: told ${one[each] ?? 0} times, acknowledged ${other[each] ?? 0}`);
    }
  };
  const renamedInbox = by("rename").filter(({ before }) => before === "INBOX").length;
  const anew = events("created").filter(({ name }) => name === "INBOX").length;
  if (anew !== renamedInbox) wrong(`INBOX began anew ${anew} times, was renamed ${renamedInbox} times`);
  same(
    count(events("created").filter(({ name }) => name !== "INBOX"), ({ name, mailboxId }) => `${name} ${mailboxId}`),
    count(by("create"), ({ name, mailboxId }) => `${name} ${mailboxId}`),
    "creation of",
  );
  same(count(events("deleted"), ({ name }) => name), count(by("delete"), ({ name }) => name), "deletion of");
  // A renaming takes along what is below: its events name the same change of the beginning.
  const explained = (event) =>
    by("rename").some(
      ({ before, after }) =>
        (event.before === before && event.name === after) ||
        (event.before.startsWith(`${before}/`) && event.name === `${after}${event.before.slice(before.length)}`),
    );
  for (const event of events("renamed")) if (!explained(event)) wrong(`nobody renamed ${event.before} to ${event.name}`);
  const direct = count(events("renamed"), ({ before, name }) => `${before} to ${name}`);
  const below = ({ before, after }) => events("renamed").some((event) => event.before.startsWith(`${before}/`) && event.name.startsWith(`${after}/`));
  for (const [change, times] of Object.entries(count(by("rename").filter((ack) => !below(ack)), ({ before, after }) => `${before} to ${after}`))) {
    if ((direct[change] ?? 0) < times) wrong(`the renaming of ${change} was told ${direct[change] ?? 0} times, acknowledged ${times}`);
  }
  return { deleted, events: names.length };
}

/** Every instance there ever was, by key. */
function instancesOf(reports, begin, wrong) {
  const instances = new Map();
  const add = (validity, uid, made) => {
    if (instances.has(key(validity, uid))) wrong(`uid ${uid} of ${validity} was given twice: ${made.token}`);
    instances.set(key(validity, uid), { validity, uid, changes: [], ends: [], ...made });
  };
  for (const { validity, uid, token } of begin) add(validity, uid, { token, kind: "append", flags: [], from: 0, to: 0 });
  const acks = reports.flatMap(({ actor, acks }) => acks.map((ack) => ({ actor, ...ack })));
  for (const ack of acks) {
    if (ack.op === "append") {
      ack.uids.forEach((uid, at) => add(ack.validity, uid, { ...ack, kind: "append", token: ack.tokens[at] }));
    } else if (ack.op === "copy" || ack.op === "move") {
      ack.uids.forEach((uid, at) => add(ack.validity, uid, { ...ack, kind: ack.op, parent: key(ack.source, ack.from_uids[at]) }));
    }
  }
  for (const instance of instances.values()) {
    if (!instance.parent) continue;
    const parent = instances.get(instance.parent);
    if (!parent) wrong(`${instance.parent} was ${instance.kind === "copy" ? "copied" : "moved"}, but nobody put it there`);
    if (parent && instance.kind === "move") parent.ends.push(instance);
  }
  const tokenOf = (instance) => (instance.token ??= instance.parent && instances.has(instance.parent) ? tokenOf(instances.get(instance.parent)) : undefined);
  for (const instance of instances.values()) tokenOf(instance);
  for (const ack of acks) {
    if (ack.op !== "flag") continue;
    for (const uid of ack.uids) {
      const instance = instances.get(key(ack.validity, uid));
      if (instance) instance.changes.push(ack);
      else wrong(`${ack.actor} changed ${uid} of ${ack.validity}, which nobody put there`);
    }
  }
  for (const { changes } of instances.values()) changes.sort((one, other) => one.from - other.from);
  return { instances, acks };
}

/** The values that a flag can have at the end of an instance, or within a span of time, as far as its acknowledgements say. */
function possible(instances, instance, flag, concerns, { from = Infinity, to = Infinity, living } = {}) {
  let values;
  if (instance.kind === "append") values = new Set([instance.flags.includes(flag)]);
  else {
    const parent = instances.get(instance.parent);
    const span = instance.kind === "copy" ? { from: instance.from - TOLERANCE, to: instance.to + TOLERANCE } : {};
    values = parent ? possible(instances, parent, flag, concerns, span) : new Set([true, false]);
  }
  for (const change of instance.changes) {
    const value = concerns(change);
    if (value === undefined || change.from > to) continue;
    // What overlaps with the span may or may not have come before.
    const sure = (change.sure || living) && change.to < from;
    if (sure) values = new Set([value]);
    else values.add(value);
  }
  return values;
}

/**
 * Checks everything above; `end` is what a session that was opened at the end saw: for each mailbox its snapshot and
 * messages. Returns what is wrong, and figures.
 */
export function judge({ reports, begin, end }) {
  const problems = reports.flatMap((report) => report.problems);
  const wrong = (text) => problems.push(text);
  const { deleted, events } = checkNames(reports, begin.names, end, wrong);
  const { instances, acks } = instancesOf(reports, begin.messages, wrong);

  // Who is where.
  const validityOf = new Map(begin.validities);
  const mailboxes = new Map(end.map((mailbox) => [mailbox.uidValidity, mailbox]));
  if (mailboxes.size !== end.length) wrong("two mailboxes have one UIDVALIDITY");
  const living = new Map();
  for (const { uidValidity, mailboxId, messages } of end) {
    if (deleted.has(mailboxId)) wrong(`${mailboxId} was deleted and is there`);
    if (validityOf.has(mailboxId) && validityOf.get(mailboxId) !== uidValidity) wrong(`${mailboxId} changed its UIDVALIDITY`);
    for (const message of messages) living.set(key(uidValidity, message.uid), message);
  }

  // 1. Uids.
  const uids = new Map();
  for (const { validity, uid } of instances.values()) uids.set(validity, [...(uids.get(validity) ?? []), uid]);
  for (const [validity, given] of uids) {
    given.sort((one, other) => one - other);
    given.forEach((uid, at) => {
      if (uid !== at + 1) wrong(`uids of ${validity}: ${uid} where ${at + 1} should be`);
    });
    const mailbox = mailboxes.get(validity);
    if (mailbox && mailbox.uidNext !== given.length + 1) wrong(`${mailbox.name}: UIDNEXT ${mailbox.uidNext} after ${given.length} messages`);
  }
  for (const place of living.keys()) if (!instances.has(place)) wrong(`${place} is there, but nobody put it there`);

  // 2, 3. Nothing lost, nothing back from the dead, each what it was.
  const expunges = new Map();
  for (const ack of acks) if (ack.op === "expunge") expunges.set(ack.validity, [...(expunges.get(ack.validity) ?? []), ack]);
  const deletes = (change) => (change.flags.includes("\\Deleted") ? true : undefined);
  const ends = { moved: 0, "with their mailbox": 0, expunged: 0, living: 0 };
  for (const instance of instances.values()) {
    const place = key(instance.validity, instance.uid);
    const message = living.get(place);
    const reached = (expunges.get(instance.validity) ?? []).filter(({ uids: named }) => !named || named.includes(instance.uid));
    if (instance.ends.length > 1) wrong(`${place} (${instance.token}) was moved ${instance.ends.length} times`);
    if (message) {
      ends.living += 1;
      if (message.token !== instance.token || !message.whole) wrong(`${place} is ${message.token}, should be ${instance.token}`);
      if (instance.ends.length > 0) wrong(`${place} (${instance.token}) was moved away and is there`);
      if (reached.some(({ gone }) => gone.includes(instance.uid))) wrong(`${place} (${instance.token}) was expunged and is there`);
      continue;
    }
    if (instance.ends.length > 0) ends.moved += 1;
    else if (!mailboxes.has(instance.validity)) ends["with their mailbox"] += 1;
    else if (reached.some(({ to }) => to > instance.from) && possible(instances, instance, "\\Deleted", deletes).has(true)) ends.expunged += 1;
    else wrong(`${place} (${instance.token}) is lost`);
  }
  const gone = [...uids.keys()].filter((validity) => !mailboxes.has(validity)).length;
  if (gone > deleted.size) wrong(`${gone} mailboxes with messages are gone, ${deleted.size} were deleted`);

  // 4. Flags.
  const flags = { decided: 0, open: 0 };
  for (const { actor } of reports) {
    const concerns = (change) => {
      if (change.actor !== actor) return undefined;
      if (change.operation === "replace") return change.flags.includes(actor);
      return change.flags.includes(actor) ? change.operation === "add" : undefined;
    };
    for (const [place, message] of living) {
      const instance = instances.get(place);
      if (!instance) continue;
      const values = possible(instances, instance, actor, concerns, { living: true });
      flags[values.size === 1 ? "decided" : "open"] += 1;
      if (!values.has(message.flags.includes(actor))) wrong(`${place} (${instance.token}): ${actor} should be ${[...values]}, flags are ${message.flags}`);
    }
  }
  for (const [place, message] of living) {
    const instance = instances.get(place);
    const values = instance && possible(instances, instance, "\\Deleted", deletes, { living: true });
    if (values && !values.has(message.flags.includes("\\Deleted"))) wrong(`${place} (${instance.token}): \\Deleted should be ${[...values]}`);
  }

  // 5. Mod-sequences.
  const observed = new Map();
  const tokens = new Map();
  const all = [...reports, {
    actor: "the end",
    observed: end.flatMap(({ uidValidity, messages }) =>
      messages.map(({ uid, modSeq, flags: has }) => [`${uidValidity}:${uid}:${modSeq}`, has.filter((flag) => flag !== "\\Recent").sort().join(" ")])),
    tokens: [],
  }];
  for (const { actor, observed: saw, tokens: read } of all) {
    for (const [at, text] of saw) {
      if ((observed.get(at) ?? text) !== text) wrong(`${at} has (${observed.get(at)}), and for ${actor} (${text})`);
      observed.set(at, text);
    }
    for (const [place, token] of read) {
      if ((tokens.get(place) ?? token) !== token) wrong(`${place} is ${tokens.get(place)}, and for ${actor} ${token}`);
      tokens.set(place, token);
      if (instances.get(place)?.token !== token) wrong(`${place} was seen as ${token}, and is ${instances.get(place)?.token}`);
    }
  }
  for (const { actor, blank } of reports) {
    for (const place of blank) if (living.has(place)) wrong(`${place} lives, and was shown to ${actor} without its subject`);
  }
  const touched = new Map();
  acks.forEach((ack, number) => {
    for (const uid of ack.op === "append" || ack.op === "copy" || ack.op === "move" || ack.op === "flag" ? ack.uids : []) {
      const place = key(ack.validity, uid);
      touched.set(place, [...(touched.get(place) ?? []), number]);
    }
  });
  const together = new Map();
  for (const at of observed.keys()) {
    const [validity, uid, modSeq] = at.split(":");
    together.set(key(validity, modSeq), [...(together.get(key(validity, modSeq)) ?? []), key(validity, uid)]);
  }
  for (const [at, places] of together) {
    if (places.length < 2) continue;
    const [first, ...others] = places.map((place) => touched.get(place) ?? []);
    if (!first.some((number) => others.every((list) => list.includes(number)))) wrong(`mod-sequence ${at} was given to ${places}, which nobody changed together`);
  }
  for (const { uidValidity, name, highestModSeq } of end) {
    const here = acks.filter((ack) => ack.validity === uidValidity && ["append", "copy", "move"].includes(ack.op)).length;
    const away = acks.filter((ack) => ack.op === "move" && ack.source === uidValidity && ack.validity !== uidValidity).length;
    const within = acks.filter((ack) => ack.op === "move" && ack.source === uidValidity && ack.validity === uidValidity).length;
    const perhaps = acks.filter((ack) => ack.validity === uidValidity && ["flag", "expunge"].includes(ack.op)).length;
    const before = begin.modSeqs.get(uidValidity) ?? begin.empty;
    const [least, most] = [before + here + away, before + here + away + within + perhaps];
    if (highestModSeq < least || highestModSeq > most) wrong(`${name}: mod-sequence ${highestModSeq} after ${least} to ${most} commits`);
  }

  // 6. \Recent.
  const claims = new Map();
  for (const { actor, views } of reports) {
    for (const { validity, readonly, recents } of views) {
      if (readonly) continue;
      for (const uid of recents) claims.set(key(validity, uid), [...(claims.get(key(validity, uid)) ?? []), actor]);
    }
  }
  for (const [place, who] of claims) if (who.length > 1) wrong(`${place} was \\Recent for ${who}`);
  const unclaimed = [...living].filter(([, message]) => message.flags.includes("\\Recent")).map(([place]) => place);
  for (const place of living.keys()) {
    const owners = (claims.get(place)?.length ?? 0) + (unclaimed.includes(place) ? 1 : 0) + (begin.seen.has(place) ? 1 : 0);
    if (owners !== 1) wrong(`${place} was \\Recent in ${owners} places`);
  }

  return {
    problems,
    figures: {
      acknowledged: acks.length, instances: instances.size, ends, names: events, mailboxes: uids.size, flags,
      observations: observed.size, recents: claims.size, unclaimed: unclaimed.length,
      told: reports.reduce((sum, { views }) => sum + views.reduce((part, { told }) => part + told, 0), 0),
      views: reports.reduce((sum, { views }) => sum + views.length, 0),
    },
  };
}
