// That memory stays flat while mail comes, is searched and goes, in short; the long form is tests/soak/memory.mjs.

import { test } from "node:test";

import { mustBeFlat, work } from "../support/memory.mjs";

test("memory is flat over append, search, sort, fetch, expunge and select", { timeout: 240_000 }, async (t) => {
  const samples = await work(t, { every: 2, over: (turns) => turns >= 24 });
  t.diagnostic(mustBeFlat(samples));
});
