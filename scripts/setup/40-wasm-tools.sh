#!/usr/bin/env bash
# wasm-pack, and the wasm-bindgen-cli of exactly the version that Cargo.lock pins.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/setup/tools.sh
. "$ROOT/scripts/setup/tools.sh"

version="$(locked_version wasm-bindgen)"
[ -n "$version" ] || fail "Cargo.lock names no wasm-bindgen. Restore it: git checkout Cargo.lock"
cargo_tool wasm-pack 0.15.1 wasm-pack
# Without TLS: its test runner speaks to a driver on this machine only.
cargo_tool wasm-bindgen-cli "$version" wasm-bindgen wasm-bindgen-test-runner -- --no-default-features
