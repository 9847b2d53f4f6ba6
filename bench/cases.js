// The cases: what is done before the clock starts, what is timed, and what the answer must be. Run in the
// engine's worker; the harness reads only their names and kinds. Not here: how often, in which order, by whom.

import { TERMS, describe, message, planted } from "./mail.js";

/** The mailboxes of `status-200`. */
export const FOLDERS = Array.from({ length: 200 }, (_, k) => `Folder ${String(k).padStart(3, "0")}`);
/** How many messages each of them has. */
export const FOLDER_MESSAGES = 5;

const fail = (what) => {
  throw new Error(`wrong answer: ${what}`);
};
const equal = (is, should, what) => {
  if (is !== should) fail(`${what} is ${is}, not ${should}`);
};

/** Numbers that differ from run to run and are the same for every engine. */
function random(seed) {
  let state = (seed * 2654435761 + 97) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

/** So many different uids that satisfy `suits`, ascending. */
function drawn(context, count, suits = () => true) {
  const next = random(context.n * 31 + context.run * 1009 + count);
  const uids = new Set();
  for (let tries = 0; uids.size < count && tries < count * 200; tries++) {
    const uid = 1 + Math.floor(next() * context.n);
    if (suits(uid)) uids.add(uid);
  }
  return [...uids].sort((a, b) => a - b);
}

const isPlain = (uid) => !describe(uid - 1).flags.includes("\\Flagged");
const sameOctets = (is, should) => is.length === should.length && is.every((octet, n) => octet === should[n]);

function checkRow(row, uid, context) {
  const should = describe(uid - 1);
  equal(row?.uid, uid, "a row's uid");
  equal(row.subject, should.subject, `the subject of ${uid}`);
  equal(row.fromName, should.fromName, `the name of the sender of ${uid}`);
  equal(row.fromAddress, should.fromAddress, `the address of the sender of ${uid}`);
  equal(row.internalDate, should.internalDate, `the date of ${uid}`);
  if (!context.changed) equal([...row.flags].sort().join(), [...should.flags].sort().join(), `the flags of ${uid}`);
  if (!(row.size > 100)) fail(`the size of ${uid}`);
  if (!(row.preview.length > 5)) fail(`the preview of ${uid}`);
}

/** The newest 50, as long as nothing was expunged or delivered. */
function checkNewest(rows, context) {
  equal(rows.length, Math.min(50, context.n), "the number of rows");
  rows.forEach((row, place) => checkRow(row, context.n - place, context));
}

function checkCounts(counts, context) {
  equal(counts.exists, context.n, "exists");
  equal(counts.uidNext, context.n + 1, "uidNext");
  if (!context.changed) {
    let unseen = 0;
    for (let i = 0; i < context.n; i++) if (!describe(i).flags.includes("\\Seen")) unseen += 1;
    equal(counts.unseen, unseen, "unseen");
  }
}

/** What later rows say of these flags, at three places; the mailbox is whole. */
async function checkFlag(engine, uids, flag, on, context) {
  for (const uid of [uids[0], uids[uids.length >> 1], uids.at(-1)]) {
    const [row] = await engine.list("INBOX", context.n - uid, 1);
    equal(row?.uid, uid, "the row looked at");
    equal(row.flags.includes(flag), on, `${flag} of ${uid}`);
  }
}

/** Sorted by keys in ASCII as they must be; of others each engine has its own collation. */
function checkSorted(uids, by, context) {
  equal(uids.length, context.n, "the number of sorted messages");
  equal(new Set(uids).size, context.n, "the number of different messages");
  let before;
  for (const uid of uids) {
    const about = describe(uid - 1);
    const key =
      by === "subject" ? about.subject.replace(/^Re: /, "").toLowerCase() : about.fromAddress.split("@")[0].toLowerCase();
    // eslint-disable-next-line no-control-regex
    if (!/^[\x00-\x7f]*$/.test(key)) continue;
    if (before && (key < before.key || (key === before.key && uid < before.uid))) fail(`${uid} after ${before.uid}`);
    before = { key, uid };
  }
}

function checkThreads(threads, context) {
  const roots = new Set();
  for (let i = 0; i < context.n; i++) roots.add(describe(i).threadRoot);
  equal(threads.length, roots.size, "the number of threads");
  let messages = 0;
  for (const thread of threads) {
    messages += thread.length;
    const root = describe(thread[0] - 1).threadRoot;
    equal(describe(thread[thread.length - 1] - 1).threadRoot, root, "a thread's first message");
  }
  equal(messages, context.n, "the messages in threads");
}

function expectedUids(context, suits) {
  const uids = [];
  for (let i = 0; i < context.n; i++) if (suits(i)) uids.push(i + 1);
  return uids;
}

function checkUids(is, should, what) {
  equal(is.length, should.length, `the number of hits for ${what}`);
  should.forEach((uid, n) => equal(is[n], uid, `a hit for ${what}`));
}

const search = (term) => ({
  run: (engine) => engine.searchBody("INBOX", TERMS[term]),
  check(uids, context) {
    if (term === "none") return equal(uids.length, 0, "the number of hits for nothing");
    if (term === "rare") return checkUids(uids, expectedUids(context, planted.rare), term);
    const hits = new Set(uids);
    equal(hits.size, uids.length, "the number of different hits");
    if (term === "phrase") {
      for (const uid of expectedUids(context, planted.phrase)) if (!hits.has(uid)) fail(`${uid} not found`);
    } else if (uids.length < (context.kind === "rows" ? 1 : context.n / 20)) fail(`too few hits for ${term}: ${uids.length}`);
  },
  // Compared between the engines.
  answer: (uids) => `${uids.length}:${Array.from(uids).reduce((sum, uid) => (sum * 31 + uid) >>> 0, 7)}`,
});

const header = (field) => ({
  run: (engine) => engine.searchHeader("INBOX", field, TERMS[field]),
  check: (uids, context) =>
    checkUids(
      uids,
      expectedUids(context, (i) => {
        const { subject, fromName, fromAddress } = describe(i);
        return (field === "subject" ? subject : `${fromName} <${fromAddress}>`).toLowerCase().includes(TERMS[field]);
      }),
      field,
    ),
});

const reading = (uidsOf) => ({
  prepare: (_, context) => uidsOf(context),
  run: (engine, _, uids) => engine.read("INBOX", uids),
  check(octets, context, uids) {
    equal(octets.length, uids.length, "the number of messages read");
    uids.forEach((uid, n) => {
      if (!sameOctets(octets[n], message(uid - 1, context.kind).raw)) fail(`the octets of ${uid}`);
    });
  },
});

const flagging = (count, durability = "relaxed") => ({
  changes: true,
  warmUp: true,
  prepare: (_, context) => drawn(context, Math.min(count, context.n >> 1), isPlain),
  run: (engine, _, uids) => engine.setFlag("INBOX", uids, "\\Flagged", true, durability),
  async check(changed, context, uids, engine) {
    equal(changed, uids.length, "the number of changed messages");
    await checkFlag(engine, uids, "\\Flagged", true, context);
  },
  after: (engine, _, uids) => engine.setFlag("INBOX", uids, "\\Flagged", false, "relaxed"),
});

/** So many are copied and moved; at most a tenth of the mailbox. */
const some = (context) => Math.min(10_000, Math.ceil(context.n / 10));
const copies = (context) => Array.from({ length: some(context) }, (_, k) => 1 + k * 7).map((uid) => 1 + ((uid - 1) % context.n)).sort((a, b) => a - b);

/**
 * By name. `scope`: `import` (the harness gives it an empty database), `import-raw` (the database of that case), `cold` (a browser just started), `first` (a
 * worker and database just opened), `warm` (in a worker that stays), `two` (a second worker changes something).
 * `folders`: needs the 200 mailboxes. `changes`: leaves flags as they were not, or the mailbox with others.
 */
export const CASES = {
  import: {
    scope: "import",
    run: (engine, _, mail) => engine.importMessages("INBOX", mail),
    async check(_, context, mail, engine) {
      const counts = await engine.select("INBOX");
      equal(counts.exists, context.n, "exists");
    },
  },
  "import-raw": {
    scope: "import",
    raw: true,
    run: (engine, _, mail) => engine.importRaw("INBOX", mail),
    check() {},
  },
  "deliver-raw": {
    scope: "import-raw",
    needs: "import-raw",
    prepare: (_, context) => deliverable(context),
    run: (engine, _, { mail }) => engine.deliverRaw("INBOX", mail),
    check(uid, context) {
      if (!(uid > context.n)) fail(`the uid ${uid}`);
    },
  },
  "cold-open": {
    scope: "cold",
    check([counts, rows], context) {
      checkCounts(counts, context);
      checkNewest(rows, context);
    },
  },
  "warm-open": {
    scope: "warm",
    run: async (engine) => [await engine.select("INBOX"), await engine.list("INBOX", 0, 50)],
    check([counts, rows], context) {
      checkCounts(counts, context);
      checkNewest(rows, context);
    },
  },
  "list-first": {
    scope: "warm",
    run: (engine) => engine.list("INBOX", 0, 50),
    check: checkNewest,
  },
  "list-middle": {
    scope: "warm",
    prepare: (_, context) => Math.floor(context.n * (0.3 + 0.37 * random(context.run + 5)())),
    run: (engine, _, offset) => engine.list("INBOX", offset, 50),
    check(rows, context, offset) {
      equal(rows.length, Math.min(50, context.n - offset), "the number of rows");
      rows.forEach((row, place) => checkRow(row, context.n - offset - place, context));
    },
  },
  check: {
    scope: "warm",
    run: (engine) => engine.check("INBOX"),
    check: checkCounts,
  },
  "status-200": {
    scope: "warm",
    folders: true,
    run: (engine) => engine.status(FOLDERS),
    check(all) {
      equal(all.length, FOLDERS.length, "the number of mailboxes");
      all.forEach(({ exists }) => equal(exists, FOLDER_MESSAGES, "exists of a folder"));
    },
  },
  "read-one": { scope: "warm", ...reading((context) => drawn(context, 1)) },
  "read-50-adjacent": {
    scope: "warm",
    ...reading((context) => {
      const from = 1 + Math.floor(random(context.run * 7 + 3)() * Math.max(0, context.n - 50));
      return Array.from({ length: Math.min(50, context.n) }, (_, k) => from + k);
    }),
  },
  "read-50-random": { scope: "warm", ...reading((context) => drawn(context, Math.min(50, context.n))) },
};

for (const [name, kind] of Object.entries({
  "sort-subject": { run: (engine) => engine.sort("INBOX", "subject"), check: (uids, context) => checkSorted(uids, "subject", context) },
  "sort-from": { run: (engine) => engine.sort("INBOX", "from"), check: (uids, context) => checkSorted(uids, "from", context) },
  thread: { run: (engine) => engine.thread("INBOX"), check: checkThreads },
  "search-subject": header("subject"),
  "search-from": header("from"),
  "search-rare": search("rare"),
  "search-common": search("common"),
  "search-phrase": search("phrase"),
  "search-none": search("none"),
})) {
  CASES[`${name}-first`] = { scope: "first", ...kind };
  CASES[name] = { scope: "warm", repeated: true, ...kind };
}

Object.assign(CASES, {
  refresh: {
    scope: "two",
    changes: true,
    other: (engine, context) => engine.setFlag("INBOX", [context.n - context.run], "$Other", true, "relaxed"),
    run: (engine) => engine.refresh("INBOX"),
    check({ rows, counts }, context) {
      equal(counts.exists, context.n, "exists");
      checkNewest(rows, { ...context, changed: true });
      equal(rows[context.run].flags.includes("$Other"), true, "the flag that another tab set");
    },
    otherAfter: (engine, context) => engine.setFlag("INBOX", [context.n - context.run], "$Other", false, "relaxed"),
    after: (engine) => engine.refresh("INBOX"),
  },
  "flag-one": { scope: "warm", ...flagging(1) },
  "flag-one-strict": { scope: "warm", ...flagging(1, "strict") },
  "flag-1000": { scope: "warm", ...flagging(1_000) },
  "flag-10000": { scope: "warm", ...flagging(10_000) },
  "mark-all": {
    scope: "warm",
    changes: true,
    prepare: (engine) => engine.markAll("INBOX", false),
    run: (engine) => engine.markAll("INBOX", true),
    async check(changed, context, _, engine) {
      const { unseen } = await engine.select("INBOX");
      equal(unseen, 0, "unseen");
      equal(changed, context.n, "the number of changed messages");
    },
  },
  copy: {
    scope: "warm",
    changes: true,
    prepare: (engine, context) => engine.createMailboxes([`Copied ${context.run}`]),
    run: (engine, context) => engine.copy("INBOX", copies(context), `Copied ${context.run}`),
    async check(copied, context, _, engine) {
      equal(copied, some(context), "the number of copies");
      const name = `Copied ${context.run}`;
      equal((await engine.select(name)).exists, some(context), "exists of the copies");
      const [octets] = await engine.read(name, [3]);
      if (!sameOctets(octets, message(copies(context)[2] - 1, context.kind).raw)) fail("the octets of a copy");
    },
  },
  move: {
    scope: "warm",
    changes: true,
    async prepare(engine, context) {
      const [from, to] = [`From ${context.run}`, `To ${context.run}`];
      await engine.createMailboxes([from, to]);
      await engine.copy("INBOX", copies(context), from);
      await engine.select(from);
      return { from, to, uids: Array.from({ length: some(context) }, (_, k) => k + 1) };
    },
    run: (engine, _, { from, to, uids }) => engine.move(from, uids, to),
    async check(moved, context, { from, to, uids }, engine) {
      equal(moved, uids.length, "the number of moved messages");
      equal((await engine.select(from)).exists, 0, "exists of the source");
      equal((await engine.select(to)).exists, uids.length, "exists of the destination");
      const [octets] = await engine.read(to, [2]);
      if (!sameOctets(octets, message(copies(context)[1] - 1, context.kind).raw)) fail("the octets of a moved message");
    },
  },
  deliver: {
    scope: "warm",
    changes: true,
    // As what it is compared with, `deliver-raw`, which has one too.
    warmUp: true,
    prepare: (_, context) => deliverable(context),
    run: (engine, _, { mail }) => engine.deliver("INBOX", mail),
    async check(uid, context, { i }, engine) {
      const [row] = await engine.list("INBOX", 0, 1);
      equal(row?.uid, uid, "the newest message's uid");
      equal(row.subject, describe(i).subject, "its subject");
    },
  },
  expunge: {
    scope: "warm",
    changes: true,
    // Each run another tenth of the messages that were imported.
    async prepare(engine, context) {
      const uids = [];
      for (let uid = 1 + context.run; uid <= context.n; uid += 10) uids.push(uid);
      return { uids, before: await engine.select("INBOX") };
    },
    run: (engine, _, { uids }) => engine.expunge("INBOX", uids),
    async check(expunged, context, { uids, before }, engine) {
      equal(expunged, uids.length, "the number of expunged messages");
      equal((await engine.select("INBOX")).exists, before.exists - uids.length, "exists");
      const hits = new Set(await engine.searchHeader("INBOX", "from", "a"));
      if (uids.some((uid) => hits.has(uid))) fail("an expunged message is found");
    },
    maxRuns: 8,
  },
  housekeeping: {
    scope: "warm",
    changes: true,
    maxRuns: 1,
    needs: "expunge",
    run: (engine) => engine.housekeeping(),
    async check(_, context, __, engine) {
      const uid = 1 + 9; // Never expunged: runs end before it.
      const [octets] = await engine.read("INBOX", [uid]);
      if (!sameOctets(octets, message(uid - 1, context.kind).raw)) fail("octets after housekeeping");
    },
  },
});

/** A message of about median size (where there are such), another one for each run. */
function deliverable({ kind, run }) {
  for (let i = 5_000_000 + run * 1000; ; i++) {
    const mail = message(i, kind === "rows" ? kind : "full");
    if (kind === "rows" || (mail.raw.length > 5_000 && mail.raw.length < 9_000)) return { i, mail };
  }
}
