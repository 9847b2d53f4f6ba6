// A fetched message: plain data, and methods that open its parts later. Not here: what can be asked for (fetch_options.js).

import * as check from "./arguments.js";
import { closed, invalid } from "./errors.js";
import { partNumber } from "./fetch_options.js";
import { revivedMessage } from "./results.js";
import { abandonable, throwIfAborted } from "./signals.js";

/**
 * Where a message comes from. A function under a symbol, not a private member: clones, JSON and
 * loops do not see it, and proxies of frameworks pass it on.
 */
const SOURCE = Symbol("source");

const signalOf = (options) => check.optionalSignal(check.options(options, ["signal"]).signal);

export class FetchedMessage {
  constructor(core, mailboxId, data) {
    Object.assign(this, data);
    const { uid } = data;
    const value = (use) => use(core, mailboxId, uid);
    Object.defineProperty(this, SOURCE, { value, configurable: true });
  }

  async part(number, options) {
    return this[SOURCE]((core, mailboxId, uid) =>
      core.run(() => {
        partNumber(number);
        const signal = signalOf(options);
        throwIfAborted(signal);
        return abandonable(core.call((handle) => handle.readPart(mailboxId, uid, number)), signal);
      }),
    );
  }

  partStream(number) {
    return this[SOURCE]((core, mailboxId, uid) =>
      pieces(core, () => {
        partNumber(number);
        return core.call((handle) => handle.openPart(mailboxId, uid, number));
      }),
    );
  }

  async attachment(index, options) {
    return this.part(attachmentOf(this, index).part, options);
  }

  attachmentStream(index) {
    return this[SOURCE]((core, mailboxId, uid) =>
      pieces(core, () => {
        const { part } = attachmentOf(this, index);
        return core.call((handle) => handle.openPart(mailboxId, uid, part));
      }),
    );
  }
}

/** Where a message comes from, and how more of that session are made of a mailbox's id and data. */
export const originOf = (fetched) =>
  fetched[SOURCE]((core, mailboxId) => ({ mailboxId, message: (id, data) => new FetchedMessage(core, id, data) }));

function attachmentOf({ attachments }, index) {
  if (!Array.isArray(attachments)) throw invalid("the attachments are not known: fetch the message with attachments: true");
  if (attachments.length === 0) throw invalid("the message has no attachments");
  return attachments[check.integer(index, "the index of the attachment", 0, attachments.length - 1)];
}

/** What a part holds, read piece by piece as it is asked for. */
function pieces(core, open) {
  let part;
  let ended = false;
  const end = () => {
    ended = true;
    const opened = part;
    part = undefined;
    if (opened) core.engine.quietly(() => opened.free());
  };
  const source = {
    async pull(controller) {
      try {
        part ??= await core.run(open);
        if (core.closed) throw closed("session");
        // Cancelled while it was opened.
        const octets = ended ? undefined : core.engine.callNow(() => part.next());
        if (octets !== undefined) {
          controller.enqueue(octets);
          return;
        }
        const cancelled = ended;
        end();
        if (!cancelled) controller.close();
      } catch (error) {
        end();
        throw error;
      }
    },
    cancel: end,
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** The engine's answer to a fetch as callers get it. */
export function fetchedAnswer(core, mailboxId, answer, { leftOut }) {
  const fetched = (data) => {
    const message = revivedMessage(data);
    for (const name of leftOut) delete message[name];
    return new FetchedMessage(core, mailboxId, message);
  };
  return { ...answer, messages: answer.messages.map(fetched) };
}
