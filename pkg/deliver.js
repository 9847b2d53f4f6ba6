// Delivery: what it is told, checked. What a filter does with a message is the engine's.

import * as check from "./arguments.js";
import { octets, ready } from "./octets.js";
import { abandonable, throwIfAborted } from "./signals.js";

const ENVELOPE = ["sender", "recipient", "mailbox"];
const MESSAGE = ["flags", "internalDate", "zoneMinutes"];

/** An address of an envelope: text without line ends, which none can have. */
function address(value, what) {
  if (/[\0\r\n]/.test(check.text(value, what))) throw check.refuse(what, "an address", value);
  return value;
}

/** [sender, recipient or undefined, mailbox] of options that may have more. */
function envelope({ sender, recipient, mailbox }) {
  return [
    check.optional(sender, address, "sender") ?? "",
    check.optional(recipient, address, "recipient"),
    check.optional(mailbox, check.mailboxName, "mailbox") ?? "INBOX",
  ];
}

export const envelopeOptions = (options) => envelope(check.options(options, ENVELOPE));

export async function deliver(core, raw, options) {
  const given = check.options(options, [...ENVELOPE, ...MESSAGE, "selected", "durability", "signal"]);
  const to = envelope(given);
  const flags = check.optional(given.flags, check.flags, "flags") ?? [];
  const date = check.optional(given.internalDate, check.date, "internalDate");
  const zone = check.optional(given.zoneMinutes, check.integer, "zoneMinutes", -1439, 1439) ?? 0;
  const signal = check.optionalSignal(given.signal);
  const durability = check.optional(given.durability, check.durability, "durability");
  const view = core.optionalView(given.selected);
  throwIfAborted(signal);
  const run = async (id) => {
    const taken = await abandonable(octets(raw), signal);
    return core.call((handle) => {
      const [message] = ready([[taken, flags, date, zone]]);
      return handle.deliver(message, ...to, id);
    }, durability);
  };
  return view ? view.run(run, { signal }) : run(undefined);
}
