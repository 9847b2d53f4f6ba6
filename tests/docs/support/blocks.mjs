// The code blocks of the guides and READMEs, and the folder in which they are compiled and run.

import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** Where blocks are written; `import "offline-mailbox"` means pkg/ there, and others docs/node_modules. */
export const FOLDER = path.join(ROOT, "target/docs-code");

const LANGUAGES = new Set(["js", "ts", "tsx", "vue", "svelte"]);

/** The files with code that must be right. */
export const SOURCES = [
  "README.md",
  "pkg/README.md",
  ...readdirSync(path.join(ROOT, "docs")).filter((name) => name.endsWith(".md")).sort().map((name) => `docs/${name}`),
];

/**
 * The blocks of a Markdown text in one of the languages above. After the language, on the opening
 * line, `no-run` keeps one from being run, and `file=NAME` names it.
 */
export function blocksOf(source, text) {
  const blocks = [];
  let open;
  text.split("\n").forEach((line, index) => {
    const fence = /^```\s*(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      if (LANGUAGES.has(open.language)) blocks.push({ ...open, code: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else {
      const [language = "", ...info] = fence[1].split(/\s+/);
      const file = info.find((word) => word.startsWith("file="))?.slice(5);
      open = { source, language, info, file, line: index + 1, lines: [] };
    }
  });
  if (open) throw new Error(`${source}:${open.line}: a code block without an end`);
  return blocks;
}

export const allBlocks = () => SOURCES.flatMap((source) => blocksOf(source, readFileSync(path.join(ROOT, source), "utf8")));

/** A name of its own for each block, with the line at which it begins. */
export const nameOf = ({ source, line }) => `${source.replace(/\.md$/, "").replaceAll("/", "-")}-L${line}`;

/** Code at the same lines as in its source, so that a complaint's line is the source's. */
export const padded = ({ line, code }) => "\n".repeat(line) + code;

/** Makes a folder below FOLDER anew. */
export function freshFolder(name) {
  const folder = path.join(FOLDER, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  mkdirSync(path.join(folder, "node_modules"));
  symlinkSync(path.join(ROOT, "pkg"), path.join(folder, "node_modules/offline-mailbox"));
  try {
    symlinkSync(path.join(ROOT, "docs/node_modules"), path.join(FOLDER, "node_modules"));
  } catch (error) {
    // There since an earlier test.
    if (error.code !== "EEXIST") throw error;
  }
  return folder;
}

export const write = (folder, name, text) => writeFileSync(path.join(folder, name), text);
