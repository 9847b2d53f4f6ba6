// A command line from its words to its exit code. Not here: what the commands do.

import { parseArgs } from "node:util";

import { MailboxError } from "../errors.js";
import { version } from "../version.js";
import { exportMail } from "./export.js";
import { importMail } from "./import.js";
import { list, search, show, stats, verify } from "./look.js";
import { Output } from "./output.js";
import { openStore } from "./store.js";
import { COMMANDS, COMMON, HELP, UsageError, helpOf } from "./usage.js";

const RUN = { import: importMail, export: exportMail, ls: list, search, show, verify, stats };

function parsed(command, words) {
  try {
    return parseArgs({ args: words, options: { ...COMMON, ...COMMANDS[command].options }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** Runs a command line; resolves to its exit code. */
export async function run(words, { signal, stdout = process.stdout, stderr = process.stderr, stdin = process.stdin, open = openStore } = {}) {
  const [command, ...rest] = words;
  const json = rest.includes("--json") || command === "--json";
  let output = new Output({ json, stdout, stderr, quiet: true });
  try {
    if (["--version", "-v", "version"].includes(command)) {
      await output.octets(`${version}\n`);
      return 0;
    }
    if (["--help", "-h", "help"].includes(command)) {
      await output.octets(Object.hasOwn(COMMANDS, rest[0] ?? "") ? helpOf(rest[0]) : HELP);
      return 0;
    }
    if (command === undefined) throw new UsageError("there is no command");
    if (!Object.hasOwn(COMMANDS, command)) throw new UsageError(`there is no command ${JSON.stringify(command)}`);
    const { values, positionals } = parsed(command, rest);
    output = new Output({ json: values.json ?? false, quiet: values.quiet ?? false, stdout, stderr });
    if (values.help) {
      await output.octets(helpOf(command));
      return 0;
    }
    if (values.db !== undefined && values.directory !== undefined) throw new UsageError("give --db or --directory, not both");
    const task = RUN[command](positionals, values);
    const { session, file } = await open(values, { create: command === "import", signal });
    try {
      return (await task({ session, file, output, signal, stdin, json: values.json ?? false })) ?? 0;
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof UsageError) {
      const hint = Object.hasOwn(COMMANDS, command ?? "") ? `offline-mailbox ${command} --help` : "offline-mailbox --help";
      output.fail("USAGE", `${error.message}; ${hint} tells more`);
      return 2;
    }
    if (signal?.aborted) {
      output.fail("ABORTED", "interrupted");
      return 130;
    }
    const known = error instanceof MailboxError || typeof error?.syscall === "string";
    output.fail(error?.code ?? "INTERNAL", known ? error.message : (error?.stack ?? String(error)));
    return 1;
  } finally {
    output.clear();
  }
}
