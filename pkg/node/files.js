// Where the files of databases are, how they are made and taken away. Not here: what is in them.

import * as check from "../arguments.js";
import { MailboxError } from "../errors.js";
import { builtin } from "./builtins.js";
import { fromNode } from "./sqlite_codes.js";

const FOLDER = "offline-mailbox";

/** The folder of this user's databases, as the platform wants it. */
export function dataDirectory() {
  const path = builtin("path");
  const { env, platform } = globalThis.process;
  const home = builtin("os").homedir();
  if (platform === "win32") return path.join(env.LOCALAPPDATA || path.join(home, "AppData", "Local"), FOLDER);
  if (platform === "darwin") return path.join(home, "Library", "Application Support", FOLDER);
  // One that is not absolute does not count (XDG Base Directory Specification).
  const data = env.XDG_DATA_HOME && path.isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : path.join(home, ".local", "share");
  return path.join(data, FOLDER);
}

const location = (value, what) => {
  // An address that came through a port is text.
  const text = value instanceof URL || /^file:\/\//.test(value) ? builtin("url").fileURLToPath(value) : check.text(value, what, { min: 1 });
  // It would end the name for the system's calls.
  if (text.includes("\0")) throw check.refuse(what, "without NUL", value);
  return builtin("path").resolve(text);
};

/**
 * The file's name: readable, the same on systems that tell no case apart or know forbidden names, and
 * unlike any other database's by the hash of the whole name.
 */
function fileName(database) {
  const readable = database.replace(/^offline-mailbox:/, "").toLowerCase().replace(/[^a-z0-9@_-]+/g, "_").slice(0, 60);
  const hash = builtin("crypto").createHash("sha256").update(database, "utf8").digest("hex").slice(0, 32);
  return `mail-${readable}-${hash}.sqlite`;
}

/** The absolute path of a database's file. */
export function databaseFile(database, { directory, path } = {}) {
  const name = check.text(database, "database", { min: 1, max: 300 });
  const [folder, file] = [check.optional(directory, location, "directory"), check.optional(path, location, "path")];
  if (folder !== undefined && file !== undefined) {
    throw new MailboxError("INVALID_ARGUMENT", "give a directory or a path, not both");
  }
  return file ?? builtin("path").join(folder ?? dataDirectory(), fileName(name));
}

/**
 * Makes the folder and an empty file, which only this user can read, where they are missing. The file
 * is linked into place: closing it under its own name would end the locks that others in this program have on it.
 */
export function createPrivately(file) {
  const [fs, path] = [builtin("fs"), builtin("path")];
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    if (globalThis.process.platform === "win32" || fs.existsSync(file)) return;
    const fresh = `${file}.${builtin("crypto").randomUUID()}`;
    fs.closeSync(fs.openSync(fresh, "wx", 0o600));
    try {
      fs.linkSync(fresh, file);
    } catch {
      // There by now, or a file system without links: then SQLite makes it.
    } finally {
      fs.unlinkSync(fresh);
    }
  } catch (error) {
    throw fromNode(error, file);
  }
}

/** What tells this file from another of its name; `undefined` where there is none. */
export function identityOf(file) {
  const found = builtin("fs").statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

export const companions = (file) => [file, `${file}-wal`, `${file}-shm`, `${file}-journal`];

/** How much the database takes, and how much it could. */
export async function storageOf(file) {
  const fs = builtin("fs").promises;
  const sizes = companions(file).map((each) => fs.stat(each).then(({ size }) => size, () => 0));
  const usage = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  const quota = await fs.statfs(file).then(({ bavail, bsize }) => usage + bavail * bsize, () => undefined);
  return { usage, quota, persistent: true };
}
