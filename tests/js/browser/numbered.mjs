// Messages that their subject makes, so that whoever finds one can say whether it is whole. For
// Node and for pages.

/** A message that its subject makes: most are small, some have up to 300 KB. */
export function numbered(subject) {
  let hash = 7;
  for (const letter of subject) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
  const size = hash % 11 === 0 ? hash % 300_000 : hash % 3000;
  const body = `${subject} `.repeat(1 + Math.floor(size / (subject.length + 1)));
  return new TextEncoder().encode(
    `From: Grace Hopper <grace@example.org>\r\nTo: ada@example.org\r\nSubject: ${subject}\r\n\r\n${body}\r\n`,
  );
}
