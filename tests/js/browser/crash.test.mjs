// Crashed tabs and killed browsers, in short; the long form is tests/soak/crash.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { crashRounds, line } from "../support/crash.mjs";
import { chromiumStore, openChromium, openFirefox } from "../support/crash_browsers.mjs";

const sqlite = ["--enable-features=IdbSqliteBackingStore"];
const runs = {
  "Chromium: 6 tabs crashed, 4 browsers killed": { rounds: 10, open: openChromium, kinds: ["crash", "kill", "crash", "kill", "crash"], store: chromiumStore, wanted: "leveldb" },
  "Chromium's store in SQLite: one of each": { rounds: 2, open: (origin, profile) => openChromium(origin, profile, sqlite), kinds: ["kill", "crash"], store: chromiumStore, wanted: "sqlite" },
  "Firefox: 2 browsers killed": { rounds: 2, open: openFirefox, kinds: ["kill"] },
};

for (const [name, options] of Object.entries(runs)) {
  test(`s61 s135 ${name}: what was acknowledged is there, what was under way whole or not at all`, { timeout: 240_000 }, async (t) => {
    const total = await crashRounds(options);
    t.diagnostic(line(total));
    assert.equal(total.rounds, options.rounds);
    assert.ok(total.acknowledged > 0, "nothing was acknowledged");
  });
}
