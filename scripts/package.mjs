// Builds the tarball that `npm publish` would send, into target/package/, and checks it: what is in
// it, what it says about this machine (nothing), how large it is (scripts/package-limits.mjs), and
// what publint and attw say of it. Needs the wasm (scripts/build-wasm.sh) and Node 20.
//
//   node scripts/package.mjs           everything
//   node scripts/package.mjs --quick   without esbuild, publint and attw, which have to be installed first
//
// Tests import `pack`, `contents`, `sizes` and `minifiedSizes`.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

import { LIMITS, ORDINARY_STD } from "./package-limits.mjs";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const PKG = path.join(ROOT, "pkg");

/** Runs a program that must succeed, and returns what it wrote. */
function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: 120_000, ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

/** Packs pkg/ into the folder, and returns the tarball's path. */
export function pack(into) {
  mkdirSync(into, { recursive: true });
  for (const name of readdirSync(into)) {
    if (name.endsWith(".tgz")) rmSync(path.join(into, name));
  }
  const out = run("npm", ["pack", PKG, "--json", "--ignore-scripts", "--offline", "--pack-destination", into], { cwd: into });
  return path.join(into, JSON.parse(out)[0].filename);
}

/** The files of a tarball by their names in the package. */
export function contents(tarball) {
  const names = run("tar", ["-tzf", tarball]).split("\n").filter((name) => name && !name.endsWith("/"));
  const read = (name) => spawnSync("tar", ["-xzOf", tarball, name], { maxBuffer: 64 << 20 }).stdout;
  return new Map(names.map((name) => [name.replace(/^package\//, ""), read(name)]));
}

/** What does not belong into a package, one complaint each. */
export function complaints(files) {
  const found = [];
  const manifest = JSON.parse(files.get("package.json").toString());
  const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  for (const target of [...targets, ...Object.values(manifest.bin ?? {})]) {
    const name = path.posix.normalize(target);
    const there = name.includes("*") ? [...files.keys()].some((file) => path.posix.dirname(file) === path.posix.dirname(name)) : files.has(name);
    if (!there) found.push(`package.json names ${name}, which is not there`);
  }
  for (const name of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "wasm/offline_mailbox_bg.wasm", "wasm/offline_mailbox_first.wasm", "wasm/offline_mailbox_rest.wasm"]) {
    if (!files.has(name)) found.push(`${name} is missing`);
  }
  // Folders that this very run works in; the root of a file system would be found anywhere.
  const here = [ROOT, homedir(), path.join(tmpdir(), "/")].filter((folder) => folder.length > 3);
  for (const [name, bytes] of files) {
    if (!/(?:\.js|\.d\.ts|\.wasm|^package\.json|^README\.md|^LICENSE-\w+)$/.test(name)) found.push(`${name} is of no kind that is published`);
    if (/(?:^|\/)(?:tests?|fixtures?|node_modules)\/|\.test\./.test(name)) found.push(`${name} is for development`);
    const text = bytes.toString("latin1");
    if (/^\/\/# sourceMappingURL/m.test(text)) found.push(`${name} names a map, and none is published`);
    for (const folder of here) if (text.includes(folder)) found.push(`${name} holds the path ${folder} of the machine it was built on`);
    if (/\/home\/\w+\/|\/Users\/\w+\//.test(text)) found.push(`${name} holds the path of somebody's home`);
  }
  return found;
}

/** What a bundle for browsers holds of an entry: the module itself and all that it imports, at once or later. */
export function closure(files, entry, seen = new Set()) {
  const { browser = {} } = JSON.parse(files.get("package.json").toString());
  const module = path.posix.normalize(browser[`./${entry}`] ?? entry);
  if (seen.has(module) || !files.has(module)) return seen;
  seen.add(module);
  for (const [, target] of files.get(module).toString().matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g)) {
    closure(files, path.posix.join(path.posix.dirname(module), target), seen);
  }
  return seen;
}

const zipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** Octets of what is downloaded, by the names in LIMITS. */
export function sizes(tarball, files) {
  return {
    tarball: readFileSync(tarball).length,
    wasmGzipped: zipped(files.get("wasm/offline_mailbox_bg.wasm")),
    firstGzipped: zipped(files.get("wasm/offline_mailbox_first.wasm")),
    restGzipped: zipped(files.get("wasm/offline_mailbox_rest.wasm")),
    inlineGzipped: zipped(Buffer.concat([...closure(files, "inline.js")].map((name) => files.get(name)))),
  };
}

/** The same of the JavaScript as a bundler ships it: in one file, minified. */
export async function minifiedSizes(esbuild) {
  const minified = async (entry, external) => {
    const options = { entryPoints: [path.join(PKG, entry)], external, bundle: true, write: false, minify: true, format: "esm", logLevel: "silent" };
    const { outputFiles } = await esbuild.build(options);
    return zipped(outputFiles[0].contents);
  };
  return {
    facadeMinified: await minified("index.js", ["*/wasm/glue.js"]),
    slimMinified: await minified("slim.js", ["*/wasm/glue.js"]),
    glueMinified: await minified("wasm/glue.js", []),
  };
}

/** Of the limit, what the last build of the wasm is allowed (scripts/build-wasm.sh says which it was). */
function allowed(name) {
  const built = path.join(ROOT, ".tools", "wasm-std");
  const ordinary = existsSync(built) && readFileSync(built, "utf8").trim() === "ordinary";
  return LIMITS[name] * (ordinary && !name.endsWith("Minified") ? ORDINARY_STD : 1);
}

/** Complaints of sizes over their limit. */
export const oversizes = (measured, names = Object.keys(LIMITS)) =>
  names
    .map((name) => [name, allowed(name)])
    .filter(([name, limit]) => !(measured[name] <= limit))
    .map(([name, limit]) => `${name} is ${measured[name]} octets, over the ${limit} of scripts/package-limits.mjs`);

async function bundler() {
  const { tool } = await import("../tests/packaging/support/tools.mjs");
  return tool("esbuild/lib/main.js", "core");
}

async function lint(tarball) {
  const { tools } = await import("../tests/packaging/support/tools.mjs");
  const folder = await tools("all");
  const { publint } = await import(pathToFileURL(path.join(folder, "node_modules/publint/src/index-node.js")));
  const { formatMessage } = await import(pathToFileURL(path.join(folder, "node_modules/publint/src/utils.js")));
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({ level: "suggestion", strict: true, pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) } });
  // Imports by "#name" instead would need an import map in pages that use no bundler.
  const taken = ["USE_EXPORTS_OR_IMPORTS_BROWSER"];
  const found = messages.filter(({ code }) => !taken.includes(code)).map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
  const attw = path.join(folder, "node_modules/@arethetypeswrong/cli/dist/index.js");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    // The wasm has no types to be wrong.
    [attw, tarball, "--profile", "esm-only", "--no-color", "--no-emoji", "--format", "ascii", "--exclude-entrypoints", "offline_mailbox.wasm"],
    { encoding: "utf8", timeout: 120_000 },
  );
  if (status !== 0) found.push(`attw: ${stdout}${stderr}`);
  return found;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === path.resolve(process.argv[1])) {
  const tarball = pack(path.join(ROOT, "target", "package"));
  const files = contents(tarball);
  const quick = process.argv.includes("--quick");
  const measured = { ...sizes(tarball, files), ...(quick ? {} : await minifiedSizes(await bundler())) };
  console.log(`${path.relative(ROOT, tarball)}: ${files.size} files`);
  for (const [name, size] of Object.entries(measured)) console.log(`  ${name.padEnd(18)} ${String(size).padStart(9)} of ${allowed(name)}`);
  const found = [...complaints(files), ...oversizes(measured, Object.keys(measured))];
  if (!quick) found.push(...(await lint(tarball)));
  for (const complaint of found) console.error(complaint);
  console.log(found.length === 0 ? "The package is in order." : `${found.length} complaints`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
