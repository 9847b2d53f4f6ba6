#!/usr/bin/env bash
# The benches of what needs no browser (bench/native): mail, searches, views, sets, filters, the engine in
# memory. Builds them, runs them, and ends with a table: the median of each, how much a second, and, where
# it was measured before, how the median changed.
#
#   scripts/bench-native.sh [FILTER] [OPTION]...   all of them, or those whose names (such as
#                                                  search/sort-subject-order) match a regular expression
#
#   --save-baseline NAME   keeps the figures under this name
#   --baseline NAME        compares with them; otherwise with the run before
# and the other options of criterion, such as --quick or --measurement-time 5.
#
# Environment:
#   CARGO_BUILD_JOBS   how many compilers run at a time, as for any build by cargo
# What was measured is in target/bench-native/criterion.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
have cargo || fail "no cargo on PATH. Install Rust 1.88 or newer (https://rustup.rs), open a new shell, and run this again."
have node || fail "no node on PATH. Install Node.js 20 or newer, and run this again."
have cc || fail "no C compiler on PATH, which Rust links with. Install one (Debian: build-essential), and run this again."
cd "$ROOT"

export CARGO_TARGET_DIR="$ROOT/target/bench-native"
export CRITERION_HOME="$CARGO_TARGET_DIR/criterion"
options=(--locked --manifest-path bench/native/Cargo.toml --benches)
cargo build "${options[@]}" --profile bench
begun="$(node -p 'Date.now()')"
code=0
cargo bench "${options[@]}" --no-fail-fast -- "$@" || code=$?
node scripts/bench-native-table.mjs "$CRITERION_HOME" "$begun" || code=1
exit "$code"
