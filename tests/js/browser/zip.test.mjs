// In Chromium, under the strict policy: a mailbox as a zip archive and as an mbox, an import that resumes after a reload.

import assert from "node:assert/strict";
import { test } from "node:test";

import JSZip from "jszip";

import { chromium, serve } from "../support/browser.mjs";
import { mail } from "../support/mail.mjs";

test("a download as zip and as mbox; an import goes on after a reload", { timeout: 180_000 }, async (t) => {
  const browser = await chromium(t, await serve(t));
  const page = await browser.tab();
  const raws = Array.from({ length: 40 }, (_, at) => mail(`number ${at}`, "x".repeat(at * 3000)));
  const begun = await page.evaluate(async (raws) => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const stop = new AbortController();
    const options = { importId: "file", chunkBytes: 65_536, signal: stop.signal, onProgress: ({ messages }) => messages > 10 && stop.abort("reload") };
    return session.importMessages("INBOX", raws, options).then(
      () => "all",
      async (reason) => [reason, (await session.status("INBOX")).exists],
    );
  }, raws);
  assert.equal(begun[0], "reload");
  assert.ok(begun[1] > 10 && begun[1] < 40, `${begun}`);
  await browser.reload(page);
  const out = await page.evaluate(async (raws) => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const files = raws.map((raw) => new File([raw], "x.eml"));
    const { readEml } = await import("/pkg/eml.js");
    const { zipMessages } = await import("/pkg/zip.js");
    const { writeMbox } = await import("/pkg/mbox.js");
    const done = await session.importMessages("INBOX", readEml(files, { date: "none" }), { importId: "file" });
    const bytes = new Uint8Array(await new Response(zipMessages(session, "INBOX")).arrayBuffer());
    const written = new Response(writeMbox(session, "INBOX")).body;
    const read = [];
    for await (const { raw } of readMbox(written)) read.push(new TextDecoder().decode(raw));
    return { messages: done.messages, resumed: done.resumed, zip: Array.from(bytes), read };
  }, raws);
  assert.deepEqual([out.resumed, out.messages], [begun[1], 40 - begun[1]]);
  assert.deepEqual(out.read, raws);
  const zip = await JSZip.loadAsync(Uint8Array.from(out.zip), { checkCRC32: true });
  assert.ok(out.zip.length < 200_000);
  for (const [at, raw] of raws.entries()) assert.equal(await zip.file(`number ${at}.eml`).async("string"), raw);
});
