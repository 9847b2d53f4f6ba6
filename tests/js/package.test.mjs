// What `npm pack` would publish: everything the modules import, and nothing that was left out or is not needed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = fileURLToPath(new URL("../../pkg/", import.meta.url));

test("the package holds what its modules and exports name", { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--offline"], {
    cwd: folder,
    timeout: 50_000,
  });
  const files = JSON.parse(stdout)[0].files.map((file) => file.path);
  const has = (name) => assert.ok(files.includes(path.posix.normalize(name)), `${name} is not in the package: ${files}`);
  const { exports, bin, browser } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  for (const target of [...Object.values(exports), ...Object.values(bin)]) {
    for (const name of typeof target === "string" ? [target] : Object.values(target)) has(name);
  }
  for (const [name, instead] of Object.entries(browser)) {
    has(name);
    has(instead);
    const [usual, other] = await Promise.all([name, instead].map((each) => import(new URL(each, new URL("../../pkg/", import.meta.url)))));
    assert.deepEqual(Object.keys(other), Object.keys(usual), `${instead} exports what ${name} does`);
    for (const fails of Object.values(other)) assert.throws(() => fails("x"), { code: "UNAVAILABLE" });
  }
  for (const module of files.filter((name) => name.endsWith(".js"))) {
    const code = await readFile(path.join(folder, module), "utf8");
    for (const [, name] of code.matchAll(/(?:from|import\(|new URL\()\s*["'](\.[^"']+|[\w-]+\.wasm)["']/g)) {
      has(path.posix.join(path.posix.dirname(module), name));
    }
  }
  for (const name of ["README.md", "LICENSE-MIT", "LICENSE-APACHE"]) has(name);
  assert.deepEqual(files.filter((name) => !/^(?:(?:(?:node|adapters|cli)\/)?[\w-]+\.(?:js|d\.ts)|wasm\/(?:glue\.js|inline\.js|offline_mailbox_(?:bg|first|rest)\.wasm)|package\.json|README\.md|LICENSE-\w+)$/.test(name)), []);
});
