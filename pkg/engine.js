// The compiled engine: loading it, calling it, and what happens when it breaks. Not here: what it does.

import { Border, letGo } from "./border.js";
import { found } from "./engine_parts.js";
import { given, unloadable } from "./engine_source.js";
import { MailboxError, fromEngine } from "./errors.js";
import { createGlue } from "./wasm/glue.js";

let current; // a promise of the page's engine
let kept; // the module of one that broke, and its rest: another can be started from it without a network

/**
 * The page's engine, loaded by the first call; after a failed load by the next; after it broke, started
 * anew by the next. All entries share it. `source` is what the caller gave; `fallback` finds the engine where that is
 * absent: an answer of its own, or a list of addresses of its parts, of which the first with an engine are taken.
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
  const parts = kept ?? (source === undefined ? await found(fallback) : { module: await given(source) });
  const { module, rest } = parts;
  const border = new Border();
  const glue = createGlue(
    (exports) => border.guard(exports),
    () => rest.now(),
  );
  try {
    let trap;
    border.onBreak = (error) => (trap = error);
    await glue.default({ module_or_path: module });
    if (border.closed) throw trap;
  } catch (cause) {
    throw unloadable("the engine did not start", cause);
  }
  if (glue.isPart()) await rest.joinsAtOnce(glue);
  const engine = new Engine(glue, border);
  if (glue.isPart()) rest.joinsInAPause(glue, () => engine.lastCall);
  engine.whenBroken(() => (kept = parts));
  return engine;
}

/** One instance of the engine. Calls in flight are known, so that none waits for ever when it breaks. */
export class Engine {
  #glue;
  #border;
  #held;
  #inFlight = new Set();
  #broken;
  #listeners = [];
  #lastCall = performance.now();

  constructor(glue, border) {
    this.#glue = glue;
    this.#border = border;
    this.#held = glue.remains();
    border.onBreak = (error) => this.#break(error?.message ?? String(error), error);
    // A panic comes with its words; what follows it is a trap without.
    glue.onPanic((message) => this.#break(message));
  }

  /** When it was last called, or answered, by `performance.now()`. */
  get lastCall() {
    return this.#lastCall;
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
      this.#lastCall = performance.now();
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
          this.#lastCall = performance.now();
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
    // Its rest could not be loaded: no defect.
    const code = cause instanceof MailboxError ? cause.code : "INTERNAL";
    this.#broken = new MailboxError(code, `the engine broke and must be opened anew: ${message}`, { cause });
    const inFlight = [...this.#inFlight];
    this.#inFlight.clear();
    for (const reject of inFlight) reject(this.#broken);
    for (const held of [...this.#held]) letGo(held);
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
