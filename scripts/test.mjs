// Runs every test suite there is, prints a table, and ends with the line `N passed, N failed`.
//
//   node scripts/test.mjs [SUITE]...    all, or those whose names begin so (`wasm`, `wasm-firefox`)
//
// Run it through scripts/test.sh, which sets the machine up and the environment. How a suite comes
// to be here:
//   native            `cargo test`: unit tests in src/, every tests/*.rs
//   wasm-BROWSER-CTX  each tests/NAME.rs that mentions `wasm_bindgen_test`, itself or in a file of
//                     tests/NAME/, in three browsers, in a window and in a dedicated worker
//   js                tests/js/**/*.test.mjs by this Node; *.node24.test.mjs by Node 24 (NODE24);
//                     a test that drives browsers finds them in CHROMIUM, CHROMEDRIVER, FIREFOX,
//                     GECKODRIVER, WEBKITDRIVER, MINIBROWSER, and a display is there
//   types             tests/types/tsconfig.json: every .ts file of that folder is one test
//   packaging         tests/packaging/core.test.mjs: the packed tarball, installed elsewhere by npm
//   packaging-full    every tests/packaging/*.test.mjs: all bundlers and runtimes; only when it is named
//   docs              tests/docs/*.test.mjs: the code of guides and READMEs compiles and runs, the site is made
//   lint              formatting, clippy natively and for wasm, rustdoc, shellcheck where it is installed
// A suite whose files exist but that ran no test, did not start, or ran out of time has failed.
//
// Environment: OFFLINE_MAILBOX_TEST_PATIENCE multiplies every time limit (default 1).
// Whole outputs are in target/test-logs/.

import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const LOGS = path.join(ROOT, "target", "test-logs");
const PATIENCE = Number(process.env.OFFLINE_MAILBOX_TEST_PATIENCE ?? 1);
const TARGET = "wasm32-unknown-unknown";
const NATIVE = { PATH: process.env.OFFLINE_MAILBOX_NATIVE_PATH ?? process.env.PATH };
const wanted = process.argv.slice(2).flatMap((argument) => argument.split(/[\s,]+/)).filter(Boolean);

const files = (folder, test) =>
  existsSync(path.join(ROOT, folder))
    ? readdirSync(path.join(ROOT, folder), { recursive: true })
        .filter((name) => !name.split(path.sep).includes("node_modules") && test(name))
        .map((name) => path.join(folder, name))
        .sort()
    : [];
const onPath = (name, value = process.env.PATH) =>
  value.split(path.delimiter).some((folder) => existsSync(path.join(folder, name)));

/**
 * Runs a program, its output into a log. Resolves to { code, output, late }; the program and all it
 * started are killed when its time is over. `unset` lists variables the program must not see.
 */
function run(log, command, args, { minutes, env = {}, unset = [] }) {
  return new Promise((resolve) => {
    const stream = createWriteStream(path.join(LOGS, `${log}.log`), { flags: begunLogs.has(log) ? "a" : "w" });
    begunLogs.add(log);
    stream.write(`$ ${command} ${args.join(" ")}\n`);
    const full = { ...process.env, ...env };
    for (const name of unset) delete full[name];
    const child = spawn(command, args, { cwd: ROOT, env: full, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const chunks = [];
    let late = false;
    const killGroup = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // Already gone.
      }
    };
    const timer = setTimeout(() => {
      late = true;
      killGroup();
    }, minutes * 60_000 * PATIENCE);
    const finish = (code, more = "") => {
      clearTimeout(timer);
      running.delete(killGroup);
      if (child.pid) killGroup();
      if (late) more += `\n(stopped: not done after ${minutes * PATIENCE} minutes)\n`;
      stream.end(more);
      resolve({ code, late, output: Buffer.concat(chunks).toString("utf8") + more });
    };
    running.add(killGroup);
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.on("data", (chunk) => {
        chunks.push(chunk);
        stream.write(chunk);
      });
    }
    child.on("error", (error) => finish(127, `\n${command} could not be started: ${error.message}\n`));
    // `exit` is enough: what a killed browser left behind may hold the pipes open.
    child.on("exit", (code) => setTimeout(() => finish(code ?? 1), 100));
  });
}
const running = new Set();
const begunLogs = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    for (const kill of running) kill();
    process.exit(130);
  });
}

/** Sums the `test result:` lines of cargo test and of wasm-bindgen's runner. */
function rustCounts(output) {
  const sum = { passed: 0, failed: 0, skipped: 0, binaries: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    sum.passed += Number(passed);
    sum.failed += Number(failed);
    sum.skipped += Number(ignored);
    sum.binaries += 1;
  }
  return sum;
}

/** A program that ended badly without a failed test to show for it is itself one failure. */
function honest(counts, { code, late, output }, what) {
  if (counts.failed > 0) return { ...counts, detail: end(output) };
  if (code !== 0 || late) {
    const note = late ? `${what} ran out of time` : `${what} ended with code ${code}`;
    return { ...counts, failed: 1, note, detail: end(output) };
  }
  if (counts.passed === 0) return { ...counts, failed: 1, note: `${what} ran no test`, detail: end(output) };
  return counts;
}

function add(sum, counts) {
  return {
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + (counts.skipped ?? 0),
    note: [sum.note, counts.note].filter(Boolean).join("; "),
    detail: [sum.detail, counts.detail].filter(Boolean).join("\n"),
  };
}
/** As much of an output as a person wants to see when something failed: where that began, and the end. */
function end(output) {
  const lines = output.trimEnd().split("\n");
  if (lines.length <= 150) return lines.join("\n");
  const tail = lines.length - 70;
  const begin = Math.max(0, lines.findIndex((line) => /panicked at|^error|\bFAIL(ED)?\b|✖/.test(line)) - 2);
  const head = lines.slice(Math.min(begin, tail), Math.min(begin + 80, tail));
  return [...head, "[…]", ...lines.slice(tail)].join("\n");
}
const NOTHING = { passed: 0, failed: 0, skipped: 0, note: "", detail: "" };
const failure = (note, output = "") => ({ ...NOTHING, failed: 1, note, detail: end(output) });
/** One yes-or-no check as a count. */
const check = ({ code, late, output }, what) =>
  code === 0 && !late ? { ...NOTHING, passed: 1 } : failure(late ? `${what} ran out of time` : what, output);

async function native() {
  const result = await run("native", "cargo", ["test", "--locked", "--no-fail-fast"], { minutes: 20, env: NATIVE });
  return honest(rustCounts(result.output), result, "cargo test");
}

async function lint() {
  const skipped = [];
  let sum = NOTHING;
  const cargo = async (args, what) => {
    sum = add(sum, check(await run("lint", "cargo", args, { minutes: 15, env: NATIVE }), what));
  };
  const has = async (name) => (await run("lint", "cargo", [name, "--help"], { minutes: 1, env: NATIVE })).code === 0;
  if (await has("fmt")) {
    for (const manifest of ["Cargo.toml", "bench/native/Cargo.toml", "fuzz/Cargo.toml"])
      await cargo(["fmt", "--check", "--manifest-path", manifest], `cargo fmt --check: ${manifest}`);
  } else skipped.push("no rustfmt");
  if (await has("clippy")) {
    await cargo(["clippy", "--locked", "--all-targets", "--", "-D", "warnings"], "clippy");
    if (process.env.OFFLINE_MAILBOX_DEBIAN_RUST) skipped.push("no clippy for wasm by Debian's Rust");
    else await cargo(["clippy", "--locked", "--all-targets", "--target", TARGET, "--", "-D", "warnings"], "clippy for wasm");
  } else skipped.push("no clippy");
  const rustdoc = { RUSTDOCFLAGS: "-D warnings" };
  sum = add(sum, check(await run("lint", "cargo", ["doc", "--locked", "--no-deps"], { minutes: 10, env: { ...NATIVE, ...rustdoc } }), "cargo doc"));
  if (!process.env.OFFLINE_MAILBOX_DEBIAN_RUST) {
    const wasm = ["doc", "--locked", "--no-deps", "--target", TARGET];
    sum = add(sum, check(await run("lint", "cargo", wasm, { minutes: 10, env: { ...NATIVE, ...rustdoc } }), "cargo doc for wasm"));
  }
  if (onPath("shellcheck")) {
    const scripts = [".ci/run", ...files("scripts", (name) => name.endsWith(".sh"))];
    sum = add(sum, check(await run("lint", "shellcheck", ["-x", ...scripts], { minutes: 2 }), "shellcheck"));
  } else skipped.push("no shellcheck");
  sum = { ...sum, skipped: skipped.length, note: [sum.note, ...skipped].filter(Boolean).join("; ") };
  return sum.passed + sum.failed === 0 ? failure("nothing to lint with: rustup component add clippy rustfmt") : sum;
}

const wasmTests = () =>
  files("tests", (name) => name.endsWith(".rs") && !name.includes(path.sep)).filter((name) =>
    [name, ...files(name.slice(0, -3), (part) => part.endsWith(".rs"))].some((part) =>
      /\bwasm_bindgen_test\b/.test(readFileSync(path.join(ROOT, part), "utf8")),
    ),
  );

let wasmTestsBuilt;
/** Compiles the wasm tests once, so that the time limits of the suites are about running. */
function buildWasmTests() {
  // As wasm-pack does it, so that it finds everything done.
  wasmTestsBuilt ??= run("wasm-tests-build", "cargo", ["build", "--tests", "--locked", "--target", TARGET], { minutes: 20 });
  return wasmTestsBuilt;
}

const WEBKIT_ENV = {
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  WEBKIT_DISABLE_COMPOSITING_MODE: "1",
};

// WebKitGTK breaks a WebAssembly engine now and then, whatever it runs (ARCHITECTURE.md, "Defects"): what fails
// there alone has a second try, and the table says so, for it could be a rare fault of ours as well.
const secondTime = (count) => `${count} in WebKitGTK passed at the second time`;

/** `display` puts a virtual one around a command. */
const display = (command, args) => (onPath("xvfb-run") ? ["xvfb-run", ["-a", command, ...args]] : [command, args]);

async function wasm(browser, context) {
  const suite = `wasm-${browser}-${context}`;
  const first = wasmTestsBuilt === undefined;
  const built = await buildWasmTests();
  if (built.code !== 0) return failure("the tests did not build for wasm", first ? built.output : "");
  const env = {
    [context === "window" ? "WASM_BINDGEN_USE_BROWSER" : "WASM_BINDGEN_USE_DEDICATED_WORKER"]: "1",
    WASM_BINDGEN_TEST_TIMEOUT: String(Math.round(300 * PATIENCE)),
    WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "30",
  };
  // The runner takes the first driver that the environment names, whatever it was asked for.
  const unset = ["CHROMEDRIVER", "GECKODRIVER", "SAFARIDRIVER", "CHROMEDRIVER_REMOTE", "GECKODRIVER_REMOTE", "SAFARIDRIVER_REMOTE"];
  let sum = NOTHING;
  // One file at a time: wasm-pack cannot be told to go on after a failed one.
  for (const file of wasmTests()) {
    const name = path.basename(file, ".rs");
    let result;
    if (browser === "webkit") {
      const capabilities = path.join(LOGS, "webkit.json");
      writeFileSync(
        capabilities,
        JSON.stringify({
          browserName: "MiniBrowser",
          "webkitgtk:browserOptions": { binary: process.env.MINIBROWSER, args: ["--automation"] },
        }),
      );
      const once = () => run(suite, ...display("cargo", ["test", "--locked", "--target", TARGET, "--test", name]), {
        minutes: 7,
        env: {
          ...env,
          ...WEBKIT_ENV,
          WASM_BINDGEN_TEST_ONLY_WEB: "1",
          WASM_BINDGEN_TEST_WEBDRIVER_JSON: capabilities,
          CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: "wasm-bindgen-test-runner",
          SAFARIDRIVER: process.env.WEBKITDRIVER,
        },
        unset: unset.filter((variable) => variable !== "SAFARIDRIVER"),
      });
      result = await once();
      if (result.code !== 0 || result.late) {
        console.log(`\n---- ${suite}: ${name} has a second try\n${end(result.output).replace(/^/gm, "  ")}\n----\n`);
        const { failed } = rustCounts(result.output);
        result = await once();
        if (result.code === 0) sum = add(sum, { ...NOTHING, note: secondTime(Math.max(1, failed)) });
      }
    } else {
      const driver = browser === "chrome" ? ["--chromedriver", process.env.CHROMEDRIVER] : ["--geckodriver", process.env.GECKODRIVER];
      const args = ["test", "--headless", `--${browser}`, ...driver, "--mode", "no-install", "--", "--locked", "--test", name];
      result = await run(suite, "wasm-pack", args, { minutes: 7, env, unset });
    }
    sum = add(sum, honest(rustCounts(result.output), result, name));
  }
  return sum;
}

let wasmBuilt;
/** The package's wasm, which tests/js and the type tests use. */
function buildWasm() {
  if (!existsSync(path.join(ROOT, "src/wasm"))) return Promise.resolve({ code: 0 });
  wasmBuilt ??= run("wasm-build", "bash", ["scripts/build-wasm.sh"], { minutes: 15 });
  return wasmBuilt;
}

const isNode24Test = (name) => name.endsWith(".node24.test.mjs");
const jsTests = () => files("tests/js", (name) => name.endsWith(".test.mjs"));

async function nodeTests(suite, node, list) {
  const first = await countedTests(suite, node, list);
  if (!first.counts) return first.failure;
  let { counts, result } = first;
  const { broken } = counts;
  if (broken.length > 0 && broken.every(({ name }) => /\bwebkit\b/.test(name))) {
    const again = await countedTests(suite, node, [...new Set(broken.map(({ file }) => file))], broken.map(({ name }) => name));
    if (again.counts && passedAgain(again, broken.length)) {
      const { passed, skipped } = counts;
      counts = { ...counts, failed: 0, passed: passed + broken.length, skipped, note: secondTime(broken.length) };
      result = again.result;
      console.log(`\n---- ${suite}: passed at the second time only\n${end(first.result.output).replace(/^/gm, "  ")}\n----\n`);
    }
  }
  if (counts.empty.length > 0) {
    counts.failed += counts.empty.length;
    counts.note = `no test in ${counts.empty.map((file) => path.basename(file)).join(", ")}`;
  }
  return honest(counts, result, "node --test");
}

const passedAgain = ({ counts, result }, count) => result.code === 0 && !result.late && counts.failed === 0 && counts.passed === count;

async function countedTests(suite, node, list, names = []) {
  const counted = path.join(LOGS, `${suite}.json`);
  writeFileSync(counted, "");
  const args = [
    "--test",
    "--test-concurrency=1",
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=./scripts/test-reporter.mjs",
    `--test-reporter-destination=${counted}`,
    ...names.map((name) => `--test-name-pattern=^${name.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")}$`),
    ...list,
  ];
  const result = await run(suite, ...display(node, args), { minutes: 25, env: WEBKIT_ENV });
  try {
    return { counts: JSON.parse(readFileSync(counted, "utf8")), result };
  } catch {
    return { failure: failure(result.late ? "ran out of time" : `node ended with code ${result.code} and counted nothing`, result.output) };
  }
}

async function js() {
  const built = await buildWasm();
  if (built.code !== 0) return failure("the wasm did not build", built.output);
  const list = jsTests();
  const here = list.filter((file) => !isNode24Test(file));
  const newer = list.filter(isNode24Test);
  let sum = NOTHING;
  if (here.length > 0) sum = add(sum, await nodeTests("js", process.execPath, here));
  if (newer.length > 0) {
    sum = add(
      sum,
      process.env.NODE24
        ? await nodeTests("js-node24", process.env.NODE24, newer)
        : failure("*.node24.test.mjs needs Node 24: name one in NODE24"),
    );
  }
  return sum;
}

const packagingTests = () => files("tests/packaging", (name) => name.endsWith(".test.mjs"));

async function packaging(suite, list) {
  const built = await buildWasm();
  if (built.code !== 0) return failure("the wasm did not build", built.output);
  return nodeTests(suite, process.execPath, list);
}

const docsTests = () => files("tests/docs", (name) => name.endsWith(".test.mjs"));

async function docs() {
  const built = await buildWasm();
  if (built.code !== 0) return failure("the wasm did not build", built.output);
  return nodeTests("docs", process.execPath, docsTests());
}

async function types() {
  const built = await buildWasm();
  if (built.code !== 0) return failure("the wasm did not build", built.output);
  const result = await run("types", "node_modules/.bin/tsc", ["-p", "tests/types", "--noEmit", "--pretty", "false"], { minutes: 5 });
  const all = files("tests/types", (name) => name.endsWith(".ts"));
  const wrong = new Set([...result.output.matchAll(/^([^\s(][^(]*)\(\d+,\d+\): error TS/gm)].map(([, file]) => path.normalize(file)));
  const failed = all.filter((file) => wrong.has(file)).length;
  return honest({ ...NOTHING, passed: all.length - failed, failed }, result, "tsc");
}

function suites() {
  const list = [
    ["lint", lint],
    ["native", native],
  ];
  if (existsSync(path.join(ROOT, "tests/types/tsconfig.json"))) list.push(["types", types]);
  if (wasmTests().length > 0) {
    for (const browser of ["chrome", "firefox", "webkit"]) {
      for (const context of ["window", "worker"]) {
        list.push([`wasm-${browser}-${context}`, () => wasm(browser, context)]);
      }
    }
  }
  if (jsTests().length > 0) list.push(["js", js]);
  const packed = packagingTests();
  if (packed.length > 0) {
    list.push(["packaging", () => packaging("packaging", packed.filter((name) => path.basename(name) === "core.test.mjs"))]);
    if (wanted.includes("packaging-full")) list.push(["packaging-full", () => packaging("packaging-full", packed)]);
  }
  if (docsTests().length > 0) list.push(["docs", docs]);
  return list;
}

mkdirSync(LOGS, { recursive: true });
const known = suites();
const chosen = known.filter(([name]) => wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)));
const rows = [];
const begun = Date.now();

async function runSuite([name, suite]) {
  const started = Date.now();
  let counts;
  try {
    counts = await suite();
  } catch (error) {
    counts = failure(`the suite did not start: ${error.message}`);
  }
  const ended = { name, seconds: (Date.now() - started) / 1000, ...counts };
  rows.push(ended);
  if (counts.failed > 0 && counts.detail) {
    console.log(`\n---- ${name} failed; its whole output is in ${path.relative(ROOT, LOGS)}/`);
    console.log(counts.detail.replace(/^/gm, "  "));
    console.log("----\n");
  }
  console.log(row(ended));
}

// A browser's window and its worker spend most of their time waiting for the disk: side by side
// they take little longer than one alone.
const together = ([name]) => name.replace(/-(window|worker)$/, "");
while (chosen.length > 0) {
  const next = [chosen.shift()];
  if (chosen.length > 0 && together(chosen[0]) === together(next[0])) next.push(chosen.shift());
  await Promise.all(next.map(runSuite));
}

function row({ name, passed, failed, skipped, seconds, note }) {
  const cells = [name.padEnd(22), `${passed} passed`.padStart(14), `${failed} failed`.padStart(12), `${seconds.toFixed(0)} s`.padStart(8)];
  return `${cells.join("")}${skipped ? `   ${skipped} skipped` : ""}${note ? `   ${note}` : ""}`;
}

const total = rows.reduce(add, NOTHING);
console.log("\nAll suites:");
for (const each of rows) console.log(row(each));
console.log(row({ name: "all", ...total, note: "", seconds: (Date.now() - begun) / 1000 }));
if (rows.length === 0) {
  console.log(`No suite is called ${wanted.join(" or ")}; there are: ${known.map(([name]) => name).join(", ")}`);
  total.failed += 1;
}
// Whoever sees only the end of a long log shall see why, too.
for (const { name, failed, detail } of rows) {
  if (failed > 0 && detail) console.log(`\n${name} failed, at last with:\n${detail.split("\n").slice(-30).join("\n").replace(/^/gm, "  ")}`);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
