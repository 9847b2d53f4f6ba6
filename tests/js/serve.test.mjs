// The demo's server: what it serves, with which headers, and what it must not serve.

import test from "node:test";
import assert from "node:assert/strict";
import { connect } from "node:net";
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { IMAGES_POLICY, MESSAGE_POLICY, POLICY, serve } from "../../scripts/serve.mjs";

/** A server over a throw-away folder `site/`, beside which lies `secret.txt`. */
async function started(t, files) {
  const folder = await mkdtemp(path.join(tmpdir(), "offline-mailbox-serve-"));
  const site = path.join(folder, "site");
  await mkdir(path.join(site, "sub"), { recursive: true });
  await writeFile(path.join(folder, "secret.txt"), "secret");
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(site, name), text);
  const server = await serve({ mounts: { "/": site } });
  t.after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  return { server, site, folder };
}

/** The status of a request whose path is sent exactly as given (fetch would tidy it first). */
function rawStatus(port, target) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    });
    let text = "";
    socket.setTimeout(5000, () => socket.destroy(new Error("no answer")));
    socket.on("data", (chunk) => (text += chunk));
    socket.on("end", () => resolve({ status: Number(text.split(" ")[1]), text }));
    socket.on("error", reject);
  });
}

test("files come with their types, an index for a folder, and the policy", async (t) => {
  const { server } = await started(t, {
    "index.html": "<p>home",
    "a.js": "export {}",
    "a.wasm": "\0asm",
    "app.webmanifest": "{}",
    "with space.txt": "x",
    "message.html": "<p>",
  });
  const expected = {
    "": "text/html; charset=utf-8",
    "index.html": "text/html; charset=utf-8",
    "a.js?v=1": "text/javascript; charset=utf-8",
    "a.wasm": "application/wasm",
    "app.webmanifest": "application/manifest+json",
    "with%20space.txt": "text/plain; charset=utf-8",
  };
  for (const [name, type] of Object.entries(expected)) {
    const response = await fetch(server.url + name);
    assert.equal(response.status, 200, name);
    assert.equal(response.headers.get("content-type"), type);
    assert.equal(response.headers.get("content-security-policy"), POLICY);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(Number(response.headers.get("content-length")), (await response.arrayBuffer()).byteLength);
  }
  const frame = await fetch(`${server.url}message.html`);
  assert.equal(frame.headers.get("content-security-policy"), MESSAGE_POLICY);
  assert.equal(frame.headers.get("x-dns-prefetch-control"), "off");
  await frame.arrayBuffer();
});

test("the demo's one library is served beside it, and nothing else of node_modules", async (t) => {
  const server = await serve();
  t.after(() => server.close());
  const library = await fetch(`${server.url}vendor/dompurify/purify.es.mjs`);
  assert.equal(library.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.match(await library.text(), /export default|as default/);
  for (const target of ["/vendor/dompurify/../package.json", "/vendor/playwright-core/package.json", "/node_modules/dompurify/package.json"]) {
    assert.equal((await rawStatus(server.port, target)).status, 404, target);
  }
  const images = await fetch(`${server.url}message-images.html`);
  assert.equal(images.headers.get("content-security-policy"), IMAGES_POLICY);
  await images.arrayBuffer();
});

test("the policies let no inline script and no foreign host in", () => {
  for (const policy of [POLICY, MESSAGE_POLICY]) {
    assert.match(policy, /^default-src 'none';/);
    assert.doesNotMatch(policy, /https?:|\*|'unsafe-eval'|script-src[^;]*'unsafe-inline'|allow-scripts/);
  }
  assert.doesNotMatch(POLICY, /'unsafe-inline'/);
  assert.doesNotMatch(MESSAGE_POLICY, /script-src|connect-src|frame-src/);
  assert.equal(IMAGES_POLICY.replace(" https: http:", ""), MESSAGE_POLICY, "pictures, and nothing else, may come from elsewhere");
});

test("nothing outside the folder, hidden or malformed is served", async (t) => {
  const { server, site, folder } = await started(t, { "index.html": "home", ".hidden": "secret" });
  await symlink(path.join(folder, "secret.txt"), path.join(site, "link.txt"));
  assert.equal((await rawStatus(server.port, "/index.html")).status, 200);
  const targets = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/sub/../../secret.txt",
    "/sub/%2e%2e%2f%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/link.txt",
    "/.hidden",
    "/sub",
    "/sub/",
    "/index.html/",
    "/index.html%00.txt",
    "/%",
    "//secret.txt",
    "/none",
  ];
  for (const target of targets) {
    const { status, text } = await rawStatus(server.port, target);
    assert.equal(status, 404, target);
    assert.doesNotMatch(text, /secret$/);
  }
});

test("a request line that is no URL is answered, and the server goes on", async (t) => {
  const { server } = await started(t, { "index.html": "home" });
  const { status } = await rawStatus(server.port, "http://[");
  assert.equal(status, 404);
  assert.equal(await (await fetch(server.url)).text(), "home");
});

test("HEAD sends no body, other methods are refused, an unchanged file is not sent again", async (t) => {
  const { server } = await started(t, { "index.html": "home" });
  const head = await fetch(server.url, { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), "4");
  assert.equal(await head.text(), "");
  const post = await fetch(server.url, { method: "POST", body: "x" });
  assert.equal(post.status, 405);
  await post.text();
  const again = await fetch(server.url, { headers: { "if-none-match": head.headers.get("etag") } });
  assert.equal(again.status, 304);
});

test("a port that is taken is passed over, or is an error when no other may be tried", async (t) => {
  const { server } = await started(t, { "index.html": "home" });
  await assert.rejects(serve({ port: server.port }), { code: "EADDRINUSE" });
  const next = await serve({ port: server.port, tries: 20 });
  assert.ok(next.port > server.port && next.port <= server.port + 20);
  await next.close();
});
