#!/usr/bin/env bash
# The benchmark: sets up what is missing (the libraries compared with included, which nothing else needs), builds the
# release wasm, measures. bench/run.mjs says at its head which variables it reads; bench/README.md what is measured.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash "$ROOT/scripts/setup.sh"
use_tools
bash "$ROOT/scripts/build-wasm.sh"
cd "$ROOT/bench"
hash="$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)"
stamp=node_modules/.set-up-hash
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$hash" ]; then
  say "[bench] npm packages: npm ci"
  quietly bench-npm npm ci --ignore-scripts --no-audit --no-fund || fail "npm ci failed in bench/ (see above)."
  printf '%s\n' "$hash" >"$stamp"
fi
cd "$ROOT"
exec node bench/run.mjs
