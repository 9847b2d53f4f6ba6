// The whole JavaScript API on the store in a SQLite file: the tests that otherwise run in memory.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";

const folder = mkdtempSync(path.join(tmpdir(), "offline-mailbox-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));
process.env.OFFLINE_MAILBOX_TEST_BACKEND = "sqlite";
// Nothing here may reach the data of who runs this.
process.env.XDG_DATA_HOME = folder;
process.env.HOME = process.env.USERPROFILE = process.env.LOCALAPPDATA = folder;

for (const suite of ["session", "feeds", "fetch", "filters", "mirror", "pinned", "search", "sort"]) {
  await import(`./${suite}.test.mjs`);
}
