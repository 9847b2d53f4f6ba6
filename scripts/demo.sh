#!/usr/bin/env bash
# Sets up what is missing, builds the wasm and serves the demo on this machine until Ctrl-C.
#
# Environment: PORT (default 8080, or the next free one).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

bash "$ROOT/scripts/setup.sh" build
bash "$ROOT/scripts/build-wasm.sh"
# What the demo needs beside its own files (a sample mailbox); written by the demo's own script.
if [ -f "$ROOT/scripts/demo-data.mjs" ]; then node "$ROOT/scripts/demo-data.mjs"; fi
exec node "$ROOT/scripts/serve.mjs"
