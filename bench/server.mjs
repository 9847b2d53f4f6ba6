// The benchmark's server, on loopback: the package, the bench, libraries, and mail made once and kept. Every engine has
// an origin of its own (ENGINE.localhost), so that none works in another's storage.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { beside, bundles } from "./bundles.mjs";
import { KINDS, message } from "./mail.js";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html", ".json": "application/json" };
const PAGE_OF_MAIL = 1000;

/** 1,000 messages: the length of a JSON list of [size, internalDate, flags], that list, the octets. */
async function mailPage(folder, kind, from) {
  const file = path.join(folder, `${kind}-${from}`);
  try {
    return await readFile(file);
  } catch {
    // Made now.
  }
  const about = [];
  const pieces = [];
  for (let i = from; i < from + PAGE_OF_MAIL; i++) {
    const { raw, internalDate, flags } = message(i, kind);
    about.push([raw.length, internalDate, flags]);
    pieces.push(raw);
  }
  let head = JSON.stringify(about);
  head += " ".repeat((4 - (Buffer.byteLength(head) % 4)) % 4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(head));
  const page = Buffer.concat([length, Buffer.from(head), ...pieces]);
  await writeFile(`${file}.${process.pid}`, page);
  await rename(`${file}.${process.pid}`, file);
  return page;
}

/** Starts it on a free port, or on the one given. `instead` maps addresses to other files. */
export async function startServer({ port = 0, instead = {} } = {}) {
  const generator = createHash("sha256").update(await readFile(path.join(ROOT, "bench/mail.js"))).digest("hex").slice(0, 16);
  const folder = path.join(ROOT, "target", "bench-mail", generator);
  await mkdir(folder, { recursive: true });
  const bundle = await bundles(ROOT, instead);
  const server = createServer(async (request, response) => {
    const pathname = path.posix.normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    const answer = (status, type, body, cache) => {
      response.writeHead(status, {
        "content-type": type,
        // As an installed application has it: modules and wasm from the browser's cache after the first visit.
        "cache-control": cache ? "max-age=86400" : "no-store",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
      });
      response.end(body);
    };
    try {
      if (pathname === "/") return answer(200, "text/html", await readFile(path.join(ROOT, "bench/page.html")));
      const [, kind, from] = /^\/mail\/([a-z]+)\/(\d+)$/.exec(pathname) ?? [];
      if (KINDS.includes(kind) && Number(from) % PAGE_OF_MAIL === 0) {
        return answer(200, "application/octet-stream", await mailPage(folder, kind, Number(from)));
      }
      if (!/^\/(pkg|bench)\//.test(pathname)) return answer(404, "text/plain", "not found");
      const body = (await bundle(pathname)) ?? (await readFile(beside(ROOT, pathname) ?? instead[pathname] ?? path.join(ROOT, pathname)));
      return answer(200, TYPES[path.extname(pathname)] ?? "application/octet-stream", body, true);
    } catch (error) {
      return answer(error.code === "ENOENT" ? 404 : 500, "text/plain", String(error.message));
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: server.address().port,
    origin: (engine) => `http://${engine}.localhost:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
