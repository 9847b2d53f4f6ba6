// One of two programs on one file: appends, flags half of its own, waits until it has seen the other's.
//
//   node shared_child.mjs FILE TAG ROUNDS

import { openSession } from "../../../pkg/index.js";
import { mail } from "./mail.mjs";

const [path, tag, rounds] = process.argv.slice(2);
const count = Number(rounds);
const session = await openSession({ owner: "ada@example.org", path });
const { selected } = await session.selectMailbox("INBOX");
const uids = [];
for (let n = 0; n < count; n += 1) {
  const raws = [`${tag}${n}`, `${tag}${n} again`].map((subject) => ({ raw: mail(subject) }));
  const appended = await session.appendMessages("INBOX", raws, { selected });
  uids.push(...appended.uids);
  await session.updateFlags(selected, [appended.uids[0]], ["\\Flagged", `$${tag}`]);
}
const all = count * 4;
const wanted = count * 2;
let told = 0;
const flagged = async () => (await session.searchMailbox(selected, { flagged: true })).uids.length;
const late = setTimeout(() => process.exit(3), 120_000);
while (selected.exists < all || (await flagged()) < wanted) {
  const updates = await session.checkMailbox(selected, { waitOn: AbortSignal.timeout(5000) });
  if (updates.exists !== undefined || updates.flags.uid.length > 0) told += 1;
}
clearTimeout(late);
const { snapshot } = await session.selectMailbox("INBOX", { readonly: true });
console.log(JSON.stringify({ tag, uids, saw: snapshot.exists, flagged: await flagged(), told }));
await session.close();
