// What stands in the page for a session and its objects in a worker: their methods, and what these are asked
// of. Not here: how a call crosses (client.js), and what it does over there.

import { METHODS, STREAMS } from "./protocol.js";

export let itOf;

/** What stands for an object of the worker: `it` is its id, its session and the connection. */
class Remote {
  #it;

  static {
    itOf = (value) => (typeof value === "object" && value !== null && #it in value ? value.#it : undefined);
  }

  constructor(it) {
    this.#it = it;
  }
}

export class RemoteView extends Remote {}

for (const name of ["mailboxId", "readonly", "closed", "exists", "recent", "modSeq"]) {
  Object.defineProperty(RemoteView.prototype, name, {
    get() {
      return itOf(this).about[name];
    },
    configurable: true,
  });
}

class RemoteMailboxSet extends Remote {}
class RemoteFilterSet extends Remote {}
export class RemoteMailboxData extends Remote {}

/** Whether windows remember the id of a session's database. */
export let markedOf;

export class RemoteSession extends Remote {
  static {
    markedOf = (session) => session.#about.marked;
  }

  #about;
  #mailboxSet;
  #filterSet;

  constructor(it, about) {
    super(it);
    this.#about = about;
    this.#mailboxSet = new RemoteMailboxSet(it);
    this.#filterSet = new RemoteFilterSet(it);
  }

  get owner() {
    return this.#about.owner;
  }

  get databaseId() {
    return this.#about.databaseId;
  }

  get mailboxSet() {
    return this.#mailboxSet;
  }

  get filterSet() {
    return this.#filterSet;
  }

  get closed() {
    return itOf(this).session.closing !== undefined;
  }

  close() {
    const { session, connection } = itOf(this);
    session.closing ??= connection.closeSession(session);
    return session.closing;
  }

  async requestPersistence() {
    const promised = await itOf(this).connection.call(itOf(this), "Session", "requestPersistence", []);
    // Only windows can ask.
    return promised || ((await globalThis.navigator?.storage?.persist?.().catch(() => false)) ?? false);
  }
}

const SOURCE = Symbol("source");

/** As what it stands for: data, and methods that clones, JSON and loops do not see. */
export class RemoteMessage {
  constructor(it, mailboxId, data) {
    Object.assign(this, data);
    Object.defineProperty(this, SOURCE, { value: () => ({ it, mailboxId, uid: data.uid }), configurable: true });
  }
}

const FACES = {
  Session: RemoteSession,
  MailboxSet: RemoteMailboxSet,
  FilterSet: RemoteFilterSet,
  MailboxData: RemoteMailboxData,
  FetchedMessage: RemoteMessage,
};

/** What a method is asked of, and what of that goes with it. */
export function asked(object, args) {
  if (!(object instanceof RemoteMessage)) return { it: itOf(object), args };
  const { it, mailboxId, uid } = object[SOURCE]();
  return { it, args: [{ mailboxId, uid, attachments: object.attachments }, ...args] };
}

for (const [face, { prototype }] of Object.entries(FACES)) {
  const add = (method, value) => {
    if (Object.hasOwn(prototype, method)) return;
    Object.defineProperty(prototype, method, { value, configurable: true, writable: true });
  };
  for (const method of METHODS[face]) {
    add(method, function (...given) {
      const { it, args } = asked(this, given);
      return it.connection.call(it, face, method, args);
    });
  }
  for (const method of STREAMS[face] ?? []) {
    add(method, function (...given) {
      const { it, args } = asked(this, given);
      const stream = it.connection.stream(it, face, method, args);
      return face === "Session" ? stream : readable(stream);
    });
  }
}

function readable(stream) {
  const source = {
    async pull(controller) {
      const { value, done } = await stream.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => stream.return(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
