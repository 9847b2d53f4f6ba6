// A program that is killed: changes a mailbox without an end, and says on standard output what was
// acknowledged, a line of JSON each.
//
//   node kill_child.mjs FILE DURABILITY TAG

import { writeSync } from "node:fs";

import { openSession } from "../../../pkg/index.js";
import { numbered } from "../browser/numbered.mjs";
import { owner } from "./kill.mjs";

const [path, durability, tag] = process.argv.slice(2);
const say = (line) => writeSync(1, `${JSON.stringify(line)}\n`);

const session = await openSession({ owner, path, durability, backend: "sqlite" });
const { selected } = await session.selectMailbox("INBOX");
try {
  await session.createMailbox("Copies");
} catch (error) {
  if (error.code !== "ALREADY_EXISTS") throw error;
}
say({ ready: true });
const own = [];
for (let n = 0; ; n += 1) {
  const count = 1 + (n % 3);
  const subjects = Array.from({ length: count }, (_, at) => `${tag}-${n}-${at}/${count}`);
  const { uids } = await session.appendMessages("INBOX", subjects.map((subject) => ({ raw: numbered(subject) })), { selected });
  own.push(...uids);
  say({ appended: Array.from(uids, (uid, at) => [uid, subjects[at]]) });
  if (n % 3 === 1) {
    await session.updateFlags(selected, [own.at(-1)], ["\\Flagged"]);
    say({ flagged: own.at(-1) });
  }
  if (n % 5 === 2) {
    const { copied } = await session.copyMessages(selected, [own.at(-1)], "Copies");
    say({ copied: [copied.destination[0], subjects.at(-1)] });
  }
  if (n % 7 === 3) {
    const uid = own.shift();
    say({ expunging: uid });
    await session.updateFlags(selected, [uid], ["\\Deleted"]);
    await session.expungeMailbox(selected, { uids: [uid] });
    say({ expunged: uid });
  }
}
