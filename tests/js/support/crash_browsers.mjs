// Browsers that can be crashed: each opens tabs of a profile that stays on disk, calls functions of
// the page, crashes a tab's process, and is killed with all its processes.
//
// - Chromium: by playwright; a tab is crashed by CDP's `Page.crash`. Both kinds.
// - Firefox: by WebDriver, which loses its session with a tab's process; so it is killed as a whole.
// - WebKitGTK: under WebDriver it keeps data in memory only, in its network process, for as long as
//   the session lasts; so only a tab's process is killed, and the next one must find everything.
//   What a WebKit that was killed as a whole leaves on the disk cannot be tested by this driver.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { webdriver } from "./browser.mjs";
import { descendants, family, gone, killAll } from "./processes.mjs";

const CALL_MS = 120_000;

/** The store that Chromium keeps a profile's IndexedDB in, as its files show: "leveldb", "sqlite", or neither. */
export function chromiumStore(profile) {
  const folder = path.join(profile, "Default", "IndexedDB");
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  if (names.some((each) => each.name.endsWith(".indexeddb.leveldb"))) return "leveldb";
  const begins = (each) => readFileSync(path.join(each.parentPath ?? each.path, each.name)).subarray(0, 15).toString();
  return names.some((each) => each.isFile() && begins(each) === "SQLite format 3") ? "sqlite" : undefined;
}

/** Chromium on a profile; `flags` are more of its arguments. */
export async function openChromium(origin, profile, flags = []) {
  const { chromium } = await import("playwright-core");
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", ...flags],
    timeout: 60_000,
  });
  context.setDefaultTimeout(CALL_MS);
  const [root] = descendants(`--user-data-dir=${profile}`);
  return {
    async tab() {
      const page = await context.newPage();
      await page.goto(`${origin}/crash`);
      await page.waitForFunction(() => globalThis.mailboxReady === true);
      return {
        call: (name, argument) => page.evaluate(([name, argument]) => crashWork[name](argument), [name, argument]),
        async crash() {
          const crashed = new Promise((resolve) => page.once("crash", resolve));
          const devtools = await context.newCDPSession(page);
          // It is not answered: who would.
          devtools.send("Page.crash").catch(() => {});
          await crashed;
          await page.close();
        },
        close: () => page.close(),
      };
    },
    async kill() {
      const pids = family(root);
      killAll(pids);
      await gone(pids);
      await context.close().catch(() => {});
    },
    close: () => context.close(),
  };
}

/**
 * Opens tabs by WebDriver, beside a window that stays empty. `processes` lists those of tabs; where
 * it is given, a tab can be crashed: with one that the driver is looking at, its session would end.
 */
async function tabsOf(driver, origin, processes) {
  const home = await driver.getWindowHandle();
  return async () => {
    const before = processes?.() ?? [];
    await driver.switchTo().newWindow("tab");
    await driver.get(`${origin}/crash`);
    await driver.wait(() => driver.executeScript("return globalThis.mailboxReady === true"), 60_000);
    const handle = await driver.getWindowHandle();
    const own = processes?.().filter((pid) => !before.includes(pid));
    return {
      async call(name, argument) {
        await driver.switchTo().window(handle);
        const answer = await driver.executeAsyncScript(
          `const [name, argument, done] = arguments;
           (async () => crashWork[name](argument))().then((value) => done({ value }), (error) => done({ error: String(error && error.stack || error) + " " + error.code }));`,
          name,
          argument,
        );
        if (answer.error) throw new Error(answer.error);
        return answer.value;
      },
      async crash() {
        if (!own?.length) throw new Error("the tab has no process of its own");
        await driver.switchTo().window(home);
        killAll(own);
        await gone(own);
      },
      async close() {
        await driver.switchTo().window(handle);
        await driver.close();
        await driver.switchTo().window(home);
      },
    };
  };
}

/** Firefox on a profile. */
export async function openFirefox(origin, profile) {
  const { Builder } = await import("selenium-webdriver");
  const firefox = await import("selenium-webdriver/firefox.js");
  const options = new firefox.Options().addArguments("-headless", "-profile", profile);
  // One that was killed often must not start in safe mode.
  options.setPreference("toolkit.startup.max_resumed_crashes", -1);
  options.setPreference("browser.sessionstore.resume_from_crash", false);
  if (process.env.FIREFOX) options.setBinary(process.env.FIREFOX);
  const driver = await new Builder()
    .disableEnvironmentOverrides()
    .forBrowser("firefox")
    .setFirefoxOptions(options)
    .setFirefoxService(new firefox.ServiceBuilder(process.env.GECKODRIVER))
    .build();
  await driver.manage().setTimeouts({ script: CALL_MS, pageLoad: 60_000 });
  const root = (await driver.getCapabilities()).get("moz:processID");
  return {
    tab: await tabsOf(driver, origin),
    async kill() {
      const pids = family(root);
      killAll(pids);
      await gone(pids);
      await driver.quit().catch(() => {});
    },
    close: () => driver.quit(),
  };
}

/** WebKitGTK, whose data are gone with it. */
export async function openWebkit(origin) {
  const ends = [];
  const { driver } = await webdriver({ after: (end) => ends.push(end) }, origin, "webkit");
  await driver.manage().setTimeouts({ script: CALL_MS, pageLoad: 60_000 });
  return {
    tab: await tabsOf(driver, origin, () => descendants("WebKitWebProcess")),
    async close() {
      for (const end of ends) await end();
    },
  };
}
