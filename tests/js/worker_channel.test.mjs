// The tests of the API once more, with the engine on the other side of a port of this thread: it has the
// backends that tests register.

import assert from "node:assert/strict";
import { after } from "node:test";

process.env.OFFLINE_MAILBOX_TEST_WORKER = "channel";
const opened = await import("./support/open.mjs");
for (const suite of ["session", "arguments", "hostile", "cancelled", "feeds", "search", "sort", "filters", "fetch"]) await import(`./${suite}.test.mjs`);

after(() => assert.equal(opened.host?.size, 0, "closed sessions leave nothing behind"));
