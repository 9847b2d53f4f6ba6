// Real browsers for the benchmark, each on a profile on disk that outlives a relaunch: a tab per engine, on the
// engine's own origin. Not here: what is asked of the tabs.

import { rm } from "node:fs/promises";
import path from "node:path";

/** By the names of the tables. */
export const BROWSERS = ["chromium", "chromium-sqlite", "firefox"];

const LONGEST = 30 * 60_000;

/**
 * A browser on a profile (a folder): `open` once, then `tab(engine)`, `ask(engine, expression)` for a JavaScript
 * expression's (awaited) value in the engine's tab, `relaunch()` to end the process and start another on the same
 * profile, `close()`.
 */
export function browser(name, profile, origin) {
  return name === "firefox" ? new Firefox(profile, origin) : new Chromium(profile, origin, name === "chromium-sqlite");
}

class Chromium {
  #context;
  #tabs = new Map();
  #front;

  constructor(profile, origin, sqlite) {
    Object.assign(this, { profile, origin, sqlite });
  }

  async open() {
    const { chromium } = await import("playwright-core");
    this.#context = await chromium.launchPersistentContext(this.profile, {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
        "--enable-blink-features=ForceEagerMeasureMemory",
        ...(this.sqlite ? ["--enable-features=IdbSqliteBackingStore"] : ["--disable-features=IdbSqliteBackingStore"]),
      ],
      timeout: 60_000,
    });
    this.#context.setDefaultTimeout(LONGEST);
    this.version = this.#context.browser()?.version() ?? "";
  }

  async tab(engine) {
    const known = this.#tabs.get(engine);
    if (known) return known;
    const page = await this.#context.newPage();
    page.on("pageerror", (error) => console.error(`${engine}: ${error}`));
    await page.goto(this.origin(engine));
    await page.waitForFunction(() => globalThis.benchReady === true);
    this.#tabs.set(engine, page);
    return page;
  }

  async ask(engine, expression) {
    const page = await this.tab(engine);
    if (this.#front !== engine) {
      // Tabs at the back run with less priority.
      await page.bringToFront();
      this.#front = engine;
    }
    return page.evaluate(expression);
  }

  async relaunch() {
    await this.close();
    await this.open();
  }

  async close() {
    this.#tabs.clear();
    this.#front = undefined;
    await this.#context?.close();
    this.#context = undefined;
  }
}

class Firefox {
  #driver;
  #tabs = new Map();
  #front;

  constructor(profile, origin) {
    Object.assign(this, { profile, origin });
  }

  async open() {
    const { Builder } = await import("selenium-webdriver");
    const firefox = await import("selenium-webdriver/firefox.js");
    const options = new firefox.Options().addArguments("-headless", "-profile", this.profile);
    if (process.env.FIREFOX) options.setBinary(process.env.FIREFOX);
    for (const preference of ["dom.ipc.processPriorityManager.enabled", "dom.min_background_timeout_value_without_budget_throttling"]) {
      options.setPreference(preference, preference.endsWith("enabled") ? false : 4);
    }
    // A profile that was killed once would come up in safe mode.
    options.setPreference("toolkit.startup.max_resumed_crashes", -1);
    const service = new firefox.ServiceBuilder(process.env.GECKODRIVER);
    this.#driver = await new Builder()
      .disableEnvironmentOverrides()
      .forBrowser("firefox")
      .setFirefoxOptions(options)
      .setFirefoxService(service)
      .build();
    await this.#driver.manage().setTimeouts({ script: LONGEST, pageLoad: 60_000 });
    this.version = (await this.#driver.getCapabilities()).get("browserVersion");
  }

  async tab(engine) {
    const driver = this.#driver;
    const known = this.#tabs.get(engine);
    if (known === undefined) {
      if (this.#tabs.size > 0) await driver.switchTo().newWindow("tab");
      await driver.get(this.origin(engine));
      await driver.wait(() => driver.executeScript("return globalThis.benchReady === true"), 60_000);
      this.#tabs.set(engine, await driver.getWindowHandle());
      this.#front = engine;
    } else if (this.#front !== engine) {
      await driver.switchTo().window(known);
      this.#front = engine;
    }
  }

  async ask(engine, expression) {
    await this.tab(engine);
    const answer = await this.#driver.executeAsyncScript(
      `const done = arguments[arguments.length - 1];
       (async () => (${expression}))().then((value) => done({ text: JSON.stringify(value) }), (error) => done({ error: String(error?.message ?? error) }));`,
    );
    if (answer.error) throw new Error(answer.error);
    // As text, since the driver makes null of undefined.
    return answer.text ? JSON.parse(answer.text) : undefined;
  }

  async relaunch() {
    await this.close();
    // A profile that was closed by its driver keeps its lock for a moment.
    await rm(path.join(this.profile, "lock"), { force: true });
    await this.open();
  }

  async close() {
    this.#tabs.clear();
    this.#front = undefined;
    const driver = this.#driver;
    this.#driver = undefined;
    await driver?.quit();
  }
}
