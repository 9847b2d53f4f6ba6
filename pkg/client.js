// Sessions whose engine is in a worker: everything asked of them crosses a port. Not here: the other side
// (host.js), and any check of what is asked, which is made there.

import { isSignal, reading } from "./arguments.js";
import { MailboxError, closed, invalid } from "./errors.js";
import { forgetting, nameOf, recalled, remember } from "./marker.js";
import { READS, holdLock, listen, locksFor, pack, unpackError } from "./protocol.js";
import { RemoteMailboxData, RemoteMessage, RemoteSession, RemoteView, asked, itOf, markedOf } from "./remote.js";
import { Items, RemoteStream, endOf, sendable } from "./remote_streams.js";
import { isTelling } from "./results.js";
import { abandonable, onAbort } from "./signals.js";
import { version } from "./version.js";

export { ERROR_CODES, MailboxError } from "./errors.js";

/** Milliseconds within which a worker must have said that it serves. */
const PATIENCE = 60_000;

/** Whatever says where the engine is, in a form that can be sent. */
async function portableWasm(source, shared) {
  let given;
  try {
    given = await source;
  } catch (cause) {
    throw new MailboxError("UNAVAILABLE", "the engine that was promised did not come", { cause });
  }
  const tag = Object.prototype.toString.call(given);
  if (tag === "[object WebAssembly.Module]" && shared) {
    throw invalid("a compiled module cannot be sent to a shared worker: give its address or bytes");
  }
  if (tag === "[object Response]") {
    if (!given.ok) throw new MailboxError("UNAVAILABLE", `${given.url} answered ${given.status}`);
    return given.arrayBuffer();
  }
  if (typeof given !== "string" && tag !== "[object URL]") return given;
  try {
    return new URL(given, globalThis.document?.baseURI ?? globalThis.location?.href).href;
  } catch {
    return given;
  }
}

/** The name of the database meant; what cannot be one is refused in the worker. */
function named(options) {
  try {
    return String(nameOf(Object(options)));
  } catch {
    return "";
  }
}

/** Where there is such a thing: what nobody holds any more is let go in the worker. */
const forgotten = typeof FinalizationRegistry === "function" ? new FinalizationRegistry((letGo) => letGo()) : undefined;

class Connection {
  #port;
  #worker;
  #shared;
  #onIdle;
  #pending = new Map();
  #views = new Map();
  #sessions = new Set();
  #opening = 0;
  #last = 0;
  #dead;
  #late;
  #ending = new AbortController();
  #letGo = () => {};

  constructor(port, { worker, shared = false, onIdle } = {}) {
    this.#port = port;
    this.#worker = worker;
    this.#shared = shared;
    this.#onIdle = onIdle;
    listen(port, "message", ({ data }) => this.#handlers[data?.type]?.(data));
    listen(port, "messageerror", () => this.#handlers.lost());
    listen(port, "close", () => this.#die(closed("worker")));
    if (worker) {
      listen(worker, "error", ({ error, message, data }) => {
        if (this.#late === undefined) return;
        this.#die(new MailboxError("UNAVAILABLE", "the worker could not be started", { cause: error ?? data ?? message }));
      });
      if (worker.on) listen(worker, "exit", () => this.#die(closed("worker")));
    }
    port.start?.();
    this.#keepAwake(false);
    // One that was ended before, or serves nothing, says so in no other way.
    this.#late = setTimeout(() => this.#die(new MailboxError("UNAVAILABLE", "the worker does not answer")), PATIENCE);
    this.#late.unref?.();
    // The page's own worker ends with it; others must be told that it did.
    const locks = shared ? locksFor(port) : undefined;
    if (locks) this.#letGo = holdLock(locks, (lock) => this.#post({ type: "lock", lock }));
  }

  get closed() {
    return this.#dead !== undefined;
  }

  #handlers = {
    ready: ({ version: theirs }) => {
      this.#answered();
      if (theirs === version) return;
      this.#die(new MailboxError("UNAVAILABLE", `the worker runs version ${theirs} and not ${version}: reload`));
    },
    lock: ({ lock }) => {
      const gone = locksFor(this.#port)?.request(lock, { signal: this.#ending.signal }, () => this.#die(closed("worker")));
      gone?.catch(() => {});
    },
    lost: () => this.#die(new MailboxError("UNAVAILABLE", "what was sent between page and worker cannot be read there")),
    answer: ({ id, value, made, done, views }) => {
      const call = this.#settled(id);
      const answer = made ? this.#made(value, made, call?.it) : value;
      this.#learn(views);
      if (call?.stream) call.resolve({ value: answer, done });
      else if (call?.thrown) call.reject(call.thrown.error);
      else if (call?.signal?.aborted && !(answer?.updates && isTelling(answer.updates))) call.reject(call.signal.reason);
      else call?.resolve(answer);
    },
    failed: ({ id, at, error, views }) => {
      const call = this.#settled(id);
      this.#learn(views);
      if (call?.thrown) call.reject(call.thrown.error);
      else call?.reject(at === undefined ? unpackError(error) : call.specials[at].reason);
    },
    callback: ({ id, at, args }) => {
      const call = this.#pending.get(id);
      if (!call || call.thrown || call.signal?.aborted) return;
      try {
        call.specials[at](...args);
      } catch (error) {
        call.thrown = { error };
        this.#post({ type: "threw", id });
      }
    },
    more: ({ id, at }) => {
      const call = this.#pending.get(id);
      const send = (item) => this.#pending.has(id) && this.#post({ type: "item", id, item });
      call?.specials[at].more(send, (error) => {
        call.thrown ??= { error };
      });
    },
    stop: ({ id, at }) => this.#pending.get(id)?.specials[at].stop(),
  };

  #answered() {
    clearTimeout(this.#late);
    this.#late = undefined;
  }

  #post(message) {
    try {
      this.#port.postMessage(message);
    } catch (cause) {
      if (cause?.name !== "DataCloneError") throw cause;
      throw new MailboxError("INVALID_ARGUMENT", `a worker cannot be sent this: ${cause.message}`, { cause });
    }
  }

  #settled(id) {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    for (const stop of call?.stops ?? []) stop();
    return call;
  }

  #learn(views) {
    for (const [id, closed, exists, recent, modSeq] of views) {
      const about = this.#views.get(id);
      if (about) Object.assign(about, { closed, exists, recent, modSeq });
      if (closed) this.#views.delete(id);
    }
  }

  #made(value, { session, data, view, messages, ...about }, it) {
    if (session !== undefined) {
      const made = { connection: this, id: session, session: { id: session, closing: undefined, over: false } };
      this.#sessions.add(made.session);
      return new RemoteSession(made, about);
    }
    if (data !== undefined) {
      const made = new RemoteMailboxData({ ...it, id: data });
      forgotten?.register(made, () => this.#quietly({ type: "drop", id: data }));
      return made;
    }
    if (view !== undefined) {
      this.#views.set(view, about);
      return { selected: new RemoteView({ ...it, id: view, about }), ...value };
    }
    const session_ = { ...it, id: it.session.id };
    return { ...value, messages: value.messages.map((each) => new RemoteMessage(session_, messages, each)) };
  }

  #newCall(it) {
    this.#last += 1;
    return { id: this.#last, it, specials: [], stops: [] };
  }

  #send(type, call, face, method, given) {
    const special = (value) => {
      const it = itOf(value);
      if (it?.connection === this) return { object: it.id };
      const at = call.specials.length;
      const mark =
        (isSignal(value) && { at, signal: value.aborted }) ||
        (value instanceof Items && { at, items: true }) ||
        (typeof value === "function" && { at, callback: true });
      if (!mark) return undefined;
      call.specials.push(value);
      return mark;
    };
    const { id } = call;
    const packed = reading("what is sent to a worker", () => pack(sendable(method, given), special));
    this.#post({ type, id, on: call.it?.id, face, method, ...packed });
    if (READS.includes(method)) call.signal = call.specials.find(isSignal);
    for (const [at, signal] of call.specials.entries()) {
      if (isSignal(signal) && !signal.aborted) call.stops.push(onAbort(signal, () => this.#quietly({ type: "abort", id, at })));
    }
  }

  async call(it, face, method, args) {
    if (it?.session.closing) throw closed("session");
    return this.#ask(it, face, method, args);
  }

  #ask(it, face, method, args) {
    return new Promise((resolve, reject) => {
      if (this.#dead) throw this.#dead;
      const call = Object.assign(this.#newCall(it), { resolve, reject });
      this.#send("call", call, face, method, args);
      this.#pending.set(call.id, call);
    });
  }

  /** What is asked of a stream that is there. */
  #askStream(type, stream) {
    return new Promise((resolve, reject) => {
      if (this.#dead) throw this.#dead;
      const call = Object.assign(this.#newCall(stream.it), { resolve, reject, stream: true, specials: stream.specials });
      this.#post({ type, id: call.id, of: stream.id });
      this.#pending.set(call.id, call);
    });
  }

  stream(it, face, method, args) {
    const call = Object.assign(this.#newCall(it), { begun: false, ended: false, feed: method === "changes", failure: undefined });
    const begin = () => {
      call.begun = true;
      try {
        if (this.#dead || it.session.closing) throw this.#dead ?? closed("session");
        this.#send("stream", call, face, method, args);
      } catch (error) {
        call.failure = { error };
      }
    };
    // What happens is told from the call on; anything else begins when it is first read.
    if (call.feed) begin();
    return this.#watched(new RemoteStream(call, begin, (type) => this.#askStream(type, call)), call);
  }

  /** By itself, so that what waits for the iterator's end does not hold it. */
  #watched(stream, call) {
    forgotten?.register(stream, () => {
      if (!call.begun || call.ended) return;
      endOf(call);
      this.#quietly({ type: "return", of: call.id });
    });
    return stream;
  }

  /** Counts as use of the worker until it settles. */
  #use(promise) {
    this.#opening += 1;
    this.#keepAwake(true);
    const settled = () => {
      this.#opening -= 1;
      this.#released();
    };
    promise.then(settled, settled);
    return promise;
  }

  async #entry(method, { before = [], options, after = [] }) {
    const wasm = options?.wasm ?? undefined;
    const given = wasm === undefined ? options : { ...options, wasm: await portableWasm(wasm, this.#shared) };
    return this.#ask(undefined, "Entry", method, [...before, given, ...after]);
  }

  async #opened(options) {
    // The worker knows whether it is a database that windows remember.
    const name = named(options);
    const session = await this.#entry("openSession", { options, after: [recalled(name)] });
    if (markedOf(session)) remember(name, session.databaseId);
    return session;
  }

  async openSession(options) {
    const opening = this.#use(this.#opened(options));
    try {
      return await abandonable(opening, isSignal(options?.signal) ? options.signal : undefined);
    } catch (error) {
      // Given up: a session that still opens has nobody to close it.
      opening.then(
        (session) => session.close().catch(() => {}),
        () => {},
      );
      throw error;
    }
  }

  deleteDatabase(database, options) {
    const name = named(typeof database === "string" ? { database } : database);
    return this.#use(forgetting(name, this.#entry("deleteDatabase", { before: [database], options })));
  }

  async closeSession(session) {
    try {
      // What waits for nothing but the worker's end has it.
      if (!this.#dead) await this.#ask({ connection: this, id: session.id, session }, "Session", "close", []);
    } catch (error) {
      if (!this.#dead) throw error;
    } finally {
      session.over = true;
      this.#sessions.delete(session);
      this.#released();
    }
  }

  #released() {
    if (this.#opening + this.#sessions.size > 0 || this.#dead) return;
    this.#keepAwake(false);
    this.#onIdle?.();
  }

  /** Where a program ends by itself, only open sessions keep it from that. */
  #keepAwake(awake) {
    for (const each of [this.#port, this.#worker]) {
      if (awake) each?.ref?.();
      else each?.unref?.();
    }
  }

  #quietly(message) {
    if (!this.#dead) this.#post(message);
  }

  #die(reason) {
    if (this.#dead) return;
    // In case the other side lives on.
    this.#quietly({ type: "bye" });
    this.#dead = reason;
    this.#answered();
    this.#ending.abort();
    this.#letGo();
    for (const id of [...this.#pending.keys()]) {
      const call = this.#settled(id);
      for (const special of call.specials) if (special instanceof Items) special.stop();
      call.reject(call.thrown?.error ?? reason);
    }
    for (const about of this.#views.values()) about.closed = true;
    this.#views.clear();
    this.#port.close?.();
    this.#onIdle?.();
  }

  /** Closes what is open; ends the worker if it is this connection's own. */
  async close({ terminate = false } = {}) {
    await Promise.allSettled([...this.#sessions].map((session) => (session.closing ??= this.closeSession(session))));
    this.#die(closed("worker"));
    if (terminate) await this.#worker?.terminate();
  }
}

/** What was closed from here. */
const left = new WeakSet();

/** Opens sessions in a worker. */
class MailboxWorker {
  #connection;
  #own;

  constructor(connection, own) {
    this.#connection = connection;
    this.#own = own;
  }

  get closed() {
    return this.#connection.closed;
  }

  openSession(options) {
    return this.#connection.openSession(options);
  }

  deleteDatabase(database, options) {
    return this.#connection.deleteDatabase(database, options);
  }

  close() {
    if (!this.closed) left.add(this);
    return this.#connection.close({ terminate: this.#own });
  }
}

const here = String(import.meta.url);

function start(shared) {
  const module = { type: "module", name: "offline-mailbox" };
  // The development servers of Vite 7 and before: as engine_file.js says.
  const [modules, inside] = here.split("/.vite/");
  const served = `${modules}/offline-mailbox/worker.js`;
  try {
    if (shared) {
      if (inside !== undefined) return new SharedWorker(served, module);
      return new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module", name: "offline-mailbox" });
    }
    if (typeof Worker === "function") {
      if (inside !== undefined) return new Worker(served, module);
      return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "offline-mailbox" });
    }
    // By an address that bundlers for browsers do not take for one more file of theirs.
    const { Worker: Thread } = process.getBuiltinModule("node:worker_threads");
    return new Thread(new URL("worker.js", here));
  } catch (cause) {
    throw new MailboxError("UNAVAILABLE", `a ${shared ? "shared " : ""}worker cannot be started here`, { cause });
  }
}

function connected(target, options) {
  if (typeof target?.terminate !== "function") {
    const shared = true;
    if (target?.port) return new Connection(target.port, { ...options, worker: target, shared });
    return new Connection(target, { ...options, shared });
  }
  const { port1, port2 } = new MessageChannel();
  const connection = new Connection(port1, { ...options, worker: target });
  target.postMessage({ type: "offline-mailbox", port: port2 }, [port2]);
  return connection;
}

export function createWorker(options) {
  return created(options?.shared ?? false);
}

function created(shared, onIdle) {
  return new MailboxWorker(connected(start(shared), { onIdle }), !shared);
}

const known = new WeakMap();

export function connect(target) {
  if (target instanceof MailboxWorker) return target;
  const reachable = target?.port ?? target;
  if (typeof reachable?.postMessage !== "function") throw invalid("a worker must be a Worker, a SharedWorker or a MessagePort");
  let worker = known.get(target);
  // A worker that was left is there still; one that ended is not, nor is a port that was closed.
  if (!worker || (left.has(worker) && typeof target.terminate === "function")) {
    worker = new MailboxWorker(connected(target), false);
    known.set(target, worker);
  }
  return worker;
}

let own;

export const liveOwnWorker = () => (own?.closed ? undefined : own);

/** The page's own worker: started by the first who asks, ended with its last session. */
export function ownWorker() {
  if (!own || own.closed) {
    const worker = created(false, () => {
      if (own === worker) own = undefined;
      worker.close();
    });
    own = worker;
  }
  return own;
}
