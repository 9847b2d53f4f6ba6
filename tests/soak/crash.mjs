// Crashes tabs and kills browsers that change mail, and looks for what they had acknowledged: in
// Chromium on both its stores of IndexedDB, in Firefox (see tests/js/support/crash_browsers.mjs).
//
//   node tests/soak/crash.mjs [LEVELDB] [SQLITE] [FIREFOX]     rounds: 200, 50 and 20 where absent

import { crashRounds, line } from "../js/support/crash.mjs";
import { chromiumStore, openChromium, openFirefox } from "../js/support/crash_browsers.mjs";
import { numbers, report } from "../js/support/soak.mjs";

const rounds = numbers("crash", { leveldb: 200, sqlite: 50, firefox: 20 });
const chromium = (wanted, flags) => ({ open: (origin, profile) => openChromium(origin, profile, flags), kinds: ["crash", "kill"], store: chromiumStore, wanted });
const parts = {
  leveldb: chromium("leveldb", ["--disable-features=IdbSqliteBackingStore"]),
  sqlite: chromium("sqlite", ["--enable-features=IdbSqliteBackingStore"]),
  firefox: { open: openFirefox, kinds: ["kill"] },
};
const figures = {};
for (const [name, part] of Object.entries(parts)) {
  console.log(name);
  figures[name] = await crashRounds({ ...part, rounds: rounds[name], tell: (text) => console.log(`  ${text}`) });
  console.log(`${name}: ${line(figures[name])}`);
}
const sum = (member) => Object.values(figures).reduce((all, each) => all + each[member], 0);
report(
  "crash",
  `${sum("rounds")} rounds, ${sum("crashed")} tabs crashed, ${sum("killed")} browsers killed: all ${sum("acknowledged")} acknowledged changes are there, ` +
    `of ${sum("underWay")} under way ${sum("present")} whole, ${sum("absent")} absent, ${sum("partOfImport")} imports in part; verify() clean each time`,
  figures,
);
