// What every entry exports beside the opening of sessions, which differs by where the engine comes from.

export { backends, registerBackend } from "./backends.js";
export { ERROR_CODES, MailboxError } from "./errors.js";
export { FilterSet } from "./filter_set.js";
export { MailboxData, MailboxSet } from "./mailbox_set.js";
export { SelectedMailbox } from "./selected.js";
export { Session } from "./session.js";
export { version } from "./version.js";
