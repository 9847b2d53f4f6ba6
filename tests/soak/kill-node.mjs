// Kills programs that write a SQLite file, and looks for what they had acknowledged.
//
//   node tests/soak/kill-node.mjs [ROUNDS]     200 where absent; Node 22.13 or newer

import { killRounds } from "../js/support/kill.mjs";

const rounds = Number(process.argv[2] ?? 200);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("usage: node tests/soak/kill-node.mjs [ROUNDS]");
  process.exit(2);
}
const total = await killRounds(rounds, (line) => console.log(line));
console.log(`${total.rounds} rounds, ${total.files} files: all ${total.acknowledged} acknowledged changes are there; ${total.messages} messages`);
