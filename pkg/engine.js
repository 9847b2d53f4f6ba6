// The compiled engine: loading it, calling it, and what happens when it breaks. Not here: what it does.

import { Border, letGo } from "./border.js";
import { MailboxError, fromEngine, invalid } from "./errors.js";
import { createGlue } from "./wasm/glue.js";

const UNLOADABLE = "UNAVAILABLE";

let current; // a promise of the page's engine
let kept; // the module of one that broke: another can be started from it without a network

/**
 * The page's engine, loaded by the first call; after a failed load by the next; after it broke, started
 * anew by the next. All entries share it. `source` is what the caller gave; `fallback` finds the engine where that is
 * absent: an answer of its own, or a list of addresses, of which the first with an engine is taken.
 */
export function loadEngine(source, fallback) {
  if (current === undefined) {
    const loading = load(source, fallback);
    current = loading;
    loading.then(
      (engine) => engine.whenBroken(() => forget(loading)),
      () => forget(loading),
    );
  }
  return current;
}

function forget(loading) {
  if (current === loading) current = undefined;
}

/** The page's engine if it was ever asked for. */
export const loadedEngine = () => current;

async function load(source, fallback) {
  const module_or_path = kept ?? (await (source === undefined ? found(fallback) : given(source)));
  const border = new Border();
  const glue = createGlue((exports) => border.guard(exports));
  try {
    let trap;
    border.onBreak = (error) => (trap = error);
    await glue.default({ module_or_path });
    if (border.closed) throw trap;
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, "the engine did not start", { cause });
  }
  const engine = new Engine(glue, border);
  engine.whenBroken(() => (kept = module_or_path));
  return engine;
}

async function given(source) {
  let settled;
  try {
    settled = await source;
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, "the engine that was promised did not come", { cause });
  }
  return compiled(settled);
}

async function found(fallback) {
  let source;
  try {
    source = await fallback();
  } catch (cause) {
    if (cause instanceof MailboxError) throw cause;
    // In a bundle of a format that has no import.meta.
    throw new MailboxError(UNLOADABLE, `this bundle does not know its own address. ${REMEDY}`, { cause });
  }
  if (!Array.isArray(source)) return compiled(source);
  let first;
  for (const address of source) {
    try {
      return await compiled(address);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function compiled(source) {
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
    throw new MailboxError(UNLOADABLE, `${address} could not be fetched. ${REMEDY}`, { cause });
  }
  return compiledResponse(response);
}

const REMEDY =
  "Serve offline_mailbox_bg.wasm of this package and pass its address as openSession({ wasm }), " +
  'or import "offline-mailbox/inline", which carries the engine inside.';

/** What to read where an address means a file: in Node, Deno and Bun. There, what is no URL is a path. */
function fileOf(address) {
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
    throw new MailboxError(UNLOADABLE, `${file} could not be read. ${REMEDY}`, { cause });
  }
}

async function compiledResponse(response) {
  const from = response.url || "the given response";
  if (!response.ok) throw new MailboxError(UNLOADABLE, `${from} answered ${response.status}. ${REMEDY}`);
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/wasm")) {
    try {
      return await WebAssembly.compileStreaming(response);
    } catch (cause) {
      throw new MailboxError(UNLOADABLE, `${from} is not the engine, or this platform cannot run it`, { cause });
    }
  }
  let bytes;
  try {
    bytes = await response.arrayBuffer();
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, `${from} could not be read`, { cause });
  }
  return compiledBytes(bytes, from);
}

async function compiledBytes(source, from) {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const beginning = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (beginning.startsWith("<")) {
    throw new MailboxError(
      UNLOADABLE,
      `${from} is a page of HTML, not the engine: the server answers unknown addresses with its index page. ` +
        `With Vite's development server add optimizeDeps: { exclude: ["offline-mailbox"] }. Elsewhere: ${REMEDY}`,
    );
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, `${from} is not the engine, or this platform cannot run it`, { cause });
  }
}

/** One instance of the engine. Calls in flight are known, so that none waits for ever when it breaks. */
export class Engine {
  #glue;
  #border;
  #held;
  #inFlight = new Set();
  #broken;
  #listeners = [];

  constructor(glue, border) {
    this.#glue = glue;
    this.#border = border;
    this.#held = glue.remains();
    border.onBreak = (error) => this.#break(error?.message ?? String(error), error);
    // A panic comes with its words; what follows it is a trap without.
    glue.onPanic((message) => this.#break(message));
  }

  whenBroken(listener) {
    if (this.#broken) listener();
    else this.#listeners.push(listener);
  }

  /** Runs a call, which gets the engine's functions, and settles as the promise that it returns. */
  call(run) {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken);
        return;
      }
      this.#inFlight.add(reject);
      let answer;
      try {
        answer = Promise.resolve(run(this.#glue));
      } catch (error) {
        this.#inFlight.delete(reject);
        reject(this.#broken ?? fromEngine(error));
        return;
      }
      answer.then(
        (value) => {
          this.#inFlight.delete(reject);
          resolve(value);
        },
        (error) => {
          this.#inFlight.delete(reject);
          reject(fromEngine(error));
        },
      );
    });
  }

  /** As `call`, for what answers at once. */
  callNow(run) {
    if (this.#broken) throw this.#broken;
    let answer;
    try {
      answer = run(this.#glue);
    } catch (error) {
      throw this.#broken ?? fromEngine(error);
    }
    if (this.#broken) throw this.#broken;
    return answer;
  }

  /** For what matters to an engine only while it works: letting go of its objects, ending its waits. */
  quietly(run) {
    if (this.#broken) return;
    try {
      run();
    } catch {
      // What broke it, if anything did, is known by now.
    }
  }

  #break(message, cause) {
    if (this.#broken) return;
    this.#border.close();
    this.#broken = new MailboxError("INTERNAL", `the engine broke and must be opened anew: ${message}`, { cause });
    const inFlight = [...this.#inFlight];
    this.#inFlight.clear();
    for (const reject of inFlight) reject(this.#broken);
    for (const held of [...this.#held]) letGo(held);
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
