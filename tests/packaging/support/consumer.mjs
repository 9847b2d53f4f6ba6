// Projects of somebody who uses the package: folders outside this checkout into which the packed
// tarball was installed by npm; and browsers that open what such a project built.

import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { pack } from "../../../scripts/package.mjs";
import { tools } from "./tools.mjs";

const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** What the package promises to be content with. */
export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
/** The same for a build that carries the engine inside and fetches nothing. */
export const STRICT_OFFLINE = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

/** Runs a program to its end; resolves to what it wrote, rejects with all of that. */
export function run(command, args, { cwd, env = {}, seconds = 120 } = {}) {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { cwd, env: { ...process.env, ...env }, timeout: seconds * 1000, killSignal: "SIGKILL", maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${command} ${args.join(" ")}: ${error.killed ? "out of time; " : ""}\n${stdout}${stderr}`));
        else resolve({ stdout, stderr });
      },
    );
  });
}

async function folder(t) {
  const made = await mkdtemp(path.join(tmpdir(), "offline-mailbox-consumer-"));
  t.after(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
  return made;
}

let packed;
let packedIn;
/** The tarball, packed once; it is deleted when the program ends. */
export function tarball() {
  packed ??= mkdtemp(path.join(tmpdir(), "offline-mailbox-packed-")).then((made) => {
    packedIn = made;
    return pack(made);
  });
  return packed;
}
export const unpack = () => packedIn && rm(packedIn, { recursive: true, force: true });

/**
 * A project with the package installed, from the fixtures named (folders or files of fixtures/, which
 * come to lie in the project's root) and `files` (name to text). `link` names tools to put into its
 * node_modules, as if it had installed them. Resolves to its folder.
 */
export async function consumer(t, { fixtures = [], files = {}, link = [] } = {}) {
  const root = await folder(t);
  for (const name of fixtures) await cp(path.join(FIXTURES, name), path.extname(name) ? path.join(root, path.basename(name)) : root, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  if (!existsSync(path.join(root, "package.json"))) {
    await writeFile(path.join(root, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  }
  await addPackage(root);
  for (const name of link) {
    const target = path.join(root, "node_modules", name);
    await mkdir(path.dirname(target), { recursive: true });
    await symlink(path.join(await tools("all"), "node_modules", name), target);
  }
  return root;
}

/** `npm install` of the tarball. */
export async function addPackage(root) {
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"];
  await run("npm", ["install", ...flags, await tarball()], { cwd: root });
}

/** The names of all files below a folder, with `/`. */
export async function filesOf(root) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join("/"))
    .sort();
}

/** Serves a folder on loopback under a Content-Security-Policy; what is not there is 404. Resolves to its address. */
export async function serve(t, root, { policy = STRICT } = {}) {
  const asked = [];
  const server = createServer(async (request, response) => {
    let { pathname } = new URL(request.url, "http://localhost");
    asked.push(pathname);
    if (pathname.endsWith("/")) pathname += "index.html";
    if (pathname === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const headers = { "content-security-policy": policy, "cache-control": "no-store" };
    try {
      const body = await readFile(path.join(root, path.posix.normalize(decodeURIComponent(pathname))));
      response.writeHead(200, { ...headers, "content-type": TYPES[path.extname(pathname)] ?? "application/octet-stream" });
      response.end(body);
    } catch {
      response.writeHead(404, { ...headers, "content-type": "text/plain" });
      response.end("There is no such file.\n");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `http://127.0.0.1:${server.address().port}/`, asked };
}

let launched;
/** One Chromium for all tests of a file; each page has a profile of its own. */
export async function page(t) {
  launched ??= import("playwright-core").then(({ chromium }) =>
    chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
      timeout: 120_000,
    }),
  );
  const context = await (await launched).newContext();
  t.after(() => context.close());
  context.setDefaultTimeout(90_000);
  const opened = await context.newPage();
  const said = [];
  opened.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  opened.on("pageerror", (error) => said.push(`uncaught: ${error}`));
  return { page: opened, said };
}
export const closeBrowser = async () => (await launched)?.close();

/** Opens the page, and resolves to what the program on it reported: it sets `document.title` when it is done. */
export async function reported(t, address) {
  const { page: opened, said } = await page(t);
  await opened.goto(address);
  try {
    await opened.waitForFunction(() => /^(?:OK|FAILED)/.test(document.title));
  } catch (error) {
    throw new Error(`${address} reported nothing: ${error.message}\n${said.join("\n")}`);
  }
  const title = await opened.title();
  return title.startsWith("OK") ? title : `${title}\n${said.join("\n")}`;
}
