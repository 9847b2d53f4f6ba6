// Where the engine comes from: bytes, addresses, files, responses, compiled. Not here: running it (engine.js).

import { MailboxError, invalid } from "./errors.js";

export const unloadable = (message, cause) => new MailboxError("UNAVAILABLE", message, { cause });

/** As `openSession({ wasm })` is given it. */
export async function given(source) {
  let settled;
  try {
    settled = await source;
  } catch (cause) {
    throw unloadable("the engine that was promised did not come", cause);
  }
  return compiled(settled);
}

/** A module of bytes, an address, a response or a module. */
export async function compiled(source) {
  const tag = Object.prototype.toString.call(source);
  if (tag === "[object WebAssembly.Module]") return source;
  if (ArrayBuffer.isView(source) || tag === "[object ArrayBuffer]") return compiledBytes(source, "what was given as wasm");
  if (tag === "[object Response]") return compiledResponse(source);
  if (typeof source !== "string" && tag !== "[object URL]") {
    throw invalid("wasm must be bytes, an address, a Response or a module");
  }
  const address = String(source);
  const file = fileOf(address);
  if (file !== undefined) return compiledBytes(await readFile(file), address);
  let response;
  try {
    // A relative address is the page's or the worker's, as everywhere in the platform.
    response = await fetch(address);
  } catch (cause) {
    throw unloadable(`${address} could not be fetched. ${REMEDY}`, cause);
  }
  return compiledResponse(response);
}

export const REMEDY =
  "Serve offline_mailbox_bg.wasm of this package and pass its address as openSession({ wasm }), " +
  'or import "offline-mailbox/inline", which carries the engine inside.';

/** What to read where an address means a file: in Node, Deno and Bun. There, what is no URL is a path. */
export function fileOf(address) {
  if (typeof process !== "object" || process === null || process.versions?.node === undefined) return undefined;
  if (!URL.canParse(address)) return typeof location === "object" ? undefined : address;
  const url = new URL(address);
  return url.protocol === "file:" ? url : undefined;
}

async function readFile(file) {
  try {
    // Not by a plain import: bundlers for browsers would look for the module.
    const name = "node:fs/promises";
    const fs = process.getBuiltinModule?.(name) ?? (await import(/* @vite-ignore */ /* webpackIgnore: true */ name));
    return await fs.readFile(file);
  } catch (cause) {
    throw unloadable(`${file} could not be read. ${REMEDY}`, cause);
  }
}

async function compiledResponse(response) {
  const from = response.url || "the given response";
  if (!response.ok) throw unloadable(`${from} answered ${response.status}. ${REMEDY}`);
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/wasm")) {
    try {
      return await WebAssembly.compileStreaming(response);
    } catch (cause) {
      throw unloadable(`${from} is not the engine, or this platform cannot run it`, cause);
    }
  }
  let bytes;
  try {
    bytes = await response.arrayBuffer();
  } catch (cause) {
    throw unloadable(`${from} could not be read`, cause);
  }
  return compiledBytes(bytes, from);
}

async function compiledBytes(source, from) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const beginning = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (beginning.startsWith("<")) {
    throw unloadable(
      `${from} is a page of HTML, not the engine: the server answers unknown addresses with its index page. ` +
        `With Vite's development server add optimizeDeps: { exclude: ["offline-mailbox"] }. Elsewhere: ${REMEDY}`,
    );
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw unloadable(`${from} is not the engine, or this platform cannot run it`, cause);
  }
}
