// The demo as a user has it: served under its policy, in a browser with a profile on disk.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { chromium } from "playwright-core";

import { serve } from "../../../scripts/serve.mjs";

export const LIMIT = { timeout: 90_000 };
/** A host that pages may ask for pictures; what they ask is in `pictures`. */
export const PICTURES = "https://pictures.example.org";
const DOT = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

export const row = (page, subject) => page.locator(".row:not([hidden])", { hasText: subject });
export const mailbox = (page, name) => page.locator(`.tree-item[data-name="${name}"] > .tree-row`);
export const title = (page) => page.locator(".reader-subject");

/** The subjects in the list, from the top down. */
export const subjects = (page) => page.locator(".row:not([hidden]):not(.waiting)").evaluateAll((rows) => rows
  .sort((a, b) => a.dataset.index - b.dataset.index).map((one) => one.querySelector(".row-subject").textContent));

/** Puts octets in by the file picker, as one .eml. */
export const put = (page, octets, name = "one.eml") => page.locator("#import-files").setInputFiles({ name, mimeType: "message/rfc822", buffer: Buffer.from(octets) });

/** The demo on a server and in a browser of its own. */
export class Demo {
  /** What no page may say: errors on the console, violations of the policy, requests elsewhere. */
  complaints = [];
  /** What was asked of PICTURES. */
  pictures = [];

  static async start() {
    const demo = new Demo();
    demo.profile = await mkdtemp(path.join(tmpdir(), "demo-profile-"));
    demo.server = await serve({ port: 0 });
    await demo.launch();
    return demo;
  }

  /** A browser on the profile; the one before must be closed. */
  async launch() {
    this.browser = await chromium.launchPersistentContext(this.profile, {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
      viewport: { width: 1280, height: 800 },
      locale: "en-US",
    });
    this.browser.setDefaultTimeout(20_000);
    await this.browser.route(`${PICTURES}/**`, (route) => {
      this.pictures.push(route.request().url());
      return route.fulfill({ contentType: "image/png", body: DOT });
    });
    this.browser.on("page", (page) => this.#watch(page));
    this.browser.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== PICTURES && !this.server.url.startsWith(origin)) this.complaints.push(`asked for ${request.url()}`);
    });
    for (const page of this.browser.pages()) this.#watch(page);
  }

  #watch(page) {
    page.on("console", (message) => {
      if (message.type() === "error" || /Content Security Policy/i.test(message.text())) this.complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.stack}`));
  }

  /** A tab with the demo; `query` chooses a mail store of its own. */
  async open(query = "") {
    const page = await this.browser.newPage();
    await page.goto(`${this.server.url}${query}`);
    await page.locator("#app[data-state=ready]").waitFor();
    return page;
  }

  /** A tab with an empty mail store of its own. */
  async empty(owner) {
    const page = await this.open(`?owner=${owner}@example.org&empty`);
    await page.locator("#list-empty", { hasText: "Inbox is empty" }).waitFor();
    return page;
  }

  async close() {
    await this.browser?.close();
    await this.server?.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
