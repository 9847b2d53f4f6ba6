// A small webmail in a fresh Vite application, written with the README beside and nothing else: built
// and in the development server, with a mailbox file, by hand as far as Chromium has hands.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { STRICT, addPackage, closeBrowser, filesOf, page, run, serve, unpack } from "./support/consumer.mjs";
import { tools } from "./support/tools.mjs";

after(async () => {
  await closeBrowser();
  await unpack();
});
const APPLICATION = fileURLToPath(new URL("./vite-webmail/", import.meta.url));
const limits = { timeout: 240_000 };

const SUBJECTS = ["Tea at five", "Re: Tea at five", "The engine"];
const MBOX = SUBJECTS.map(
  (subject, at) =>
    `From grace@example.org Mon Jan  ${at + 1} 10:00:00 2024\nFrom: Grace <grace@example.org>\nTo: ada@example.org\nSubject: ${subject}\nDate: Mon, ${at + 1} Jan 2024 10:00:00 +0000\n\n${at === 2 ? "It weaves algebraic patterns." : "Bring cake."}\n`,
).join("\n");

/** The application in a folder of its own, as `npm install offline-mailbox` leaves it. */
async function application(t) {
  const root = await mkdtemp(path.join(tmpdir(), "offline-mailbox-webmail-"));
  t.after(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  await cp(APPLICATION, root, { recursive: true });
  await addPackage(root);
  // Vite is the application's own; here it comes from where this checkout's tools are.
  await symlink(path.join(await tools("all"), "node_modules/vite"), path.join(root, "node_modules/vite"));
  await writeFile(path.join(root, "sample.mbox"), MBOX);
  return root;
}
const VITE = "node_modules/vite/bin/vite.js";

async function use(t, address, root) {
  const { page: tab, said } = await page(t);
  const rows = tab.locator("#messages li");
  const there = async (count) => {
    try {
      await tab.waitForFunction((wanted) => document.querySelectorAll("#messages li").length === wanted, count);
    } catch (error) {
      throw new Error(`not ${count} messages: ${error.message}\n${said.join("\n")}`);
    }
  };
  await tab.goto(address);
  await tab.getByRole("button", { name: "INBOX" }).waitFor();
  await there(0);
  await tab.setInputFiles("#import", path.join(root, "sample.mbox"));
  await there(3);
  assert.match(await rows.first().textContent(), /^Grace: The engine — It weaves/);
  await tab.fill("#query", "algebraic");
  await there(1);
  await rows.first().getByRole("button").click();
  await tab.getByRole("heading", { name: "The engine" }).waitFor();
  assert.equal((await tab.locator("#message pre").textContent()).trim(), "It weaves algebraic patterns.");
  await tab.fill("#query", "");
  await there(3);

  // Another tab sees it, is told of what happens here, and so after a reload.
  const other = await tab.context().newPage();
  await other.goto(address);
  await other.waitForFunction(() => document.querySelectorAll("#messages li .unseen").length === 2);
  await tab.getByRole("button", { name: "Archive", exact: true }).last().click();
  await there(2);
  await other.waitForFunction(() => document.querySelectorAll("#messages li").length === 2);
  await other.getByRole("navigation").getByRole("button", { name: "Archive" }).waitFor();
  await tab.reload();
  await tab.getByRole("navigation").getByRole("button", { name: "Archive" }).click();
  await there(1);
  assert.deepEqual(said.filter((line) => /^(?:error|warning|uncaught)/.test(line)), []);
}

test("the webmail, built", limits, async (t) => {
  const root = await application(t);
  await run(process.execPath, [VITE, "build"], { cwd: root });
  const built = await filesOf(path.join(root, "dist"));
  assert.equal(built.filter((name) => name.endsWith(".wasm")).length, 2, `${built}`);
  const { address } = await serve(t, path.join(root, "dist"), { policy: `${STRICT}; style-src 'self'; img-src 'self'` });
  await use(t, address, root);
});

test("the webmail in the development server", limits, async (t) => {
  const root = await application(t);
  const server = spawn(process.execPath, [VITE, "--host", "127.0.0.1", "--port", "0", "--strictPort", "false", "--clearScreen", "false"], { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  t.after(() => server.kill("SIGKILL"));
  const address = await new Promise((resolve, reject) => {
    let said = "";
    for (const pipe of [server.stdout, server.stderr]) {
      pipe.on("data", (chunk) => {
        said += chunk;
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
        if (found) resolve(found[0]);
      });
    }
    server.on("exit", () => reject(new Error(`Vite ended: ${said}`)));
  });
  await use(t, address, root);
});

test("the application imports the package by the names of the README, and configures nothing", async () => {
  const program = await readFile(path.join(APPLICATION, "src/main.js"), "utf8");
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  for (const [, name] of program.matchAll(/from "(offline-mailbox[^"]*)"/g)) assert.ok(readme.includes(`from "${name}"`), name);
  assert.deepEqual((await filesOf(APPLICATION)).filter((name) => /config/.test(name)), []);
});
