// Rounds of `kill -9`: programs that change one file are killed at random moments; whatever they
// acknowledged must be there afterwards, whole, and nothing else but what was under way.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { openSession } from "../../../pkg/index.js";
import { numbered } from "../browser/numbered.mjs";
import { within } from "./mail.mjs";

export const owner = "ada@example.org";
const CHILD = fileURLToPath(new URL("./kill_child.mjs", import.meta.url));
/** After so many rounds a new file is begun, so that its making is killed, too. */
const ROUNDS_PER_FILE = 10;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A child and the lines it has said. */
function start(file, durability, tag) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD, file, durability, tag], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { lines: [], errors: "" };
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop();
    said.lines.push(...parts.map((part) => JSON.parse(part)));
  });
  child.stderr.setEncoding("utf8").on("data", (text) => (said.errors += text));
  const closed = once(child, "close");
  const kill = async () => {
    const wasRunning = child.exitCode === null;
    child.kill("SIGKILL");
    await closed;
    assert.ok(wasRunning, `${tag} ended by itself: ${said.errors}`);
  };
  const says = async (test) => {
    const end = performance.now() + 30_000;
    while (!said.lines.some(test)) {
      assert.ok(child.exitCode === null && performance.now() < end, `${tag} says no more: ${said.errors}`);
      await sleep(5);
    }
  };
  return { said, kill, says };
}

/** What must be there, from what was said. */
export class Account {
  appended = new Map();
  copied = new Map();
  flagged = new Set();
  /** Gone, or perhaps. */
  expunged = new Set();
  expunging = new Set();
  acknowledged = 0;

  add(lines) {
    for (const line of lines) {
      for (const [uid, subject] of line.appended ?? []) {
        assert.ok(!this.appended.has(uid), `uid ${uid} was given twice`);
        this.appended.set(uid, subject);
      }
      if (line.flagged) this.flagged.add(line.flagged);
      if (line.copied) this.copied.set(...line.copied);
      if (line.expunging) this.expunging.add(line.expunging);
      if (line.expunged) this.expunged.add(line.expunged);
      if (!line.ready && !line.expunging) this.acknowledged += 1;
    }
  }

  async check(file, since) {
    const session = await openSession({ owner, path: file, backend: "sqlite" });
    try {
      assert.deepEqual((await session.verify()).problems, []);
      const { selected } = await session.selectMailbox("INBOX", { readonly: true });
      const found = new Map();
      for await (const { messages } of session.fetchPages(selected, "1:*", { envelope: true })) {
        for (const message of messages) found.set(message.uid, message);
      }
      for (const [uid, subject] of this.appended) {
        if (this.expunged.has(uid)) assert.ok(!found.has(uid), `uid ${uid} was expunged and is there`);
        else if (!this.expunging.has(uid)) assert.equal(found.get(uid)?.envelope.subject, subject, `uid ${uid}`);
      }
      for (const uid of this.flagged) {
        if (!this.expunging.has(uid)) assert.ok(found.get(uid).flags.includes("\\Flagged"), `uid ${uid} has lost its flag`);
      }
      const fresh = [...found.keys()].filter((uid) => uid > since);
      if (fresh.length > 0) {
        const { messages } = await session.fetchMessages(selected, fresh, { source: true, envelope: true });
        for (const { uid, source, envelope } of messages) {
          assert.ok(Buffer.from(source).equals(Buffer.from(numbered(envelope.subject))), `uid ${uid} is not whole`);
        }
      }
      // What nobody acknowledged was under way: a whole batch of each killed program, or nothing.
      const batches = new Map();
      for (const [uid, { envelope }] of found) {
        if (this.appended.has(uid)) continue;
        const [, batch, count] = /^(.*)-\d+\/(\d+)$/.exec(envelope.subject);
        if (!batches.has(batch)) batches.set(batch, { left: Number(count) });
        batches.get(batch).left -= 1;
        this.appended.set(uid, envelope.subject);
      }
      for (const [batch, { left }] of batches) assert.equal(left, 0, `${batch} is there in part`);
      const programs = [...batches.keys()].map((batch) => batch.replace(/-\d+$/, ""));
      assert.equal(new Set(programs).size, programs.length, `more than was under way is there: ${[...batches.keys()]}`);
      const copies = await session.listMailboxes({ pattern: "Copies" });
      if (copies.mailboxes.length === 0) assert.equal(this.copied.size, 0);
      else {
        const other = await session.selectMailbox("Copies", { readonly: true });
        const { messages } = await session.fetchMessages(other.selected, "1:*", { envelope: true });
        const subjects = new Map(messages.map((message) => [message.uid, message.envelope.subject]));
        for (const [uid, subject] of this.copied) assert.equal(subjects.get(uid), subject, `copy ${uid}`);
      }
      return Math.max(since, ...found.keys());
    } finally {
      await session.close();
    }
  }
}

/** Runs `rounds` rounds and tells how much was acknowledged. */
export async function killRounds(rounds, tell = () => {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "offline-mailbox-kill-"));
  const total = { rounds: 0, acknowledged: 0, messages: 0, files: 0 };
  let account;
  let since;
  let file;
  try {
    for (let round = 0; round < rounds; round += 1) {
      if (round % ROUNDS_PER_FILE === 0) {
        [account, since, file] = [new Account(), 0, path.join(folder, `${round}.sqlite`)];
        total.files += 1;
      }
      const before = account.acknowledged;
      // A program that is killed loses nothing that the system has: relaxed commits hold as well.
      const durability = round % 4 === 3 ? "relaxed" : "strict";
      const first = start(file, durability, `r${round}a`);
      const second = round % 2 === 1 ? start(file, durability, `r${round}b`) : undefined;
      try {
        if (round % 5 === 0) await sleep(Math.random() * 500);
        else {
          await first.says((line) => line.ready);
          await sleep(Math.random() * 1000);
        }
        await first.kill();
        if (second) {
          // The one that lives on is not held up.
          await second.says((line) => line.ready);
          const heard = second.said.lines.length;
          await second.says((line) => second.said.lines.indexOf(line) >= heard && line.appended);
        }
      } finally {
        await second?.kill();
      }
      account.add(first.said.lines);
      account.add(second?.said.lines ?? []);
      since = await within(60_000, "checking", account.check(file, since));
      total.rounds += 1;
      total.acknowledged += account.acknowledged - before;
      tell(`round ${round + 1}: ${account.acknowledged - before} acknowledged, ${account.appended.size} messages in the file`);
      if (round % ROUNDS_PER_FILE === ROUNDS_PER_FILE - 1 || round === rounds - 1) total.messages += account.appended.size;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}
