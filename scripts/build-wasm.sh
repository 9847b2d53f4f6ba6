#!/usr/bin/env bash
# Builds the wasm and its loader into pkg/wasm, the modules made of them (scripts/wasm-modules.mjs), and says how big it is.
#
#   scripts/build-wasm.sh          release: optimised, wasm-opt run
#   scripts/build-wasm.sh --dev    quick: not optimised, with names for stack traces
#
# A release is built with a standard library of its own, compiled for size, whose panics are traps
# without words (pkg/engine.js tells callers of them), where the toolchain has its sources; where it
# has not, or they do not build, with the ordinary one: the same in use, and a sixth larger.
#
# Does nothing when neither the sources, the manifests, the mode nor the compiler changed since the
# last build. Needs set-up to have run (scripts/setup.sh build).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
use_tools
cd "$ROOT"

mode="${1:---release}"
case "$mode" in
  --release) extra=() ;;
  --dev) extra=(--no-opt) ;;
  *) fail "unknown option '$mode': use --dev, --release or nothing." ;;
esac

sysroot="$(rustc --print sysroot)"
own_std=''
if [ "$mode" = --release ] && [ -d "$sysroot/lib/rustlib/src/rust/library" ]; then own_std=1; fi

inputs() {
  printf '%s\n' "$mode" "$own_std"
  rustc --version
  wasm-bindgen --version
  find src Cargo.toml Cargo.lock scripts/build-wasm.sh scripts/wasm-*.mjs scripts/first-list.mjs package-lock.json -type f -print0 | sort -z | xargs -0 sha256sum
}
hash="$(inputs | sha256sum | cut -d' ' -f1)"
stamp="$TOOLS/wasm-built"
wasm=pkg/wasm/offline_mailbox_bg.wasm
if [ -f "$wasm" ] && [ -f pkg/wasm/glue.js ] && [ -f pkg/wasm/inline.js ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$hash" ]; then
  exit 0
fi

# What ships says nothing of the machine it was built on, and is the same from any folder.
export RUSTFLAGS="${RUSTFLAGS:+$RUSTFLAGS }--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$ROOT=/offline-mailbox"

say "[build] the wasm ($mode)"
rm -f "$stamp"
build() {
  wasm-pack build --target web "$mode" --no-pack --no-gitignore --mode no-install "${extra[@]}" \
    --out-dir pkg/wasm --out-name offline_mailbox -- --locked "$@"
}
fast=()
for crate in compiler_builtins core dlmalloc; do fast+=(--config "profile.release.package.$crate.opt-level=3"); done
build_std() {
  RUSTC_BOOTSTRAP=1 RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$sysroot=/rust -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none --cfg own_std" \
    build -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size "${fast[@]}"
}
built=''
if [ -n "$own_std" ]; then
  if quietly wasm-build-std build_std; then
    built=1
  else
    say "[build] not with a standard library of its own; trying the ordinary one"
  fi
fi
[ -n "$built" ] || quietly wasm-build build || fail "the wasm did not build; the compiler's words are above."
# An older wasm-pack writes a .gitignore of `*` here, for which npm would leave the wasm out of the package.
rm -f pkg/wasm/.gitignore
whole=(); [ "$mode" = --dev ] && whole=(--whole)
node scripts/wasm-modules.mjs "${whole[@]}" || fail "the modules of pkg/wasm could not be made."
# What scripts/package.mjs measures against.
if [ -n "$built" ]; then printf 'own\n'; else printf 'ordinary\n'; fi >"$TOOLS/wasm-std"
printf '%s\n' "$hash" >"$stamp"
say "[build] $wasm: $(wc -c <"$wasm") bytes, $(gzip -9 -c "$wasm" | wc -c) gzipped"
