// The command `export`: where the formats are written to, whole or not at all.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";

import { MailboxError } from "../errors.js";
import { exportedMessages } from "../exported.js";
import { uniqueNames } from "../file_names.js";
import { exportMaildir, writeMaildir } from "../maildir.js";
import { writeMbox } from "../mbox.js";
import { zipMessages } from "../zip.js";
import { plural, size } from "./output.js";
import { UsageError } from "./usage.js";

const FORMATS = ["mbox", "eml", "zip", "maildir"];

const exists = (file) =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Writes a file under another name and gives it its own at the end; takes it away if that does not come. */
async function writeFileWhole(chunks, target) {
  const fresh = `${target}.${process.pid}.part`;
  const file = createWriteStream(fresh, { flags: "wx", mode: 0o600 });
  try {
    await once(file, "open");
    for await (const chunk of chunks) {
      if (!file.write(chunk)) await once(file, "drain");
    }
    file.end();
    await once(file, "close");
    await rename(fresh, target);
  } catch (error) {
    file.destroy();
    await rm(fresh, { force: true });
    throw error;
  }
}

export function exportMail(positionals, values) {
  const format = values.format ?? "mbox";
  const [mailbox] = positionals;
  if (!FORMATS.includes(format)) throw new UsageError(`--format is one of ${FORMATS.join(", ")}`);
  if (values.all) {
    if (format !== "maildir") throw new UsageError("--all is for --format maildir");
    if (positionals.length > 0 || values.uids !== undefined) throw new UsageError("--all exports every message of every mailbox");
  } else if (positionals.length !== 1) {
    throw new UsageError("name one mailbox");
  }
  if (values.status && format !== "mbox") throw new UsageError("--status is for mbox");
  const toFolder = format === "eml" || format === "maildir";
  const output = values.output ?? (toFolder ? undefined : "-");
  if (output === undefined || (toFolder && output === "-")) throw new UsageError("--output names the folder to write to");
  const set = values.uids;

  return async ({ session, output: out, signal }) => {
    let last = { messages: 0, octets: 0, missing: 0 };
    const onProgress = (progress) => {
      last = progress;
      out.progress(progress.messages, progress.total, `${plural(progress.messages, "message")} (${size(progress.octets)})`);
    };
    const options = { set, signal, onProgress };
    if (format === "maildir") {
      last = values.all
        ? await exportMaildir(session, output, { signal, onProgress })
        : await writeMaildir(session, mailbox, output, options);
    } else if (format === "eml") {
      await mkdir(output, { recursive: true });
      const named = uniqueNames();
      for await (const { envelope, source, internalDate } of exportedMessages(session, mailbox, { ...options, set: set ?? "1:*" })) {
        let file = path.join(output, named(envelope.subject));
        while (!values.force && (await exists(file))) file = path.join(output, named(envelope.subject));
        await writeFile(file, source, { flag: values.force ? "w" : "wx" });
        await utimes(file, internalDate, internalDate);
      }
    } else {
      const chunks =
        format === "mbox" ? writeMbox(session, mailbox, { ...options, status: values.status ?? false }) : zipMessages(session, mailbox, options);
      if (output === "-") {
        for await (const chunk of chunks) await out.octets(chunk);
      } else {
        if (!values.force && (await exists(output))) {
          throw new MailboxError("ALREADY_EXISTS", `${output} is there already; --force replaces it`);
        }
        await writeFileWhole(chunks, output);
      }
    }
    const { messages, octets, missing = 0, keywordsDropped = 0 } = last;
    const lost = `${missing > 0 ? `; ${plural(missing, "message")} had no octets any more` : ""}${keywordsDropped > 0 ? `; ${plural(keywordsDropped, "keyword")} had no room` : ""}`;
    const text = `${plural(messages, "message")} (${size(octets)}) exported${lost}`;
    // Standard output may be the export itself.
    if (output === "-") await out.note(text);
    else await out.record({ messages, octets, missing, keywordsDropped, output: path.resolve(output) }, text);
    return 0;
  };
}
