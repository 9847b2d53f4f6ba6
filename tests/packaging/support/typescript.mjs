// Projects in TypeScript: the package's types as somebody else's compiler finds them.

import path from "node:path";
import { fileURLToPath } from "node:url";

import { consumer, run } from "./consumer.mjs";
import { tools } from "./tools.mjs";

const OURS = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));

// Without DOM there is no console and no URL; what is exported has to do without them, too.
const PROGRAM = `
import { MailboxError, openSession, type MessageRow, type Session } from "offline-mailbox";
import * as inline from "offline-mailbox/inline";
import * as slim from "offline-mailbox/slim";
import { readMbox, type MboxMessage } from "offline-mailbox/mbox";

export async function subjects(session: Session): Promise<(string | undefined)[]> {
  const { selected } = await session.selectMailbox("INBOX");
  const { rows } = await session.listMessages(selected, { offset: 0, limit: 50 });
  return rows.map((row: MessageRow) => row.subject);
}

export async function all(): Promise<readonly string[]> {
  const one: slim.Session = await openSession({ owner: "ada@example.org", durability: "strict" });
  const two: Session = await inline.openSession({ owner: "ada@example.org", backend: "memory" });
  const three: Session = await slim.openSession({ owner: "ada@example.org", wasm: new Uint8Array(8) });
  // @ts-expect-error slim has no engine of its own
  await slim.openSession({ owner: "ada@example.org" });
  // @ts-expect-error there is no such level
  await openSession({ owner: "ada@example.org", durability: "eventual" });
  for await (const message of readMbox(new Uint8Array(0))) {
    const taken: MboxMessage = message;
    await one.appendMessages("INBOX", [taken]);
  }
  try {
    await two.selectMailbox("Nowhere");
  } catch (error) {
    if (error instanceof MailboxError && error.code === "NOT_FOUND") return [error.message];
  }
  await three.close();
  return [];
}
`;

/**
 * Compiles a project; rejects with the compiler's words. `compiler` is "ours" (the newest) or "older";
 * `module` is a moduleResolution; with `types: ["node"]` Node's types are there.
 */
export async function compiles(t, { compiler, module, lib, types = [] }) {
  const root = await consumer(t, {
    link: types.length > 0 ? ["@types/node"] : [],
    files: {
      "main.ts": PROGRAM,
      // Every entry's types, also those the program has no use for.
      "entries.ts": await everyEntry(),
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          target: "ES2022",
          lib,
          types,
          module: module === "bundler" ? "ESNext" : module,
          moduleResolution: module,
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
        },
        files: ["main.ts", "entries.ts"],
      }),
    },
  });
  const tsc = compiler === "ours" ? OURS : path.join(await tools("all"), "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", ".", "--pretty", "false"], { cwd: root });
}

async function everyEntry() {
  const { default: manifest } = await import("../../../pkg/package.json", { with: { type: "json" } });
  const names = Object.entries(manifest.exports).flatMap(([name, target]) => (target.types && !name.includes("*") ? [name] : []));
  return names.map((name, at) => `export * as entry${at} from ${JSON.stringify(`offline-mailbox${name.slice(1)}`)};\n`).join("");
}
