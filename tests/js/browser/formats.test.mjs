// Databases of every format in IndexedDB: they open, can be written to, and what a later version wrote is left alone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve, webdriver } from "../support/browser.mjs";
import { fixture } from "../support/format.mjs";

const PRELUDE = `
  const { fill, fingerprint, spoil, summaryOf } = await load("/tests/js/browser/formats.mjs");
  const open = (database) => mailbox.openSession({ owner: "ada@example.org", database });
  const code = (promise) => promise.then(() => "none", (error) => error.code);
  const prints = async (name) => JSON.stringify(await fingerprint(name));
`;

const OPEN = (format) => `${PRELUDE}
  await fill("format-${format}", "/database-${format}.json");
  const session = await open("format-${format}");
  const found = [await summaryOf(session, "/expected-${format}.json"), (await session.verify()).problems];
  await session.appendMessages("INBOX", [{ raw: mail("new"), flags: ["Drei"] }]);
  await session.cleanup({ thorough: true });
  await session.close();
  const again = await open("format-${format}");
  const { exists } = await again.status("INBOX");
  found.push(exists, (await again.verify()).problems);
  await again.close();
  return JSON.stringify(found);
`;

const LATER = `${PRELUDE}
  const found = {};
  await fill("tables", "/database-2.json", 2);
  let before = await prints("tables");
  found.tables = [await code(open("tables")), (await prints("tables")) === before];
  await fill("format", "/database-2.json");
  await spoil("format", "meta", "666f726d6174", "later");
  before = await prints("format");
  found.format = [await code(open("format")), (await prints("format")) === before];
  await fill("record", "/database-2.json");
  await spoil("record", "core", "00000001", "later");
  const session = await open("record");
  before = await prints("record");
  found.record = [
    await code(session.selectMailbox("INBOX")),
    await code(session.appendMessages("INBOX", [{ raw: mail("new") }])),
    (await prints("record")) === before,
    await code(session.selectMailbox("Sent")),
    (await session.verify()).problems.map(({ mailbox, record }) => [mailbox, record]),
  ];
  await session.close();
  return JSON.stringify(found);
`;

const DAMAGED = `${PRELUDE}
  await fill("damaged", "/database-2.json");
  await spoil("damaged", "rows", "0000000100000000", "flip");
  const session = await open("damaged");
  const { selected } = await session.selectMailbox("INBOX");
  const { rows, total } = await session.listMessages(selected, { sort: "subject", limit: 200 });
  const { messages } = await session.fetchMessages(selected, "1:*", { envelope: true, source: true });
  const { uids } = await session.searchMailbox(selected, { subject: "gr\u00fc" });
  const found = {
    total,
    rows: rows.length,
    damaged: rows.filter((row) => row.damaged === true).length,
    uids: messages.filter((each) => each.damaged === true).map((each) => each.uid),
    sources: messages.filter((each) => each.source === undefined).length,
    found: uids.length > 0,
    records: (await session.verify()).problems.map(({ mailbox, record }) => [mailbox, record]),
  };
  await session.close();
  return JSON.stringify(found);
`;

async function runner(t, name) {
  const extra = {};
  for (const format of [1, 2]) {
    const { database, expected } = fixture(format);
    extra[`/database-${format}.json`] = { type: "application/json", body: database };
    extra[`/expected-${format}.json`] = { type: "application/json", body: expected };
  }
  const origin = await serve(t, extra);
  if (name === "chromium") {
    const page = await (await chromium(t, origin)).tab();
    return (body) => page.evaluate(`(async () => { ${body} })()`);
  }
  const browser = await webdriver(t, origin, name);
  const tab = await browser.tab();
  return (body) => browser.run(tab, body);
}

for (const name of ["chromium", "firefox", "webkit"]) {
  test(`${name}: databases of every format open; later ones are left alone; damage keeps nobody from the rest`, { timeout: 240_000 }, async (t) => {
    const run = await runner(t, name);
    for (const format of [1, 2]) {
      const { databaseId: _, ...expected } = JSON.parse(fixture(format).expected);
      const [found, problems, exists, problemsAfter] = JSON.parse(await run(OPEN(format)));
      assert.deepEqual(found, expected);
      assert.deepEqual([problems, problemsAfter], [[], []]);
      assert.equal(exists, expected.mailboxes[0].exists + 1);
    }
    assert.deepEqual(JSON.parse(await run(LATER)), {
      tables: ["SCHEMA_TOO_NEW", true],
      format: ["SCHEMA_TOO_NEW", true],
      record: ["SCHEMA_TOO_NEW", "SCHEMA_TOO_NEW", true, "none", [["INBOX", "core 00000001"]]],
    });
    const { total, rows, damaged, uids, ...rest } = JSON.parse(await run(DAMAGED));
    assert.ok(rows === total && damaged > 40 && damaged < total, `${rows} of ${total}, ${damaged}`);
    assert.deepEqual([uids.length, uids.every((uid) => uid >= 101 && uid < 165)], [damaged, true]);
    assert.deepEqual(rest, { sources: 0, found: true, records: [["INBOX", "rows 0000000100000000"]] });
  });
}
