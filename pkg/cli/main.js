#!/usr/bin/env node
// The program `offline-mailbox`. What it does is in run.js; this file alone touches the process.

import { run } from "./run.js";

const emitWarning = process.emitWarning.bind(process);
// That Node's SQLite is young is nothing that a user of this program can act on.
process.emitWarning = (warning, ...rest) => {
  if (!/\bSQLite\b/.test(String(warning?.message ?? warning))) emitWarning(warning, ...rest);
};

const controller = new AbortController();
let interrupted;
for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) {
  process.on(name, () => {
    // Who asks twice does not want to wait.
    if (interrupted !== undefined) process.exit(interrupted);
    interrupted = code;
    controller.abort(new Error("interrupted"));
  });
}
// Whoever read what is written has enough: as if the program had been ended by that.
process.stdout.on("error", (error) => process.exit(error.code === "EPIPE" ? 141 : 1));

run(process.argv.slice(2), { signal: controller.signal }).then(
  (code) => {
    process.exitCode = interrupted ?? code;
  },
  (error) => {
    process.stderr.write(`offline-mailbox: ${error?.stack ?? error}\n`);
    process.exitCode = 1;
  },
);
