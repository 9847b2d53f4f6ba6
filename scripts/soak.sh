#!/usr/bin/env bash
# Kills programs that write the store in a file, and looks for what they had acknowledged.
#
#   scripts/soak.sh [ROUNDS]   200 where absent; a minute for every thirty
#
# NODE24 names the Node to use (22.13 or newer); the one of package.json otherwise.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash "$ROOT/scripts/setup.sh" build
use_tools
bash "$ROOT/scripts/build-wasm.sh"
node="${NODE24:-}"
[ -n "$node" ] || fail "the store in a file needs Node 22.13 or newer: name one in NODE24."
exec "$node" --disable-warning=ExperimentalWarning "$ROOT/tests/soak/kill-node.mjs" "${1:-200}"
