// The border of the compiled engine: every way into it leads through here, so that what breaks it is seen
// wherever it happens. Not here: what becomes of the calls then (engine.js).

/** What is thrown at the door, before anything ran: it breaks nothing. */
const REFUSED = /^(closure invoked|null pointer passed|recursive use of|attempted to take ownership)/;

/** What the loader can take apart as any answer. */
const NOTHING = 0;

export class Border {
  #depth = 0;
  #closed = false;
  #broke = () => {};

  /** Calls back with what the engine broke by, once. */
  set onBreak(listener) {
    this.#broke = listener;
  }

  get closed() {
    return this.#closed;
  }

  /** From now on nothing enters. */
  close() {
    this.#closed = true;
  }

  /** The engine's functions, guarded. */
  guard(exports) {
    const guarded = Object.entries(exports).map(([name, each]) => [name, typeof each === "function" ? this.#guarded(each) : each]);
    return Object.fromEntries(guarded);
  }

  /**
   * An exception that leaves compiled code has skipped all that this code had yet to put right: a trap, no
   * memory, no stack, or a platform's function that threw. Timers, events and promises call in with nobody
   * to catch it, and the call that waited for them would wait for ever.
   */
  #guarded(run) {
    return (...args) => {
      if (this.#closed) return this.#refuse();
      this.#depth += 1;
      try {
        return run(...args);
      } catch (error) {
        if (REFUSED.test(error?.message)) throw error;
        if (!this.#closed) {
          this.#closed = true;
          this.#broke(error);
        }
        if (this.#depth > 1) throw error;
        return NOTHING;
      } finally {
        this.#depth -= 1;
      }
    };
  }

  #refuse() {
    // Engine code that is still under way further out must not go on.
    if (this.#depth > 0) throw new WebAssembly.RuntimeError("the engine broke");
    return NOTHING;
  }
}

/**
 * Lets go of what the platform holds for an engine that broke. A half-written transaction would be
 * committed by itself, an open connection stand in every other tab's way.
 */
export function letGo(held) {
  try {
    if (typeof held === "function") {
      held();
    } else if (Array.isArray(held)) {
      Promise.resolve(held[0].close()).catch(() => {});
    } else if ("onupgradeneeded" in held) {
      held.onupgradeneeded = () => held.transaction.abort();
      held.onsuccess = () => held.result.close();
    } else if ("abort" in held) {
      held.abort();
    } else {
      held.close();
    }
  } catch {
    // It has ended by itself.
  }
}
