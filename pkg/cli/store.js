// Opening the database that a command line names. Here alone: which backend, which file.

import { existsSync } from "node:fs";
import { userInfo } from "node:os";

import { MailboxError } from "../errors.js";
import { openSession } from "../index.js";
import { databaseFile } from "../node/index.js";

function ownerOf(values) {
  if (values.owner !== undefined) return values.owner;
  if (process.env.OFFLINE_MAILBOX_OWNER) return process.env.OFFLINE_MAILBOX_OWNER;
  try {
    return userInfo().username || "local";
  } catch {
    return "local";
  }
}

/** A session on it. Only what takes mail in makes a database where there is none. */
export async function openStore(values, { create, signal }) {
  const owner = ownerOf(values);
  const place = values.db === undefined ? { directory: values.directory } : { path: values.db };
  const file = databaseFile(`offline-mailbox:${owner}`, place);
  if (!create && !existsSync(file)) {
    throw new MailboxError("NOT_FOUND", `there is no database ${file}; import makes one`);
  }
  return { session: await openSession({ owner, backend: "sqlite", ...place, signal }), file };
}
