// A list's rows as they come from the engine: all numbers in one array, all texts in one string
// (src/wasm/rows.rs writes them in this order). Not here: which messages are listed.

/** The rows as callers get them. */
export function rowsOf({ count, numbers, texts }) {
  const flagLists = new Map();
  let [next, begin] = [0, 0];
  const number = () => numbers[next++];
  const text = () => {
    const length = numbers[next++];
    if (Number.isNaN(length)) return undefined;
    const end = begin + length;
    const found = texts.slice(begin, end);
    begin = end;
    return found;
  };
  const flags = () => {
    const names = text();
    let list = flagLists.get(names);
    if (list === undefined) flagLists.set(names, (list = names === "" ? [] : names.split(" ")));
    return list;
  };
  const addresses = (otherwise) => {
    const list = [];
    let left = number();
    if (Number.isNaN(left)) return otherwise.map((address) => ({ ...address }));
    for (; left > 0; left -= 1) list.push({ name: text(), address: text() });
    return list;
  };
  const row = () => {
    const found = {
      uid: number(),
      seq: number(),
      modSeq: number(),
      internalDate: new Date(number()),
      zoneMinutes: number(),
      saveDate: new Date(number()),
      size: number(),
      expunged: number() === 1,
    };
    if (number() === 1) found.damaged = true;
    found.hasAttachment = number() === 1;
    const sent = number();
    found.sentDate = Number.isNaN(sent) ? undefined : new Date(sent);
    found.flags = flags();
    found.emailId = text();
    found.threadId = text();
    found.subject = text();
    found.messageId = text();
    found.inReplyTo = text();
    found.preview = text();
    found.from = addresses();
    found.sender = addresses(found.from);
    found.replyTo = addresses(found.from);
    found.to = addresses();
    found.cc = addresses();
    found.bcc = addresses();
    return found;
  };
  return Array.from({ length: count }, row);
}
