// Zip archives, written as a stream: one file in memory at a time, of any number and any length
// together. Its own, because an archive of 100,000 messages needs zip64 and a page without a bundler
// cannot take another package along. Not here: deflate, which the platform has.

import * as check from "./arguments.js";
import { exportedMessages, exportOptions } from "./exported.js";
import { uniqueNames } from "./file_names.js";
import { gathered, streamOf } from "./sources.js";

let table;

/** The checksum of zip archives. */
export function crc32(bytes) {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
    return value;
  });
  let crc = 0xffff_ffff;
  for (let at = 0; at < bytes.length; at += 1) crc = table[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}

const MAX16 = 0xffff;
const MAX32 = 0xffff_ffff;
const DEFLATED = 8;
const STORED = 0;
/** Names are UTF-8. */
const FLAGS = 0x0800;
const UNIX = 3 << 8;
/** A plain file that all can read and its owner can change. */
const MODE = ((0o100644 << 16) >>> 0);

/** Numbers of 2, 4 or 8 octets, the least first: [value, width] pairs. */
function fields(...pairs) {
  const target = new Uint8Array(pairs.reduce((sum, [, width]) => sum + width, 0));
  const view = new DataView(target.buffer);
  let at = 0;
  for (const [value, width] of pairs) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return target;
}

function joined(...parts) {
  const target = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}

/** The date as DOS has it, in UTC, within the years it can say. */
function dosTime(date) {
  const year = Math.min(2107, Math.max(1980, date.getUTCFullYear()));
  const inRange = year === date.getUTCFullYear();
  const [month, day] = inRange ? [date.getUTCMonth() + 1, date.getUTCDate()] : year === 1980 ? [1, 1] : [12, 31];
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  return [inRange ? time : 0, ((year - 1980) << 9) | (month << 5) | day];
}

/** The date to the second, in UTC, for systems that read it; nothing where 32 bits do not hold it. */
function timestamp(date) {
  const seconds = Math.floor(date.getTime() / 1000);
  if (seconds < -0x8000_0000 || seconds > 0x7fff_ffff) return new Uint8Array(0);
  return joined(fields([0x5455, 2], [5, 2]), Uint8Array.of(1), fields([seconds >>> 0, 4]));
}

/** Whether this platform deflates as archives want it; not all that have streams do. */
function canDeflate() {
  try {
    return new CompressionStream("deflate-raw") !== undefined;
  } catch {
    return false;
  }
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The octets of an archive of these files: { name, bytes, date }; a file has less than 4 GiB. */
export async function* zipped(files, { compress = true } = {}) {
  const encoder = new TextEncoder();
  const deflates = compress && canDeflate();
  const entries = [];
  let offset = 0;
  for await (const { name, bytes, date } of files) {
    const packed = deflates && bytes.length > 100 ? await deflated(bytes) : bytes;
    const method = packed.length < bytes.length ? DEFLATED : STORED;
    const data = method === DEFLATED ? packed : bytes;
    const encoded = encoder.encode(name);
    const [time, day] = dosTime(date);
    const extra = timestamp(date);
    const common = fields([FLAGS, 2], [method, 2], [time, 2], [day, 2], [crc32(bytes), 4], [data.length, 4], [bytes.length, 4]);
    const header = joined(fields([0x0403_4b50, 4], [20, 2]), common, fields([encoded.length, 2], [extra.length, 2]), encoded, extra);
    entries.push({ common, encoded, extra, offset });
    yield header;
    yield data;
    offset += header.length + data.length;
  }
  const directory = offset;
  for (const { common, encoded, extra, offset: at } of entries) {
    const far = at >= MAX32;
    const all = far ? joined(fields([1, 2], [8, 2], [at, 8]), extra) : extra;
    const version = far ? 45 : 20;
    const entry = joined(
      fields([0x0201_4b50, 4], [UNIX | version, 2], [version, 2]),
      common,
      fields([encoded.length, 2], [all.length, 2], [0, 2], [0, 2], [0, 2], [MODE, 4], [far ? MAX32 : at, 4]),
      encoded,
      all,
    );
    yield entry;
    offset += entry.length;
  }
  const size = offset - directory;
  const count = entries.length;
  if (count >= MAX16 || size >= MAX32 || directory >= MAX32) {
    yield fields([0x0606_4b50, 4], [44, 8], [UNIX | 45, 2], [45, 2], [0, 4], [0, 4], [count, 8], [count, 8], [size, 8], [directory, 8]);
    yield fields([0x0706_4b50, 4], [0, 4], [offset, 8], [1, 4]);
  }
  const [few, small, near] = [Math.min(count, MAX16), Math.min(size, MAX32), Math.min(directory, MAX32)];
  yield fields([0x0605_4b50, 4], [0, 2], [0, 2], [few, 2], [few, 2], [small, 4], [near, 4], [0, 2]);
}

async function* files(messages) {
  const named = uniqueNames();
  for await (const { envelope, source, internalDate } of messages) {
    yield { name: named(envelope?.subject), bytes: source, date: internalDate };
  }
}

/** The messages of a mailbox as a zip archive of .eml files. */
export function zipMessages(session, mailbox, options) {
  const { given, ...wanted } = exportOptions(options, ["compress"]);
  const compress = check.optional(given.compress, check.boolean, "compress") ?? true;
  return streamOf(gathered(zipped(files(exportedMessages(session, mailbox, wanted)), { compress })));
}
