#!/usr/bin/env bash
# Fuzzes the parsers of what strangers write: mail, searches, filters, names.
#
#   scripts/fuzz.sh [SECONDS] [CHECK]...   every check of fuzz/fuzz_targets, 600 seconds each
#
# What is found lands in fuzz/artifacts/CHECK; when it is mended, keep it in
# fuzz/regressions/CHECK, which `cargo test` runs. FUZZ_JOBS checks run at a time (default: all cores).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/setup/tools.sh
. "$ROOT/scripts/setup/tools.sh"
mkdir -p "$TOOLS/bin" "$TOOLS/log"
cargo_tool cargo-fuzz 0.13.2 cargo-fuzz
export PATH="$TOOLS/bin:$PATH"
cd "$ROOT"

seconds="${1:-600}"
[ $# -eq 0 ] || shift
checks=("$@")
if [ ${#checks[@]} -eq 0 ]; then
  for target in fuzz/fuzz_targets/*.rs; do checks+=("$(basename "$target" .rs)"); done
fi

# libFuzzer's coverage counts are unstable options of rustc. No sanitizer: the crate has no unsafe code.
export RUSTC_BOOTSTRAP=1
cargo fuzz build --sanitizer none
fuzz_one() {
  local check="$1" found=0
  local corpus="fuzz/corpus/$check" known=()
  mkdir -p "$corpus"
  for known_folder in seeds regressions; do
    [ ! -d "fuzz/$known_folder/$check" ] || known+=("fuzz/$known_folder/$check")
  done
  cargo fuzz run --sanitizer none "$check" "$corpus" "${known[@]}" -- \
    -max_total_time="$seconds" -timeout=20 -max_len=65536 -verbosity=0 -print_final_stats=1 >"$TOOLS/log/fuzz-$check.log" 2>&1 || found=1
  if [ "$found" = 0 ]; then
    say "[fuzz] $check: nothing found, $(awk '/number_of_executed_units/ { print $2 }' "$TOOLS/log/fuzz-$check.log") inputs in $seconds s"
  else
    say "[fuzz] $check: FOUND SOMETHING; see $TOOLS/log/fuzz-$check.log"
  fi
  return "$found"
}
export -f fuzz_one say
export seconds TOOLS
# shellcheck disable=SC2016  # The inner shell expands it.
printf '%s\0' "${checks[@]}" | xargs -0 -n 1 -P "${FUZZ_JOBS:-$(nproc)}" bash -c 'fuzz_one "$1"' _
