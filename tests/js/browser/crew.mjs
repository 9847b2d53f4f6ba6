// Runs in a tab: the actors of this tab and of the workers it starts, each called by its number.

import { Actor, NAMES, octetsOf } from "/tests/js/browser/actor.mjs";

const actors = new Map();

/** An actor in a dedicated worker, called by messages. */
function inWorker() {
  const worker = new Worker("/tests/js/browser/actor_worker.mjs", { type: "module" });
  const waiting = new Map();
  worker.addEventListener("message", ({ data: { id, value, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  worker.addEventListener("error", ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(`the worker broke: ${message}`));
  });
  let last = 0;
  return (method, ...given) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ id: last, method, given });
    });
}

/** A channel on which nothing is heard. */
class Deaf extends EventTarget {
  postMessage() {}
  close() {}
}

const crew = {
  /**
   * `where`: "page", "worker" (all of the actor in a worker), or "engine" (its engine in the session's own worker).
   * `deaf`: no broadcasts in this page.
   */
  async make(options, where, deaf) {
    if (deaf) globalThis.BroadcastChannel = Deaf;
    let call;
    if (where === "worker") {
      call = inWorker();
      await call("make", options);
    } else {
      const actor = new Actor({ ...options, worker: where === "engine" });
      call = async (method, ...given) => actor[method](...given);
    }
    actors.set(options.actor, { call, finished: undefined });
    await call("prepare");
  },

  /** Sets an actor to work; `state` tells when it is done. */
  go(number) {
    const actor = actors.get(number);
    actor.finished = false;
    actor.call("run").then(
      () => (actor.finished = true),
      (error) => (actor.finished = String(error?.stack ?? error)),
    );
  },

  async state() {
    const states = [];
    for (const [number, { call, finished }] of actors) states.push({ number, finished, ...(await call("told")) });
    return states;
  },

  call: (number, method, ...given) => actors.get(number).call(method, ...given),

  /** Mailboxes and messages to begin with. */
  async begin(owner) {
    const session = await mailbox.openSession({ owner });
    for (const name of NAMES.slice(1, 6)) await session.createMailbox(name);
    const empty = (await session.status(NAMES[1])).highestModSeq;
    const tokens = Array.from({ length: 8 }, (_, n) => `begin-${n}`);
    for (const token of tokens) await session.appendMessages("INBOX", [{ raw: octetsOf(token) }]);
    const found = { names: [], validities: [], modSeqs: [], messages: [], empty };
    for (const name of NAMES.slice(0, 6)) {
      const { mailboxId, uidValidity, highestModSeq } = await session.status(name);
      found.names.push([name, mailboxId]);
      found.validities.push([mailboxId, uidValidity]);
      found.modSeqs.push([uidValidity, highestModSeq]);
      if (name === "INBOX") tokens.forEach((token, at) => found.messages.push({ validity: uidValidity, uid: at + 1, token }));
    }
    await session.close();
    return found;
  },

  /** Everything that is there, as a session sees it that is opened now. */
  async end(owner, thorough) {
    const session = await mailbox.openSession({ owner });
    if (thorough) await session.cleanup({ thorough: true });
    const { problems } = await session.verify();
    const { mailboxes } = await session.listMailboxes();
    const found = [];
    for (const { name, attributes } of mailboxes) {
      if (attributes.includes("\\Noselect")) continue;
      const { selected, snapshot } = await session.selectMailbox(name, { readonly: true });
      const messages = [];
      for await (const page of session.fetchPages(selected, "1:*", { envelope: true, source: true, pageSize: 200 })) {
        for (const { uid, flags, modSeq, envelope, source } of page.messages) {
          const token = envelope.subject;
          messages.push({ uid, modSeq, flags: [...flags].sort(), token, whole: new TextDecoder().decode(source) === octetsOf(token) });
        }
      }
      const { mailboxId, uidValidity, uidNext, highestModSeq, exists } = snapshot;
      found.push({ name, mailboxId, uidValidity, uidNext, highestModSeq, exists, messages });
      await session.closeMailbox(selected);
    }
    await session.close();
    return { problems, mailboxes: found };
  },

  /** The store's own count of commits. */
  commits: (database) =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open(database);
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const reading = opening.result.transaction("guards").objectStore("guards").get("sequence");
        reading.onsuccess = () => {
          opening.result.close();
          resolve(Number(reading.result));
        };
      };
    }),
};

globalThis.crew = crew;
