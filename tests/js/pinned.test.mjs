// What a build takes from outside is pinned, and the lock files name no place to download from.

import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

for (const folder of ["", "tests/packaging/tools/", "tests/packaging/runtimes/"]) {
  test(`every development dependency of ${folder}package.json is pinned to one version`, () => {
    const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = JSON.parse(read(`${folder}package.json`));
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    assert.ok(all.length > 0);
    for (const [name, version] of all) assert.match(version, /^(?:npm:[\w-]+@)?\d+\.\d+\.\d+$/, name);
  });

  test(`${folder}package-lock.json names no download address, and a digest for every package`, () => {
    const { packages } = JSON.parse(read(`${folder}package-lock.json`));
    const locked = Object.entries(packages).filter(([name]) => name !== "");
    assert.ok(locked.length > 0);
    for (const [name, entry] of locked) {
      assert.equal(entry.resolved, undefined, name);
      assert.match(entry.integrity ?? "", /^sha512-/, name);
      assert.match(entry.version, /^\d+\.\d+\.\d+/, name);
    }
  });
}

test("Cargo.toml pins wasm-bindgen to the version of Cargo.lock, which set-up installs the tool for", () => {
  const [, pinned] = /^wasm-bindgen = "=([\d.]+)"/m.exec(read("Cargo.toml"));
  const [, locked] = /name = "wasm-bindgen"\nversion = "([\d.]+)"/.exec(read("Cargo.lock"));
  assert.equal(pinned, locked);
});
