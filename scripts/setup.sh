#!/usr/bin/env bash
# Sets up what is missing on this machine; what is there already is left alone (well under 3 s then).
#
#   scripts/setup.sh          everything `make test` needs
#   scripts/setup.sh build    only what building the wasm and the demo needs (no browsers)
#
# Environment:
#   OFFLINE_MAILBOX_WASM_TOOLCHAIN=rustup|debian   force one way to the wasm target (default: rustup, then Debian)
#   OFFLINE_MAILBOX_SKIP_APT=1                     never call apt-get; say what is missing instead
#   CHROMIUM CHROMEDRIVER FIREFOX GECKODRIVER WEBKITDRIVER MINIBROWSER   use these executables
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mode="${1:-all}"
mkdir -p "$TOOLS/bin"
have cargo || fail "no cargo on PATH. Install Rust 1.88 or newer (https://rustup.rs), open a new shell, and run this again."
have node || fail "no node on PATH. Install Node.js 20 or newer with npm, and run this again."
have npm || fail "no npm on PATH. Install npm (it comes with Node.js), and run this again."

case "$mode" in
  build) steps="20-wasm-target 30-npm 40-wasm-tools" ;;
  all) steps="10-apt 20-wasm-target 30-npm 40-wasm-tools 50-geckodriver" ;;
  *) fail "unknown mode '$mode': use 'build' or nothing." ;;
esac
for name in $steps; do
  bash "$ROOT/scripts/setup/$name.sh" || exit 1
done
