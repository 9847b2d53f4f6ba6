// Appends, searches, sorts, fetches, expunges and selects for twenty minutes in one page of Chromium, and looks
// whether wasm memory and JavaScript's stay flat (see tests/js/support/memory.mjs).
//
//   node tests/soak/memory.mjs [MINUTES]     20 where absent

import { mustBeFlat, work } from "../js/support/memory.mjs";
import { numbers, report } from "../js/support/soak.mjs";

const { minutes } = numbers("memory", { minutes: 20 });
const later = [];
try {
  const samples = await work(
    { after: (end) => later.unshift(end) },
    { every: 10, over: (_, milliseconds) => milliseconds > minutes * 60_000, tell: (line) => console.log(`  ${line}`) },
  );
  const last = samples.at(-1);
  report("memory", `${minutes} minutes, ${last.turns} turns of 60 messages in and out: ${mustBeFlat(samples)}`, { minutes, samples });
} finally {
  for (const end of later) await end();
}
