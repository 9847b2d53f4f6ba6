// Maildir folders in Node: reading them, writing them, whole trees of them. Here: files and folders.
// Not here: what their names say (maildir_names.js).

import * as check from "./arguments.js";
import { MailboxError, invalid } from "./errors.js";
import { exportedMessages, exportOptions } from "./exported.js";
import {
  MAX_KEYWORDS,
  decodedFolder,
  flagsOf,
  folderName,
  lettersOf,
  parseKeywords,
  secondsOf,
  uniquePart,
  writtenKeywords,
} from "./maildir_names.js";
import { throwIfAborted } from "./signals.js";

const KEYWORDS_FILE = "dovecot-keywords";
const MESSAGE_FOLDERS = ["cur", "new", "tmp"];
/** What no mailbox's name has. */
const NOT_IN_NAMES = /[/%*\u2028\u2029]|\p{Cc}|\p{Surrogate}/gu;
/** How deep folders in folders are looked for. */
const MAX_DEPTH = 32;
/** What one commit takes. */
const LARGEST = 536_870_912;

/** Node's modules, when they are needed: importing this file elsewhere fails nothing. */
async function node() {
  // Named like this, bundlers for browsers do not look for them.
  const [fs, path, os] = ["node:fs/promises", "node:path", "node:os"];
  try {
    const load = (name) => import(/* @vite-ignore */ /* webpackIgnore: true */ name);
    return { fs: await load(fs), path: await load(path), os: await load(os) };
  } catch (cause) {
    throw new MailboxError("UNAVAILABLE", "there are no folders here: Maildir is for Node", { cause });
  }
}

async function location(directory) {
  if (directory instanceof URL) return (await import(/* @vite-ignore */ /* webpackIgnore: true */ ["node:url"][0])).fileURLToPath(directory);
  const text = check.text(directory, "the directory", { min: 1, max: 4096 });
  if (text.includes("\0")) throw check.refuse("the directory", "without NUL", directory);
  return text;
}

/** What a missing or forbidden file means to a caller. */
function fromFiles(error, what) {
  if (error instanceof MailboxError || typeof error?.code !== "string" || error.syscall === undefined) return error;
  const code = { ENOENT: "NOT_FOUND", ENOTDIR: "NOT_FOUND", ENOSPC: "QUOTA_EXCEEDED", EDQUOT: "QUOTA_EXCEEDED" }[error.code];
  return new MailboxError(code ?? "UNAVAILABLE", `${what}: ${error.message}`, { cause: error });
}

async function entriesOf(fs, folder) {
  try {
    return await fs.readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw fromFiles(error, folder);
  }
}

const hasCur = (entries) => entries.some((entry) => entry.name === "cur" && entry.isDirectory());

/** The folders of a Maildir, that of INBOX first, then by name. */
export async function listMaildir(directory, options) {
  const signal = check.optionalSignal(check.options(options, ["signal"]).signal);
  const { fs, path } = await node();
  const root = await location(directory);
  const found = [];
  const visit = async (folder, levels, depth) => {
    throwIfAborted(signal);
    const entries = await entriesOf(fs, folder);
    if (entries === undefined) {
      if (depth === 0) throw new MailboxError("NOT_FOUND", `there is no folder ${folder}`);
      return;
    }
    if (hasCur(entries)) found.push({ path: folder, levels });
    if (depth === MAX_DEPTH) return;
    for (const entry of entries) {
      // No links: they may lead in circles, or out.
      if (!entry.isDirectory() || MESSAGE_FOLDERS.includes(entry.name)) continue;
      const names = entry.name.startsWith(".") ? entry.name.slice(1).split(".") : [entry.name];
      const below = names.map((name) => decodedFolder(name).replace(NOT_IN_NAMES, "_"));
      if (below.includes("")) continue;
      await visit(path.join(folder, entry.name), [...levels, ...below], depth + 1);
    }
  };
  await visit(root, [], 0);
  if (found.length === 0) throw invalid(`${root} is no Maildir: neither it nor a folder in it has a folder "cur"`);
  found.sort((a, b) => a.levels.length === 0 ? -1 : b.levels.length === 0 ? 1 : a.path < b.path ? -1 : 1);
  const used = new Set();
  return found.map(({ path: folder, levels }) => {
    const name = levels.join("/").replace(/^inbox(?=\/|$)/i, "INBOX") || "INBOX";
    let mailbox = name;
    for (let number = 2; used.has(mailbox); number += 1) mailbox = `${name} (${number})`;
    used.add(mailbox);
    return { path: folder, mailbox };
  });
}

/** By when it was delivered, as names say, and then by name: the same order whatever became of its flags. */
function byDelivery(a, b) {
  return (a.seconds ?? 0) - (b.seconds ?? 0) || (a.unique < b.unique ? -1 : a.unique > b.unique ? 1 : 0);
}

async function messageFiles(fs, path, folder) {
  const files = [];
  for (const name of ["cur", "new"]) {
    for (const entry of (await entriesOf(fs, path.join(folder, name))) ?? []) {
      if (!entry.isFile() || entry.name.startsWith(".")) continue;
      files.push({ in: name, name: entry.name, unique: uniquePart(entry.name), seconds: secondsOf(entry.name) });
    }
  }
  return files.sort(byDelivery);
}

async function keywordsOf(fs, path, folder) {
  try {
    return parseKeywords(await fs.readFile(path.join(folder, KEYWORDS_FILE), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw fromFiles(error, path.join(folder, KEYWORDS_FILE));
  }
}

/** Opens a message's file; undefined where it is gone. Its flags may have been changed meanwhile: then it has another name. */
async function opened(fs, path, folder, file) {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const address = path.join(folder, file.in, file.name);
    try {
      return { handle: await fs.open(address, "r"), name: file.name };
    } catch (error) {
      if (error.code !== "ENOENT") throw fromFiles(error, address);
    }
    const now = (await messageFiles(fs, path, folder)).find((other) => other.unique === file.unique);
    if (now === undefined) return undefined;
    file = now;
  }
  return undefined;
}

/** Reads the messages of one folder, in the order of their delivery, holding one at a time. */
export async function* readMaildir(directory, options) {
  const given = check.options(options, ["date", "signal"]);
  const which = check.optional(given.date, check.oneOf, "date", ["mtime", "name"]) ?? "mtime";
  const signal = check.optionalSignal(given.signal);
  const { fs, path } = await node();
  const folder = await location(directory);
  const entries = await entriesOf(fs, folder);
  if (entries === undefined) throw new MailboxError("NOT_FOUND", `there is no folder ${folder}`);
  if (!hasCur(entries)) throw invalid(`${folder} is no Maildir: it has no folder "cur"`);
  const keywords = await keywordsOf(fs, path, folder);
  for (const file of await messageFiles(fs, path, folder)) {
    throwIfAborted(signal);
    const found = await opened(fs, path, folder, file);
    if (found === undefined) continue;
    let raw;
    let date;
    try {
      const { size, mtime } = await found.handle.stat();
      if (size > LARGEST) throw new MailboxError("LIMIT", `${file.name} has ${size} octets; ${LARGEST} are read`);
      const named = file.seconds === undefined ? undefined : new Date(file.seconds * 1000);
      date = which === "name" ? (named ?? mtime) : mtime;
      const octets = await found.handle.readFile();
      // Not a Buffer: those lie in memory that others use too.
      raw = new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
    } catch (error) {
      throw fromFiles(error, file.name);
    } finally {
      await found.handle.close();
    }
    yield { raw, flags: flagsOf(found.name, keywords), internalDate: date };
  }
}

/** A part of a file's name that no other program on this machine gives, and none elsewhere. */
function uniqueNames(os) {
  const host = os.hostname().replaceAll("/", "\\057").replaceAll(":", "\\072").replace(/[^\w.-]/g, "_").slice(0, 64) || "localhost";
  const process = `P${globalThis.process.pid}R${Math.floor(Math.random() * 2 ** 32).toString(16)}`;
  let count = 0;
  return (date, size) => {
    count += 1;
    const milliseconds = Math.max(0, date.getTime());
    return `${Math.floor(milliseconds / 1000)}.M${String((milliseconds % 1000) * 1000).padStart(6, "0")}${process}Q${String(count).padStart(8, "0")}.${host},S=${size}`;
  };
}

/** Writes a file under another name and moves it into place: whole, or not there. */
async function replaceFile(fs, address, text) {
  const fresh = `${address}.${globalThis.process.pid}.tmp`;
  await fs.writeFile(fresh, text);
  await fs.rename(fresh, address);
}

const separatorOf = (value, what) => check.oneOf(value, what, [":", ";", "!"]);

/** Writes the messages of a mailbox into one folder, which is made where it is missing. */
export async function writeMaildir(session, mailbox, directory, options) {
  const { given, ...wanted } = exportOptions(options, ["separator"]);
  const { fs, path, os } = await node();
  const windows = globalThis.process.platform === "win32";
  const separator = check.optional(given.separator, separatorOf, "separator") ?? (windows ? ";" : ":");
  const folder = await location(directory);
  const unique = uniqueNames(os);
  const done = { messages: 0, octets: 0, missing: 0, keywordsDropped: 0 };
  let last = { missing: 0 };
  const onProgress = (progress) => {
    last = progress;
    wanted.onProgress?.(progress);
  };
  try {
    for (const name of MESSAGE_FOLDERS) await fs.mkdir(path.join(folder, name), { recursive: true, mode: 0o700 });
    const keywords = await keywordsOf(fs, path, folder);
    for await (const message of exportedMessages(session, mailbox, { ...wanted, onProgress })) {
      const flags = message.flags.filter((flag) => flag !== "\\Recent");
      let { letters, missing } = lettersOf(flags, keywords);
      for (const keyword of missing) {
        const free = Array.from({ length: MAX_KEYWORDS }, (_, at) => at).find((at) => keywords[at] === undefined);
        if (free === undefined) done.keywordsDropped += 1;
        else keywords[free] = keyword;
      }
      if (missing.length > 0) {
        // Before the letters are used: who reads meanwhile must find what they mean.
        await replaceFile(fs, path.join(folder, KEYWORDS_FILE), writtenKeywords(keywords));
        ({ letters } = lettersOf(flags, keywords));
      }
      const name = unique(message.internalDate, message.source.length);
      const fresh = path.join(folder, "tmp", name);
      await fs.writeFile(fresh, message.source, { flag: "wx", mode: 0o600 });
      const seconds = message.internalDate.getTime() / 1000;
      await fs.utimes(fresh, seconds, seconds);
      const target = letters === "" ? path.join(folder, "new", name) : path.join(folder, "cur", `${name}${separator}2,${letters}`);
      await fs.rename(fresh, target);
      done.messages += 1;
      done.octets += message.source.length;
    }
  } catch (error) {
    throw fromFiles(error, folder);
  }
  return { ...done, missing: last.missing };
}

const isMailboxTaken = (error) => error instanceof MailboxError && error.code === "ALREADY_EXISTS";

/** Imports all folders of a Maildir, each into the mailbox of its name. */
export async function importMaildir(session, directory, options) {
  const keys = ["mailbox", "date", "onProgress", "chunkBytes", "skipDuplicates", "importId", "durability", "signal"];
  const { mailbox, date, onProgress, ...rest } = check.options(options, keys);
  const below = check.optional(mailbox, check.mailboxName, "mailbox");
  const tell = check.optional(onProgress, check.callback, "onProgress");
  const { signal } = rest;
  const sums = { messages: 0, octets: 0, skipped: 0, resumed: 0 };
  const mailboxes = [];
  for (const { path: folder, mailbox: name } of await listMaildir(directory, { signal })) {
    const target = below === undefined ? name : name === "INBOX" ? below : `${below}/${name}`;
    await session.createMailbox(target).catch((error) => {
      if (!isMailboxTaken(error)) throw error;
    });
    const before = { ...sums };
    const add = (progress) => {
      for (const key of Object.keys(sums)) sums[key] = before[key] + progress[key];
    };
    const done = await session.importMessages(target, readMaildir(folder, { date, signal }), {
      ...rest,
      onProgress: (progress) => {
        add(progress);
        tell?.({ ...sums, mailbox: target });
      },
    });
    add(done);
    mailboxes.push({ mailbox: target, messages: done.messages, skipped: done.skipped, resumed: done.resumed });
  }
  return { ...sums, mailboxes };
}

/** Writes mailboxes into one Maildir++, each into the folder of its name. */
export async function exportMaildir(session, directory, options) {
  const { mailboxes, onProgress, ...rest } = check.options(options, ["mailboxes", "separator", "onProgress", "signal"]);
  const { path } = await node();
  const root = await location(directory);
  const listed = (await session.listMailboxes()).mailboxes.filter(({ attributes }) => !attributes.includes("\\Noselect"));
  const names = mailboxes ?? listed.map(({ name }) => name);
  const tell = check.optional(onProgress, check.callback, "onProgress");
  const sums = { messages: 0, octets: 0, missing: 0, keywordsDropped: 0 };
  const folders = names.map((name) => [name, folderName(check.mailboxName(name))]);
  for (const [name, folder] of folders) {
    const options = { ...rest, onProgress: (progress) => tell?.({ ...progress, mailbox: name }) };
    const done = await writeMaildir(session, name, path.join(root, folder), options);
    for (const key of Object.keys(sums)) sums[key] += done[key];
    // Marks a folder of a Maildir++.
    if (folder !== "") await (await node()).fs.writeFile(path.join(root, folder, "maildirfolder"), "");
  }
  return sums;
}
