// What the parts of the soak (tests/soak) have in common: their arguments, and how they report.

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../target/soak/", import.meta.url));

/**
 * The arguments of the command line, whole numbers from 1, those left out as in `defaults`: an
 * object of names and numbers in the order of the arguments. Others end the program, with its usage.
 */
export function numbers(name, defaults) {
  const given = process.argv.slice(2).map(Number);
  const names = Object.keys(defaults);
  if (given.length > names.length || given.some((number) => !Number.isInteger(number) || number < 1)) {
    console.error(`usage: node tests/soak/${name}.mjs ${names.map((each) => `[${each.toUpperCase()}]`).join(" ")}`);
    process.exit(2);
  }
  return Object.fromEntries(names.map((each, at) => [each, given[at] ?? defaults[each]]));
}

/** Writes a part's figures as target/soak/NAME.json, and prints the line that says them. */
export function report(name, line, figures) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}${name}.json`, `${JSON.stringify({ name, line, ...figures }, null, 2)}\n`);
  console.log(line);
}
