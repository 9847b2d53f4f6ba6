// The engine's answers as callers get them: numbers of milliseconds become Dates, and updates that say nothing are known.

const dateOf = (milliseconds) => (milliseconds === undefined ? undefined : new Date(milliseconds));

function metadata(message) {
  message.internalDate = new Date(message.internalDate);
  message.saveDate = new Date(message.saveDate);
  return message;
}

/** A message or row fresh from the engine; changed in place. */
export function revivedMessage(message) {
  if (message === undefined) return undefined;
  metadata(message);
  if (Object.hasOwn(message, "envelope")) message.envelope.sentDate = dateOf(message.envelope.sentDate);
  return message;
}

export function revivedRow(row) {
  metadata(row);
  const { envelope, ...rest } = row;
  envelope.sentDate = dateOf(envelope.sentDate);
  return { ...rest, ...envelope };
}

/** Whether there is anything in these updates. */
export const isTelling = (updates) =>
  updates.closed ||
  updates.exists !== undefined ||
  updates.recent !== undefined ||
  updates.expunged.uid.length > 0 ||
  updates.flags.uid.length > 0;
