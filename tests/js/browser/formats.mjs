// A database out of a fixture, as IndexedDB and Node's SQLite have it, and what a session sees of it. Runs in
// pages and in Node. Not here: what is asserted.

const SPACES = ["meta", "core", "flags", "index", "ids", "rows", "directory", "content", "text", "buckets"];

export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
export const unbase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const hex = (octets) => Array.from(octets, (byte) => byte.toString(16).padStart(2, "0")).join("");

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error ?? new Error("blocked"));
  });

const load = async (address) => (await fetch(address)).json();

/** Makes the database in IndexedDB out of what is served there, in tables of this version. */
export async function fill(name, address, version = 1) {
  const { sequence, guards, journal, records } = await load(address);
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => [...SPACES, "guards", "journal"].forEach((table) => opening.result.createObjectStore(table));
  const database = await done(opening);
  const tx = database.transaction([...database.objectStoreNames], "readwrite");
  for (const [space, key, value] of records) tx.objectStore(SPACES[space]).put(unbase64(value), unhex(key));
  for (const [guard, revision] of guards) tx.objectStore("guards").put(revision, guard);
  tx.objectStore("guards").put(sequence, "sequence");
  for (const [step, id, note] of journal) {
    const entry = Uint8Array.of(...unhex(id), ...unbase64(note));
    tx.objectStore("journal").put(entry, step);
  }
  await new Promise((resolve, reject) => {
    tx.oncomplete = resolve;
    tx.onabort = () => reject(tx.error);
  });
  database.close();
}

/** A digest of every octet that the database holds, by table. */
export async function fingerprint(name) {
  const database = await done(indexedDB.open(name));
  const found = { version: database.version };
  for (const table of database.objectStoreNames) {
    const store = database.transaction(table).objectStore(table);
    const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    const show = (each) => (typeof each === "object" ? hex(new Uint8Array(each.buffer ?? each)) : String(each));
    const text = keys.map((key, at) => `${show(key)} ${show(values[at])}`).join("\n");
    found[table] = await digest(new TextEncoder().encode(text));
  }
  database.close();
  return found;
}

const CRC = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
export const crc32 = (octets) => ~octets.reduce((value, byte) => CRC[(value ^ byte) & 255] ^ (value >>> 8), -1) >>> 0;

const CHANGES = {
  flip(record) {
    record[record.length >> 1] ^= 1;
  },
  /** As of a version that is yet to come; the checksum is over table, key and record. */
  later(record, place) {
    record[0] = 9;
    new DataView(record.buffer).setUint32(record.length - 4, crc32([...place, ...record.subarray(0, -4)]), true);
  },
};

/** Changes one record in place. */
export async function spoil(name, table, key, change) {
  const database = await done(indexedDB.open(name));
  const store = database.transaction(table, "readwrite").objectStore(table);
  const record = new Uint8Array(await done(store.get(unhex(key))));
  CHANGES[change](record, [SPACES.indexOf(table), ...unhex(key)]);
  await done(store.put(record, unhex(key)));
  database.close();
}

const digest = async (octets) => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", octets)));

/** What a session sees of the mailboxes and messages that are expected there, in the same form. */
export const summaryOf = async (session, address) => summary(session, await load(address));

/** What a session sees of the mailboxes and messages that `expected` names, in the same form. */
export async function summary(session, expected) {
  const mailboxes = [];
  for (const { name, messages: wanted } of expected.mailboxes) {
    const { selected, snapshot } = await session.selectMailbox(name, { readonly: true });
    const uids = wanted.map(({ uid }) => uid);
    const { messages } = await session.fetchMessages(selected, uids, { envelope: true, preview: true, source: true });
    const found = [];
    for (const message of messages) {
      const { uid, modSeq, zoneMinutes, size, emailId, threadId, preview, envelope } = message;
      found.push({
        uid,
        flags: message.flags.filter((flag) => flag !== "\\Recent"),
        modSeq,
        internalDate: message.internalDate.getTime(),
        zoneMinutes,
        saveDate: message.saveDate.getTime(),
        size,
        emailId,
        threadId,
        subject: envelope.subject,
        preview,
        sha256: await digest(message.source),
      });
    }
    const { mailboxId, uidValidity, exists, recent, unseen, deleted, size, uidNext, highestModSeq } = snapshot;
    const { readonly } = await session.status(name);
    mailboxes.push({ name, mailboxId, readonly, uidValidity, exists, recent, unseen, deleted, size, uidNext, highestModSeq, messages: found });
    await session.closeMailbox(selected);
  }
  const { active, names } = await session.filterSet.getAll();
  return { active, filters: names, owner: session.owner, mailboxes };
}
