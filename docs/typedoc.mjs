// How typedoc makes the site (scripts/docs.sh): every entry that pkg/package.json exports with types,
// and every guide of this folder. All warnings are errors.

import { readFileSync } from "node:fs";
import path from "node:path";

const here = (...parts) => path.join(import.meta.dirname, ...parts);
const { exports, version } = JSON.parse(readFileSync(here("../pkg/package.json"), "utf8"));

/** The guides, in the order in which README.md lists them. */
const guides = [...readFileSync(here("README.md"), "utf8").matchAll(/\]\(\.\/([\w-]+\.md)\)/g)].map(([, name]) => here(name));

/** The platform's own types, named here for programs without them: nothing to be described. */
const platform = ["Blob", "ReadableStream", "Response", "URL", "WebAssemblyModule"];

export default {
  name: `offline-mailbox ${version}`,
  entryPoints: Object.values(exports).flatMap(({ types }) => (types ? [here("../pkg", types)] : [])),
  tsconfig: here("tsconfig.json"),
  plugin: [here("typedoc-plugin.mjs")],
  out: here("../www/docs"),
  favicon: here("../www/icon.svg"),
  readme: here("README.md"),
  projectDocuments: guides,
  alwaysCreateEntryPointModule: true,
  // One place is enough: the entries that re-export another's names list them as links.
  excludePrivate: true,
  disableSources: true,
  disableGit: true,
  hideGenerator: true,
  githubPages: false,
  includeVersion: false,
  router: "kind",
  navigation: { includeFolders: false },
  sortEntryPoints: false,
  sort: ["source-order"],
  kindSortOrder: ["Document", "Module", "Function", "Class", "Variable", "Interface", "TypeAlias", "Reference"],
  highlightLanguages: ["js", "jsx", "ts", "tsx", "vue", "svelte", "html", "css", "json", "sh", "rust", "http", "text"],
  intentionallyNotExported: platform.map((name) => `platform.d.ts:${name}`),
  requiredToBeDocumented: ["Module", "Class", "Interface", "TypeAlias", "Function", "Variable"],
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true, unusedMergeModuleWith: true },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
