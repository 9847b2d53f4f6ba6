// Bundlers, compilers and runtimes, as the lock files beside pin them, installed once into a folder
// that all checkouts of this machine share. No install script is run.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CACHE = process.env.CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "offline-mailbox");

const sourceOf = (set) => fileURLToPath(new URL(`../${set}/`, import.meta.url));

/** Where a set is installed: another folder for every content of its lock file. */
async function folderOf(set, label) {
  const hash = createHash("sha256");
  for (const name of ["package.json", "package-lock.json"]) hash.update(await readFile(path.join(sourceOf(set), name)));
  return path.join(CACHE, "packaging", `${label}-${hash.digest("hex").slice(0, 16)}`);
}

async function install(set, args, label) {
  const from = sourceOf(set);
  const folder = await folderOf(set, label);
  if (existsSync(folder)) return folder;
  console.error(`[packaging] installing ${label}, once`);
  await mkdir(path.dirname(folder), { recursive: true });
  const making = await mkdtemp(`${folder}.`);
  try {
    for (const name of ["package.json", "package-lock.json"]) await copyFile(path.join(from, name), path.join(making, name));
    await copyFile(path.join(ROOT, ".npmrc"), path.join(making, ".npmrc"));
    await run("npm", ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", ...args], { cwd: making, timeout: 540_000 });
    await rename(making, folder).catch((error) => {
      // Another run was faster.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return folder;
}

const installed = new Map();
const once = (label, make) => {
  if (!installed.has(label)) installed.set(label, make());
  return installed.get(label);
};

/** The folder whose node_modules holds the tools: `"core"` (esbuild) or `"all"`. */
export const tools = (which) =>
  once(which, async () => {
    if (which === "all" || existsSync(await folderOf("tools", "tools-all"))) return install("tools", [], "tools-all");
    return install("tools", ["--omit=dev"], "tools-core");
  });

/** The folder whose node_modules holds Node 22 and 24, Deno and Bun; `undefined` where they do not run. */
export const runtimes = () =>
  once("runtimes", async () => (process.platform === "linux" && process.arch === "x64" ? install("runtimes", [], "runtimes") : undefined));

/** Imports a module of a tool. */
export async function tool(file, which = "all") {
  return import(pathToFileURL(path.join(await tools(which), "node_modules", file)).href);
}
