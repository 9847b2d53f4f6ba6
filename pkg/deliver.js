// Delivery: what it is told, checked. What a filter does with a message is the engine's.

import * as check from "./arguments.js";
import { ABOUT, octets, ready } from "./octets.js";
import { abandonable } from "./signals.js";

/** An address of an envelope: text without line ends, which none can have. */
function address(value, what) {
  if (/[\0\r\n]/.test(check.text(value, what))) throw check.refuse(what, "an address", value);
  return value;
}

const ENVELOPE = { sender: address, recipient: address, mailbox: check.mailboxName };

/** [sender, recipient or undefined, mailbox] of options that may have more. */
const envelope = ({ sender = "", recipient, mailbox = "INBOX" }) => [sender, recipient, mailbox];

export const envelopeOptions = (options) => envelope(check.members(options, ENVELOPE));

export function deliver(core, raw, options) {
  const given = check.members(options, { ...ENVELOPE, ...ABOUT, ...core.naming, signal: check.signal });
  const { flags = [], internalDate, zoneMinutes = 0, signal } = given;
  return core.turn(given, async (id) => {
    const taken = await abandonable(octets(raw), signal);
    return core.call((handle) => {
      const [message] = ready([[taken, flags, internalDate, zoneMinutes]]);
      return handle.deliver(message, ...envelope(given), id);
    }, given.durability);
  });
}
