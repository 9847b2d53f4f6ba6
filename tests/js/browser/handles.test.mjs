// Database handles that die: every known failure of the platform, injected into reads and commits, in three
// browsers. What passes is not noticed, what stays is told, and nothing is done twice.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve, webdriver } from "../support/browser.mjs";

const BODY = `
  const { NAMES, WRITING, fail, mend } = await import("/tests/js/browser/faults.mjs");
  const WORDS = [
    ["UnknownError", "Connection to Indexed Database server lost. Refresh the page to try again"],
    ["UnknownError", "Internal error opening backing store for indexedDB.open."],
    ["InvalidStateError", "The database connection is closing."],
  ];
  const session = await mailbox.openSession({ owner: "ada@example.org" });
  const appended = [];
  const append = async (subject) => {
    const { uids } = await session.appendMessages("INBOX", [{ raw: mail(subject) }]);
    appended.push(subject);
    return uids.length;
  };
  const read = async () => (await session.fetchMessages(selected, "1", { source: true })).messages[0].source.length > 0;
  await append("first");
  const { selected } = await session.selectMailbox("INBOX");
  const problems = [];
  const told = {};
  let at = 0;
  for (const what of NAMES) {
    const opening = what.startsWith("open");
    // A failing open is met by who has no connection.
    const dropped = () => opening && fail("the connection is closed", 1);
    const writes = WRITING.includes(what);
    // Three at most are tried again; the lost connection that makes it open is one of them.
    for (const times of [1, opening ? 2 : 3]) {
      const words = WORDS[at++ % WORDS.length];
      for (const [name, work] of [["read", read], ["append", () => append(what + times)]]) {
        if (writes && name === "read") continue;
        dropped();
        const failed = fail(what, times, ...words);
        await work().catch((error) => problems.push([what, times, name, error.code, String(error.cause)]));
        mend();
        if (failed() < 1) problems.push([what, times, name, "was not met"]);
      }
    }
    // It stays.
    for (const [name, work] of [["read", read], ["append", () => append(what)]]) {
      if (writes && name === "read") continue;
      dropped();
      const failed = fail(what, Infinity, ...WORDS[at++ % WORDS.length]);
      const code = await work().then(() => "done", (error) => error.code);
      mend();
      told[what] = (told[what] ?? []).concat(code, failed() >= (opening ? 3 : 4));
      if (!(await read())) problems.push([what, "afterwards"]);
    }
  }
  // What is no failure of the connection is told at once, and not tried again.
  fail("transaction throws", Infinity, "SecurityError", "no");
  const refused = await session.updateFlags(selected, [1], ["\\\\Flagged"]).catch((error) => error.code);
  mend();
  fail("a request fails", 1);
  const half = await session.appendMessages("INBOX", [{ raw: mail("half", "x".repeat(300_000)) }]).catch((error) => error.code);
  mend();
  const subjects = [];
  for await (const { messages } of session.fetchPages(selected, "1:*", { envelope: true })) subjects.push(...messages.map((each) => each.envelope.subject));
  const report = await session.verify();
  await session.close();
  return { problems, told, refused, half, subjects: subjects.sort(), appended: appended.sort(), verified: report.problems };
`;

function check({ problems, told, refused, half, subjects, appended, verified }) {
  assert.deepEqual(problems, []);
  const twice = ["UNAVAILABLE", true, "UNAVAILABLE", true];
  assert.deepEqual(told, {
    "open throws": twice,
    "open fails": twice,
    "transaction throws": twice,
    "the connection is closed": twice,
    "the connection says that it was closed": twice,
    "get throws": twice,
    "get fails": twice,
    "put throws": twice.slice(2),
    "a commit is undone": twice.slice(2),
    // It landed at the first time, and is found.
    "a commit's answer is lost": ["done", false],
  });
  assert.deepEqual([refused, half], ["UNAVAILABLE", "INTERNAL"]);
  assert.deepEqual(subjects, appended);
  assert.deepEqual(verified, []);
}

test("handles that die, in Chromium", { timeout: 240_000 }, async (t) => {
  const page = await (await chromium(t, await serve(t))).tab();
  check(await page.evaluate(`(async () => { ${BODY} })()`));
});

for (const name of ["firefox", "webkit"]) {
  test(`handles that die, in ${name}`, { timeout: 240_000 }, async (t) => {
    const browser = await webdriver(t, await serve(t), name);
    check(await browser.run(await browser.tab(), BODY));
  });
}
