// Serves the demo on loopback as a production host would: www/ at /, pkg/ at /pkg/, and the one
// library that the demo takes from npm below /vendor/, with a strict content security policy.
//
//   node scripts/serve.mjs            PORT (default 8080, or the next free one)
//
// Tests import `serve` and pass { port: 0 } and further mounts: { "/fixtures/": "/some/folder" }.

import { createServer } from "node:http";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".eml": "message/rfc822",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".mbox": "application/mbox",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** The policy of every page. A sandboxed `srcdoc` frame inherits it: no script, no remote load, no inline style. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self' blob: data:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * The policy of /message.html only: an empty document that the demo shows in a sandboxed frame and
 * fills with a message's HTML. A message may style itself; it runs nothing and loads nothing.
 */
export const MESSAGE_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox",
].join("; ");

/** The policy of /message-images.html: the same document, once somebody asked for the remote images. */
export const IMAGES_POLICY = MESSAGE_POLICY.replace("img-src", "img-src https: http:");

const POLICIES = { "/message.html": MESSAGE_POLICY, "/message-images.html": IMAGES_POLICY };

/** The policy of the documentation (scripts/docs.sh), which styles some elements where they stand. */
export const DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

function policyFor(pathname) {
  if (Object.hasOwn(POLICIES, pathname)) return POLICIES[pathname];
  return pathname?.startsWith("/docs/") ? DOCS_POLICY : POLICY;
}

function headersFor(pathname) {
  return {
    "Content-Security-Policy": policyFor(pathname),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    // The names in a message's links are not asked for before somebody follows them.
    "X-DNS-Prefetch-Control": "off",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
  };
}

/** The file a request path names, or null: nothing outside the mounted folders, links included. */
async function locate(mounts, pathname) {
  let decoded;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (decoded.includes("\0") || decoded.includes("\\")) return null;
  if (decoded.split("/").some((part) => part.startsWith("."))) return null;
  const [prefix, folder] = mounts.find(([at]) => decoded.startsWith(at)) ?? [];
  if (folder === undefined) return null;
  try {
    const base = await realpath(folder);
    let file = await realpath(path.join(base, decoded.slice(prefix.length)));
    let info = await stat(file);
    if (info.isDirectory() && decoded.endsWith("/")) {
      file = await realpath(path.join(file, "index.html"));
      info = await stat(file);
    }
    if (file !== base && !file.startsWith(base + path.sep)) return null;
    return info.isFile() ? { file, info } : null;
  } catch {
    return null;
  }
}

/** The path of a request target, `.` and `..` resolved; null when it is none. */
function pathOf(target) {
  try {
    return target.startsWith("/") ? new URL(`http://localhost${target}`).pathname : null;
  } catch {
    return null;
  }
}

async function answer(mounts, request, response) {
  const pathname = pathOf(request.url);
  const headers = headersFor(pathname);
  const plain = (status, text, more = {}) => {
    response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8", ...more });
    response.end(request.method === "HEAD" ? undefined : `${text}\n`);
  };
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain(405, "Only GET and HEAD are answered.", { Allow: "GET, HEAD" });
  }
  const found = pathname === null ? null : await locate(mounts, pathname);
  if (!found) return plain(404, "There is no such file.");
  const { file, info } = found;
  const etag = `W/"${info.size.toString(16)}-${Math.trunc(info.mtimeMs).toString(16)}"`;
  headers.ETag = etag;
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers);
    return response.end();
  }
  response.writeHead(200, {
    ...headers,
    "Content-Type": TYPES[path.extname(file).toLowerCase()] ?? "application/octet-stream",
    "Content-Length": info.size,
  });
  if (request.method === "HEAD") return response.end();
  const stream = createReadStream(file);
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve(server.address().port);
    });
  });
}

/**
 * Starts the server on 127.0.0.1.
 * @param {{ port?: number, tries?: number, mounts?: Record<string, string> }} [options]
 *   port: 0 takes any free one; tries: how many further ports to try when it is taken;
 *   mounts: more folders, by the path they appear under ("/fixtures/": folder).
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>}
 */
export async function serve({ port = 0, tries = 0, mounts = {} } = {}) {
  const all = Object.entries({
    "/pkg/": path.join(ROOT, "pkg"),
    "/": path.join(ROOT, "www"),
    "/vendor/dompurify/": path.join(ROOT, "node_modules/dompurify/dist"),
    ...mounts,
  }).sort(([a], [b]) => b.length - a.length);
  const server = createServer((request, response) => {
    answer(all, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  let bound;
  for (let next = port; bound === undefined; next += 1) {
    try {
      bound = await listen(server, next);
    } catch (error) {
      if (error.code !== "EADDRINUSE" || next >= port + tries) throw error;
    }
  }
  return {
    url: `http://127.0.0.1:${bound}/`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

if (process.argv[1] && fileURLToPath(import.meta.url) === path.resolve(process.argv[1])) {
  const wanted = Number(process.env.PORT ?? 8080);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_515) {
    console.error(`PORT is "${process.env.PORT}"; it must be a number from 0 to 65515.`);
    process.exit(1);
  }
  try {
    const { url, close } = await serve({ port: wanted, tries: 20 });
    console.log(`The demo is at ${url} (Ctrl-C stops it)`);
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.on(signal, () => close().then(() => process.exit(0)));
    }
  } catch (error) {
    console.error(`No server could be started on port ${wanted} or the 20 after it: ${error.message}. Set PORT to a free one.`);
    process.exit(1);
  }
}
