// The package's types in projects of TypeScript: strict, libraries checked, with and without DOM.

import { after, test } from "node:test";

import { unpack } from "./support/consumer.mjs";
import { compiles } from "./support/typescript.mjs";

after(unpack);

for (const compiler of ["ours", "older"]) {
  for (const module of ["bundler", "node16", "nodenext"]) {
    for (const [name, platform] of [
      ["ES2022 only", { lib: ["ES2022"] }],
      ["ES2022 and DOM", { lib: ["ES2022", "DOM", "DOM.Iterable"] }],
      ["a worker", { lib: ["ES2022", "WebWorker"] }],
      ["Node's types", { lib: ["ES2022"], types: ["node"] }],
    ]) {
      test(`TypeScript ${compiler === "ours" ? "7" : "5.9"}, ${module}, ${name}`, { timeout: 120_000 }, (t) => compiles(t, { compiler, module, ...platform }));
    }
  }
}
