// The compiled engine: loading it, calling it, and what happens when it breaks. Not here: what it does.

import { MailboxError, fromEngine } from "./errors.js";
import * as firstGlue from "./wasm/offline_mailbox.js";

const UNLOADABLE = "UNAVAILABLE";

let current; // a promise of the page's engine
let loads = 0;

/** The page's engine, loaded by the first call; after a failed load, or a broken engine, by the next. */
export function loadEngine(source) {
  if (current === undefined) {
    const loading = load(source);
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

async function load(source) {
  loads += 1;
  const module_or_path = await compiled(await given(source));
  const glue = await freshGlue();
  try {
    await glue.default({ module_or_path });
    used = true;
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, "the engine did not start", { cause });
  }
  return new Engine(glue);
}

/** Where the engine comes from, once a promise of that has settled. */
async function given(source) {
  if (source === undefined) return new URL("./wasm/offline_mailbox_bg.wasm", import.meta.url);
  try {
    return await source;
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, "the engine that was promised did not come", { cause });
  }
}

let used = false;

/** The loader for a new instance. It holds one for good, so that a second needs a new copy of it. */
async function freshGlue() {
  if (!used) return firstGlue;
  // A bundle has no such file, and a service worker cannot import later: there only a reload helps.
  const address = new URL("./wasm/offline_mailbox.js", import.meta.url);
  address.searchParams.set("load", String(loads));
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ address.href);
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, "the engine cannot be started a second time here; reload the page", { cause });
  }
}

async function compiled(source) {
  const tag = Object.prototype.toString.call(source);
  if (tag === "[object WebAssembly.Module]") return source;
  if (ArrayBuffer.isView(source) || tag === "[object ArrayBuffer]") return compiledBytes(source, "the given bytes");
  if (tag === "[object Response]") return compiledResponse(source);
  let address;
  try {
    address = new URL(String(source), import.meta.url);
  } catch (cause) {
    throw new MailboxError("INVALID_ARGUMENT", "wasm must be bytes, an address, a Response or a module", { cause });
  }
  if (address.protocol === "file:" && typeof process === "object") {
    return compiledBytes(await readFile(address), address.href);
  }
  let response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, `${address.href} could not be fetched`, { cause });
  }
  return compiledResponse(response);
}

async function readFile(address) {
  try {
    // Not by a plain import: bundlers for browsers would look for the module.
    const name = "node:fs/promises";
    const fs = process.getBuiltinModule?.(name) ?? (await import(/* @vite-ignore */ /* webpackIgnore: true */ name));
    return await fs.readFile(address);
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, `${address.href} could not be read`, { cause });
  }
}

async function compiledResponse(response) {
  if (!response.ok) throw new MailboxError(UNLOADABLE, `${response.url} answered ${response.status}`);
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/wasm")) {
    try {
      return await WebAssembly.compileStreaming(response);
    } catch (cause) {
      throw new MailboxError(UNLOADABLE, `${response.url} is not the engine, or this platform cannot run it`, { cause });
    }
  }
  let bytes;
  try {
    bytes = await response.arrayBuffer();
  } catch (cause) {
    throw new MailboxError(UNLOADABLE, `${response.url} could not be read`, { cause });
  }
  return compiledBytes(bytes, response.url);
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
        'With Vite\'s development server add optimizeDeps: { exclude: ["offline-mailbox"] }; elsewhere copy ' +
        "offline_mailbox_bg.wasm from this package to where it is served and pass its address as openSession({ wasm }).",
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
  #inFlight = new Set();
  #broken;
  #listeners = [];

  constructor(glue) {
    this.#glue = glue;
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
        if (error instanceof WebAssembly.RuntimeError) this.#break(error.message, error);
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
    try {
      return run(this.#glue);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#break(error.message, error);
      throw this.#broken ?? fromEngine(error);
    }
  }

  /** For what matters to an engine only while it works: letting go of its objects, ending its waits. */
  quietly(run) {
    if (this.#broken) return;
    try {
      run();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#break(error.message, error);
    }
  }

  #break(message, cause) {
    if (this.#broken) return;
    this.#broken = new MailboxError("INTERNAL", `the engine broke and must be opened anew: ${message}`, { cause });
    const inFlight = [...this.#inFlight];
    this.#inFlight.clear();
    for (const reject of inFlight) reject(this.#broken);
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
