// The engine of the package, in two parts: the first can open and show mailboxes, the rest comes while it does, or in
// the middle of a call that needs it. Not here: what is in which (scripts/wasm-split.mjs), and running them (engine.js).

import { REMEDY, compiled, fileOf, unloadable } from "./engine_source.js";
import { MailboxError } from "./errors.js";

/** Milliseconds without a call, after which the rest is loaded: a first list is shown by then. */
const PAUSE = 150;

/** What an entry's `fallback` finds: a module, and the rest of the engine, where the module is only its first part. */
export async function found(fallback) {
  let source;
  try {
    source = await fallback();
  } catch (cause) {
    if (cause instanceof MailboxError) throw cause;
    // In a bundle of a format that has no import.meta.
    throw unloadable(`this bundle does not know its own address. ${REMEDY}`, cause);
  }
  if (!Array.isArray(source)) return { module: await compiled(source) };
  let failure;
  for (const { first, rest } of source) {
    try {
      const later = rest && new Rest(rest);
      return { module: await compiled(first), rest: later };
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Reads a file without waiting; not every Node has it for a module that must not name it. */
const reader = () => globalThis.process?.getBuiltinModule?.("node:fs").readFileSync;

/**
 * Whether what is at the address can be had in the middle of a call. In a window it could, but would
 * stop the page; in a service worker it cannot.
 */
function isAtHand(address) {
  if (fileOf(address) !== undefined) return reader() !== undefined;
  return globalThis.document === undefined && typeof XMLHttpRequest === "function";
}

function octetsNow(address) {
  const file = fileOf(address);
  if (file !== undefined) return reader()(file);
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${address} answered ${request.status}`);
  return request.response;
}

class Rest {
  #address;
  #module;
  #coming;

  constructor(address) {
    this.#address = String(address);
    // Beside the first part, where it has to be there from the beginning.
    if (!isAtHand(this.#address)) this.#later().catch(() => {});
  }

  #later() {
    this.#coming ??= compiled(this.#address).then(
      (module) => (this.#module = module),
      (error) => {
        this.#coming = undefined;
        throw error;
      },
    );
    return this.#coming;
  }

  /** The module, without waiting. Fails with `UNAVAILABLE`. */
  now() {
    try {
      this.#module ??= new WebAssembly.Module(octetsNow(this.#address));
    } catch (cause) {
      throw unloadable(`the rest of the engine could not be loaded from ${this.#address}`, cause);
    }
    return this.#module;
  }

  /** Joins the running first part now, where it could not come in the middle of a call; else does nothing. */
  async joinsAtOnce(glue) {
    if (this.#module || !isAtHand(this.#address)) await glue.join(await this.#later());
  }

  /** Joins it when nothing was asked of it for a while; `lastCall` says when something was. */
  joinsInAPause(glue, lastCall) {
    const look = () => {
      if (!glue.isPart()) return;
      const left = lastCall() + PAUSE - performance.now();
      if (left > 0) wait(left);
      // If it fails, the call that needs it tries again and says so.
      else this.#later().then(glue.join).catch(() => {});
    };
    const wait = (milliseconds) => setTimeout(look, milliseconds).unref?.();
    wait(PAUSE);
  }
}
