// Arbitrary octets that a seed repeats, made of what formats trip over.

/** A random generator that a seed repeats: `next(below)`. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES = [
  "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "From ", ">From ", ">>From ", "From x Thu Jan  1 00:00:00 2026\n", "From", ">", ">>>",
  "Content-Length: 5\n", "Content-Length: 40\r\n", "Content-Length: 0\n", "Status: RO\n", "X-Status: A\r\n", "X-Keywords: a\n b\n",
  "Subject: x\n", "text", " ", "\t", "a longer line of text, of no meaning\r\n", "\u0000", "\u00ff", "\u00e9",
];

/** A message of any octets, the empty one among them, its last line ended or not. */
export function anyOctets(next) {
  let text = "";
  for (let count = next(12); count > 0; count -= 1) text += PIECES[next(PIECES.length)];
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

/** The octets in pieces of any length. */
export function* pieces(octets, next) {
  for (let at = 0; at < octets.length; ) {
    const length = next(4) === 0 ? 1 + next(40) : 1 + next(3);
    yield octets.subarray(at, at + length);
    at += length;
  }
}

export const hex = (octets) => Buffer.from(octets).toString("hex");

/** Every chunk of a stream as one array. */
export async function collected(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Everything that a mailbox holds, in order. */
export async function contents(session, mailbox) {
  const { selected } = await session.selectMailbox(mailbox, { readonly: true });
  const all = [];
  for await (const { messages } of session.fetchPages(selected, "1:*", { source: true })) all.push(...messages);
  await session.closeMailbox(selected);
  return all;
}
