// The engine's answers as callers get them: numbers of milliseconds become Dates, and updates that say nothing are known.

const dateOf = (milliseconds) => (milliseconds === undefined ? undefined : new Date(milliseconds));

/** A message fresh from the engine; changed in place. */
export function revivedMessage(message) {
  if (message === undefined) return undefined;
  message.internalDate = new Date(message.internalDate);
  message.saveDate = new Date(message.saveDate);
  if (Object.hasOwn(message, "envelope")) message.envelope.sentDate = dateOf(message.envelope.sentDate);
  return message;
}

/** Whether there is anything in these updates. */
export const isTelling = (updates) =>
  updates.closed ||
  updates.exists !== undefined ||
  updates.recent !== undefined ||
  updates.expunged.uid.length > 0 ||
  updates.flags.uid.length > 0;
