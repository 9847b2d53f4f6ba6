// Octets from wherever a caller has them: files, streams, iterables, bytes. Not here: what they mean.

import * as check from "./arguments.js";
import { abandonable, throwIfAborted } from "./signals.js";

const BLOB_CHUNK = 1_048_576;

async function* blobChunks(blob) {
  for (let at = 0; at < blob.size; at += BLOB_CHUNK) {
    yield new Uint8Array(await blob.slice(at, at + BLOB_CHUNK).arrayBuffer());
  }
}

/** By hand: a generator that waits for a stuck stream could not be told to stop. */
function streamChunks(stream) {
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    return: async () => {
      await reader.cancel();
      return { value: undefined, done: true };
    },
  };
}

const tagOf = (value) => Object.prototype.toString.call(value);

export const isBlob = (value) => tagOf(value) === "[object Blob]" || tagOf(value) === "[object File]";

/** An iterator over the chunks of a source of octets. */
export function chunksOf(source) {
  if (isBlob(source)) return blobChunks(source);
  if (ArrayBuffer.isView(source) || tagOf(source) === "[object ArrayBuffer]") return [source][Symbol.iterator]();
  if (typeof source?.getReader === "function") return streamChunks(source);
  const start = typeof source === "object" ? (source?.[Symbol.asyncIterator] ?? source?.[Symbol.iterator]) : undefined;
  if (typeof start !== "function") {
    throw check.refuse("the source", "a Blob, a stream, bytes or an iterable of Uint8Array", source);
  }
  return start.call(source);
}

export function bytesOf(chunk) {
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (tagOf(chunk) === "[object ArrayBuffer]") return new Uint8Array(chunk);
  throw check.refuse("a chunk of the source", "a Uint8Array", chunk);
}

/** The chunks of a source, until it ends or the signal says so; then the source is let go. */
export async function* octetChunks(source, signal) {
  const chunks = chunksOf(source);
  let ended = false;
  try {
    for (;;) {
      throwIfAborted(signal);
      const { value, done } = await abandonable(Promise.resolve(chunks.next()), signal);
      if (done) {
        ended = true;
        return;
      }
      yield bytesOf(await value);
    }
  } finally {
    if (!ended) Promise.resolve(chunks.return?.()).catch(() => {});
  }
}

/** Joins small chunks into ones of at least `size` octets; larger ones pass as they are. */
export async function* gathered(chunks, size = 65_536) {
  let held = [];
  let octets = 0;
  const joined = () => {
    const all = new Uint8Array(octets);
    let at = 0;
    for (const chunk of held) {
      all.set(chunk, at);
      at += chunk.length;
    }
    [held, octets] = [[], 0];
    return all;
  };
  for await (const chunk of chunks) {
    if (chunk.length >= size) {
      if (octets > 0) yield joined();
      yield chunk;
      continue;
    }
    held.push(chunk);
    octets += chunk.length;
    if (octets >= size) yield joined();
  }
  if (octets > 0) yield joined();
}

/** A stream of what a generator yields, begun when it is first read; it can be iterated everywhere. */
export function streamOf(generator) {
  const stream = new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await generator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await generator.return();
      },
    },
    { highWaterMark: 0 },
  );
  // Not every browser has it.
  if (stream[Symbol.asyncIterator] === undefined) {
    Object.defineProperty(stream, Symbol.asyncIterator, {
      value: () => {
        const chunks = streamChunks(stream);
        return { ...chunks, [Symbol.asyncIterator]() { return this; } };
      },
    });
  }
  return stream;
}
