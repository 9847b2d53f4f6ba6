// The longer examples of the guides do what their text says: the two-way sync, with a second mailbox
// as the server and random changes on both sides; the list that follows a mailbox.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { openSession } from "../../pkg/index.js";
import { ROOT, allBlocks, freshFolder, padded, write } from "./support/blocks.mjs";

execFileSync("bash", [path.join(ROOT, "scripts/docs.sh"), "tools"], { stdio: ["ignore", "ignore", "inherit"] });
const typescript = createRequire(path.join(ROOT, "docs/"))("typescript");
const folder = freshFolder("examples");
write(folder, "package.json", '{ "type": "module" }');

/** The module that a block with this name is. */
async function example(file) {
  const block = allBlocks().find((each) => each.file === file);
  assert.ok(block, `no block is called ${file}`);
  const name = file.replace(/\.ts$/, ".js");
  write(folder, name, typescript.transpileModule(padded(block), { compilerOptions: { target: "ES2022", module: "ESNext" } }).outputText);
  return import(pathToFileURL(path.join(folder, name)).href);
}

async function open(t, owner) {
  const session = await openSession({ owner, backend: "memory" });
  t.after(() => session.close());
  const { selected } = await session.selectMailbox("INBOX");
  return { session, selected };
}

const stored = (flags) => flags.filter((flag) => flag !== "\\Recent").sort();

/** A mailbox of this library as the server of the guide. */
function remoteOf({ session, selected }) {
  const all = async (options) => {
    await session.checkMailbox(selected);
    return (await session.fetchMessages(selected, "1:*", options)).messages;
  };
  return {
    uidValidity: async () => (await session.status("INBOX")).uidValidity,
    highestModSeq: async () => (await session.status("INBOX")).highestModSeq,
    changedSince: async (modSeq) => (await all(modSeq > 0 ? { changedSince: modSeq } : {})).map(({ uid, flags }) => ({ uid, flags: stored(flags) })),
    uids: async () => new Set((await all()).map(({ uid }) => uid)),
    source: async (uid) => (await session.fetchMessages(selected, [uid], { source: true })).messages[0].source,
    async setFlags(uid, add, remove) {
      if (add.length > 0) await session.updateFlags(selected, [uid], add, "add");
      if (remove.length > 0) await session.updateFlags(selected, [uid], remove, "delete");
    },
    async delete(uid) {
      await session.updateFlags(selected, [uid], ["\\Deleted"]);
      await session.expungeMailbox(selected, { uids: [uid] });
    },
  };
}

/** What a side has: flags by message. */
async function held({ session, selected }) {
  await session.checkMailbox(selected);
  const { messages } = await session.fetchMessages(selected, "1:*");
  return messages.map(({ emailId, flags }) => `${emailId} ${stored(flags).join(" ")}`).sort();
}

/** Numbers from 0 to below `below`, the same ones for one seed. */
function chance(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

test("the two-way sync: both sides come to have the same, and nobody's change is lost", { timeout: 120_000 }, async (t) => {
  const { sync, nothingKnown } = await example("sync.ts");
  for (const seed of [1, 2, 3]) {
    const next = chance(seed);
    const here = await open(t, `here-${seed}@example.org`);
    const server = await open(t, `server-${seed}@example.org`);
    const remote = remoteOf(server);
    const memory = nothingKnown(await remote.uidValidity());
    let saves = 0;
    const run = () => sync(here.session, "INBOX", here.selected, remote, memory, async () => void (saves += 1));

    let made = 0;
    const arrive = async (count) => {
      const raws = Array.from({ length: count }, () => ({ raw: `Subject: ${seed}-${(made += 1)}\r\n\r\nx\r\n`, flags: next(2) ? ["\\Seen"] : [] }));
      await server.session.appendMessages("INBOX", raws);
    };
    await arrive(120);
    await run();
    assert.equal((await held(here)).length, 120);
    assert.deepEqual(await held(here), await held(server));

    for (let round = 0; round < 6; round += 1) {
      // Each side changes messages of its own choice: additions to one flag, removals of another, deletions.
      const expected = new Map((await held(here)).map((line) => [line.split(" ")[0], new Set(line.split(" ").slice(1))]));
      for (const side of [here, server]) {
        await side.session.checkMailbox(side.selected);
        const { messages } = await side.session.fetchMessages(side.selected, "1:*");
        for (let change = 0; change < 12; change += 1) {
          const { uid, emailId } = messages[next(messages.length)];
          const flag = ["\\Flagged", "\\Answered", "$Work"][next(3)];
          const operation = round % 2 === 0 ? "add" : "delete";
          if (next(6) === 0) {
            await remoteOf(side).delete(uid);
            expected.delete(emailId);
          } else {
            await side.session.updateFlags(side.selected, [uid], [flag], operation);
            if (operation === "add") expected.get(emailId)?.add(flag);
            else expected.get(emailId)?.delete(flag);
          }
        }
      }
      await run();
      const wanted = [...expected].map(([emailId, flags]) => `${emailId} ${[...flags].filter(Boolean).sort().join(" ")}`).sort();
      assert.deepEqual(await held(here), wanted, `seed ${seed}, round ${round}, here`);
      assert.deepEqual(await held(server), wanted, `seed ${seed}, round ${round}, server`);
      await arrive(next(5));
      await run();
      assert.deepEqual(await held(here), await held(server));
    }

    // In step, a run changes nothing on either side.
    const before = [here.selected.modSeq, (await server.session.status("INBOX")).highestModSeq];
    await run();
    await run();
    assert.deepEqual([(await here.session.status("INBOX")).highestModSeq, (await server.session.status("INBOX")).highestModSeq], before);
    assert.equal(memory.pairs.size, (await held(here)).length);
    assert.ok(saves > 10);

    const other = { ...memory, uidValidity: memory.uidValidity + 1 };
    await assert.rejects(sync(here.session, "INBOX", here.selected, remote, other, async () => {}), /another one/);
  }
});

test("the list of the frameworks' page follows its mailbox, and closes its view", { timeout: 60_000 }, async (t) => {
  const { follow } = await example("inbox.ts");
  const session = await openSession({ owner: "follow@example.org", backend: "memory" });
  t.after(() => session.close());
  const ending = new AbortController();
  const drawn = [];
  let told;
  const next = (total) => new Promise((resolve) => (told = (seen) => seen === total && resolve()));
  const first = next(0);
  const following = follow(session, "INBOX", 50, (rows, total) => {
    drawn.push([rows.length, total]);
    told(total);
  }, ending.signal);
  await first;
  const second = next(1);
  await session.appendMessages("INBOX", [{ raw: "Subject: new\r\n\r\n" }]);
  await second;
  assert.deepEqual(drawn[0], [0, 0]);
  assert.deepEqual(drawn.at(-1), [1, 1]);
  const mailbox = await session.mailboxSet.getMailbox("INBOX");
  assert.equal((await mailbox.selectedSet()).length, 1);
  ending.abort();
  await following;
  assert.equal((await mailbox.selectedSet()).length, 0);
  // Aborted before it began, as React's strict mode does, it draws nothing and does not fail.
  await follow(session, "INBOX", 50, () => assert.fail("drawn"), AbortSignal.abort());
  await assert.rejects(follow(session, "Nowhere", 50, () => {}, new AbortController().signal), { code: "NOT_FOUND" });
});
