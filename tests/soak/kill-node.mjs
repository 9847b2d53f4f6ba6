// Kills programs that write a SQLite file, and looks for what they had acknowledged.
//
//   node tests/soak/kill-node.mjs [ROUNDS]     200 where absent, a minute for every thirty; Node 22.13 or newer

import { killRounds } from "../js/support/kill.mjs";
import { numbers, report } from "../js/support/soak.mjs";

const { rounds } = numbers("kill-node", { rounds: 200 });
const total = await killRounds(rounds, (line) => console.log(line));
report(
  "kill-node",
  `${total.rounds} rounds, ${total.files} files: all ${total.acknowledged} acknowledged changes are there; ${total.messages} messages`,
  total,
);
