// `make docs` makes the site without a warning, and a browser shows it under the demo's strict policy.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { chromium } from "playwright-core";

import { serve } from "../../scripts/serve.mjs";
import { ROOT } from "./support/blocks.mjs";

const SITE = path.join(ROOT, "www/docs");
const pages = () => readdirSync(SITE, { recursive: true }).filter((name) => name.endsWith(".html"));

before(() => {
  // All its warnings are errors.
  execFileSync("bash", [path.join(ROOT, "scripts/docs.sh")], { stdio: ["ignore", "ignore", "inherit"], timeout: 300_000 });
});

test("every guide and every entry has a page", () => {
  const all = pages();
  for (const guide of readdirSync(path.join(ROOT, "docs")).filter((name) => name.endsWith(".md") && name !== "README.md")) {
    assert.ok(all.includes(`documents/${guide.replace(".md", ".html")}`), guide);
    assert.ok(readFileSync(path.join(ROOT, "docs/README.md"), "utf8").includes(`(./${guide})`), `docs/README.md does not name ${guide}`);
  }
  const { exports } = JSON.parse(readFileSync(path.join(ROOT, "pkg/package.json"), "utf8"));
  for (const [entry, { types }] of Object.entries(exports)) {
    if (!types) continue;
    assert.ok(all.includes(`modules/${path.posix.join("offline-mailbox", entry).replaceAll("/", "_")}.html`), entry);
  }
});

test("no page has a script within, and none names another site's", () => {
  for (const name of pages()) {
    const html = readFileSync(path.join(SITE, name), "utf8");
    assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)[^>]*>/, name);
    assert.doesNotMatch(html, /<(script|link|img)[^>]*(src|href)="https?:/, name);
  }
});

test("a browser shows it, finds in it, and has nothing to complain of", { timeout: 60_000 }, async (t) => {
  assert.ok(process.env.CHROMIUM, "CHROMIUM names no browser: run this by scripts/test.sh docs");
  const { url, close } = await serve();
  t.after(close);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${url}docs/`);
  await page.getByRole("link", { name: "Getting started" }).first().click();
  await page.getByRole("heading", { name: "Open a session" }).waitFor();
  await page.goto(`${url}docs/`);
  await page.locator("#tsd-search-trigger").click();
  await page.locator("#tsd-search-input").fill("searchMailbox");
  await page.locator("#tsd-search-results li").filter({ hasText: "searchMailbox" }).first().click();
  await page.waitForURL(/classes\/offline-mailbox\.Session\.html#searchmailbox/);
  assert.deepEqual(complaints, []);
});
