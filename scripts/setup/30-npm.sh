#!/usr/bin/env bash
# npm packages, exactly those of package-lock.json, no install script run; done when node_modules
# carries the hash of that lock. binaryen's wasm-opt is linked into .tools/bin, where wasm-pack
# finds it (node_modules/.bin is not put on PATH: it also holds another `node`).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

release="$(node --version)"
at_least "${release#v}" 20.0.0 || fail "node $release is too old. Install Node.js 20 or newer, and run this again."
cd "$ROOT"
hash="$(cat package.json package-lock.json .npmrc | sha256sum | cut -d' ' -f1)"
stamp=node_modules/.set-up-hash
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$hash" ]; then
  step "npm packages: npm ci (a minute)"
  quietly npm npm ci --ignore-scripts --no-audit --no-fund || fail "npm ci failed (see above). Check that npm can reach its registry, then run it again: npm ci --ignore-scripts"
  printf '%s\n' "$hash" >"$stamp"
fi
mkdir -p "$TOOLS/bin"
ln -sf "$ROOT/node_modules/binaryen/bin/wasm-opt" "$TOOLS/bin/wasm-opt"
