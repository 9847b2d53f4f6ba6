// Real browsers for tests: a page of this package on a loopback server, and tabs of one profile.

import { createServer } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
// As strict as the package promises to work under.
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

/**
 * Serves pkg/ and tests/js/browser/ and what `extra` maps addresses to ({ type, body, cache }, a path, or a
 * function of request and response); an address that is not there answers with the page, as many development servers do.
 */
export async function serve(t, extra = {}) {
  const page = '<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/tests/js/browser/page.mjs"></script>';
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    let [type, body] = ["text/html", page];
    const given = Object.hasOwn(extra, pathname) ? extra[pathname] : undefined;
    if (typeof given === "function") return given(request, response);
    if (given?.body !== undefined) {
      ({ type, body } = given);
    } else {
      const file = given ?? path.join(ROOT, path.normalize(pathname));
      if (given || /^\/(pkg|tests\/js\/browser)\//.test(path.posix.normalize(pathname))) {
        try {
          body = await readFile(file);
          type = TYPES[path.extname(file)] ?? "application/octet-stream";
        } catch {
          // The page, then.
        }
      }
    }
    response.writeHead(200, { "content-type": type, "content-security-policy": POLICY, "cache-control": given?.cache ?? "no-store" });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** A folder that is gone after the test. */
export async function folder(t) {
  const made = await mkdtemp(path.join(tmpdir(), "offline-mailbox-test-"));
  t.after(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
  return made;
}

/** Chromium with a profile on disk; `tab()` opens one on the served page, ready to be used. */
export async function chromium(t, origin, { args = [] } = {}) {
  const playwright = await import("playwright-core");
  const profile = await folder(t);
  const context = await playwright.chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", ...args],
    timeout: 60_000,
  });
  t.after(() => context.close());
  context.setDefaultTimeout(120_000);
  const ready = (page) => page.waitForFunction(() => globalThis.mailboxReady === true);
  return {
    context,
    async tab(address = "/") {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error("pageerror:", error));
      await page.goto(`${origin}${address}`);
      await ready(page);
      return page;
    },
    async reload(page) {
      await page.reload();
      await ready(page);
    },
  };
}

/** A browser by WebDriver: the same in small. `run` evaluates the text of an async function's body in the tab at the front. */
export async function webdriver(t, origin, name, { preferences = {} } = {}) {
  const { Builder } = await import("selenium-webdriver");
  let service;
  const builder = new Builder().disableEnvironmentOverrides();
  if (name === "firefox") {
    const firefox = await import("selenium-webdriver/firefox.js");
    const options = new firefox.Options().addArguments("-headless");
    for (const [key, value] of Object.entries(preferences)) options.setPreference(key, value);
    if (process.env.FIREFOX) options.setBinary(process.env.FIREFOX);
    builder.forBrowser("firefox").setFirefoxOptions(options).setFirefoxService(new firefox.ServiceBuilder(process.env.GECKODRIVER));
  } else if (name === "chrome") {
    const chrome = await import("selenium-webdriver/chrome.js");
    const options = new chrome.Options().addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", `--user-data-dir=${await folder(t)}`);
    options.setChromeBinaryPath(process.env.CHROMIUM ?? "/usr/bin/chromium");
    builder.forBrowser("chrome").setChromeOptions(options).setChromeService(new chrome.ServiceBuilder(process.env.CHROMEDRIVER));
  } else {
    const { default: remote } = await import("selenium-webdriver/remote/index.js");
    service = new remote.DriverService(process.env.WEBKITDRIVER, {
      loopback: true,
      ...(await freePort()),
    });
    builder.usingServer(await service.start(30_000)).withCapabilities({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": { binary: process.env.MINIBROWSER, args: ["--automation"] },
    });
  }
  let driver;
  t.after(async () => {
    await driver?.quit().catch(() => {});
    await service?.kill();
  });
  driver = await builder.build();
  await driver.manage().setTimeouts({ script: 120_000, pageLoad: 60_000 });
  const ready = () => driver.wait(() => driver.executeScript("return globalThis.mailboxReady === true"), 60_000);
  return {
    driver,
    async tab(address = "/") {
      if ((await driver.getAllWindowHandles()).length === 0 || (await driver.getCurrentUrl()).startsWith(origin)) {
        await driver.switchTo().newWindow("tab");
      }
      await driver.get(`${origin}${address}`);
      await ready();
      return driver.getWindowHandle();
    },
    async reload() {
      await driver.navigate().refresh();
      await ready();
    },
    async run(tab, body) {
      await driver.switchTo().window(tab);
      const answer = await driver.executeAsyncScript(
        `const done = arguments[arguments.length - 1];
         (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error?.stack ?? error) + " " + [error?.code, error?.message, error?.cause].join(" ") }));`,
      );
      if (answer.error) throw new Error(answer.error);
      return answer.value;
    },
  };
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return { port, args: [`--port=${port}`] };
}
