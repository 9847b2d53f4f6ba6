// The command `import`: what files and folders hold, and how each comes in.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import path from "node:path";

import { readEml } from "../eml.js";
import { MailboxError } from "../errors.js";
import { importMaildir } from "../maildir.js";
import { readMbox } from "../mbox.js";
import { plural, size } from "./output.js";
import { UsageError } from "./usage.js";

const FORMATS = ["auto", "mbox", "mboxrd", "mboxo", "mboxcl", "mboxcl2", "eml", "maildir"];

const looksLikeMbox = (octets) => /^\s*From [^\n]*(?:\n|$)/.test(Buffer.from(octets).toString("latin1"));

async function beginning(file) {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What a place holds: { kind, path, octets }; of a folder of files, one for each. */
async function* found(place, format) {
  if (place === "-") {
    yield { kind: format, path: "-" };
    return;
  }
  const about = await stat(place);
  if (!about.isDirectory()) {
    const isMbox = format === "auto" ? looksLikeMbox(await beginning(place)) : format.startsWith("mbox");
    if (format === "maildir") throw new MailboxError("INVALID_ARGUMENT", `${place} is no folder`);
    yield { kind: isMbox ? "mbox" : "eml", path: place, octets: about.size, lastModified: about.mtimeMs };
    return;
  }
  const entries = await readdir(place, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
  // Apple's Mail exports a folder with a file `mbox`.
  const own = files.filter((name) => name === "mbox" || /\.(?:eml|mbox|mbx)$/i.test(name));
  const isMaildir = format === "maildir" || (format === "auto" && (entries.some((entry) => entry.name === "cur" && entry.isDirectory()) || own.length === 0));
  if (isMaildir) {
    yield { kind: "maildir", path: place };
    return;
  }
  for (const name of own) yield* found(path.join(place, name), format);
}

/** The octets of a stream, its first ones looked at: for standard input, which cannot be read twice. */
async function peeked(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  const begin = [];
  let length = 0;
  let ended = false;
  while (length < 512 && !ended) {
    const { value, done } = await chunks.next();
    ended = done === true;
    if (!ended) {
      begin.push(value);
      length += value.length;
    }
  }
  const rest = async function* () {
    yield* begin;
    if (!ended) yield* { [Symbol.asyncIterator]: () => chunks };
  };
  return { begin: Buffer.concat(begin), octets: rest() };
}

async function* counted(octets, read) {
  for await (const chunk of octets) {
    read(chunk.length);
    yield chunk;
  }
}

/** The name of the import of a part of what was named: of any length, since file names are. */
const partOf = (resume, part) =>
  resume === undefined ? undefined : `${resume}/${createHash("sha256").update(part).digest("hex").slice(0, 32)}`;

/** Files of one message each, as readEml takes them; each is opened when it is its turn. */
function* emlSources(files, read) {
  for (const { path: name, lastModified } of files) {
    yield { name, lastModified, [Symbol.asyncIterator]: () => counted(createReadStream(name), read) };
  }
}

export function importMail(places, values) {
  const format = values.format ?? "auto";
  if (places.length === 0) throw new UsageError("name what to import: a file, a folder, or - for standard input");
  if (!FORMATS.includes(format)) throw new UsageError(`--format is one of ${FORMATS.join(", ")}`);
  if (values.anywhere && !values["skip-duplicates"]) throw new UsageError("--anywhere goes with --skip-duplicates");
  const skipDuplicates = values["skip-duplicates"] ? (values.anywhere ? "account" : "mailbox") : false;
  if (values.resume !== undefined && places.length > 1) throw new UsageError("--resume is for one source");
  if (format === "maildir" && places.includes("-")) throw new UsageError("a Maildir is a folder");

  return async ({ session, output, signal, stdin, json }) => {
    const sums = { messages: 0, octets: 0, skipped: 0, resumed: 0 };
    const target = values.mailbox ?? "INBOX";
    const began = Date.now();
    const add = (before, progress) => {
      for (const key of Object.keys(sums)) sums[key] = before[key] + progress[key];
    };
    const words = () =>
      `${plural(sums.messages, "message")} (${size(sums.octets)})` +
      `${sums.skipped > 0 ? `, ${plural(sums.skipped, "duplicate")} skipped` : ""}` +
      `${sums.resumed > 0 ? `, ${sums.resumed} already there from before` : ""}`;
    const importOptions = { skipDuplicates, importId: values.resume, signal };

    let read = 0;
    const count = (length) => {
      read += length;
    };
    const one = async (messages, octets, importId) => {
      const before = { ...sums };
      read = 0;
      const onProgress = (progress) => {
        add(before, progress);
        output.progress(read, octets, words());
      };
      add(before, await session.importMessages(target, messages, { ...importOptions, importId, onProgress }));
    };
    const dialect = format === "auto" || format === "mbox" ? undefined : format;
    const mboxOptions = { format: dialect, stripStatus: values["strip-status"] ?? false, signal };

    const createTarget = async () => {
      if (target === "INBOX") return;
      await session.createMailbox(target).catch((error) => {
        if (error.code !== "ALREADY_EXISTS") throw error;
      });
    };
    const take = async ({ kind, path: file, octets }, single) => {
      if (kind === "maildir") {
        const before = { ...sums };
        const onProgress = (progress) => {
          add(before, progress);
          output.progress(0, 0, `${progress.mailbox}: ${words()}`);
        };
        add(before, await importMaildir(session, file, { ...importOptions, mailbox: values.mailbox, onProgress }));
        return;
      }
      await createTarget();
      const from = file === "-" ? await peeked(stdin) : { octets: createReadStream(file, { highWaterMark: 262_144 }) };
      const source = counted(from.octets, count);
      const isMbox = kind === "auto" ? looksLikeMbox(from.begin) : kind.startsWith("mbox");
      // Of a folder of files, each mbox is an import of its own, and the single messages are one together.
      const importId = single ? values.resume : partOf(values.resume, path.basename(file));
      await one(isMbox ? readMbox(source, mboxOptions) : readEml([source], { signal }), octets ?? 0, importId);
    };

    try {
      // Together, for a commit each would be slow.
      const emls = [];
      for (const place of places) {
        for await (const each of found(place, format)) {
          if (each.kind === "eml" && each.path !== "-") emls.push(each);
          else await take(each, each.path === place);
        }
      }
      if (emls.length > 0) {
        await createTarget();
        const octets = emls.reduce((sum, each) => sum + each.octets, 0);
        const alone = emls.length === 1 && emls[0].path === places[0];
        const importId = alone ? values.resume : partOf(values.resume, "single messages");
        await one(readEml(emlSources(emls, count), { signal }), octets, importId);
      }
    } catch (error) {
      const kept = sums.messages > 0 ? `; ${words()} had come in and stay` : "";
      if (signal?.aborted) {
        output.fail("ABORTED", `interrupted${kept}`);
        return 130;
      }
      if (kept !== "" && !json) output.say(`offline-mailbox: not all was imported${kept}`);
      throw error;
    } finally {
      // Whoever writes there may go on for ever, and would keep this program alive.
      if (places.includes("-")) stdin.destroy();
    }
    const seconds = (Date.now() - began) / 1000;
    await output.record({ ...sums, seconds }, `${words()} imported in ${seconds.toFixed(1)} s`);
    return 0;
  };
}
