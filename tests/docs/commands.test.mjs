// The commands that the guides show do run, in their order, on a store in a file (Node 22.13 and newer).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import { ROOT } from "./support/blocks.mjs";

const [major, minor] = process.versions.node.split(".").map(Number);
const node = major > 22 || (major === 22 && minor >= 13) ? process.execPath : process.env.NODE24;

test("npx offline-mailbox, as the guide has it", { timeout: 60_000, skip: !node && "no newer Node here (NODE24)" }, (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "offline-mailbox-commands-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, "mail.mbox"), "From grace@example.org Mon Mar  2 12:00:00 2026\nFrom: Grace <grace@example.org>\nSubject: Tea?\n\nAt five.\n");
  const guide = readFileSync(path.join(ROOT, "docs/import-export.md"), "utf8");
  const lines = [...guide.matchAll(/^npx offline-mailbox (.*)$/gm)].map(([, line]) => line);
  assert.ok(lines.length >= 4);
  const answers = lines.map((line) =>
    execFileSync(node, [path.join(ROOT, "pkg/cli/main.js"), ...line.split(" ")], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, XDG_DATA_HOME: folder },
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  assert.match(answers[1], /INBOX/);
  assert.match(answers[2], /Tea\?/);
  assert.ok(existsSync(path.join(folder, "inbox.zip")));
});
