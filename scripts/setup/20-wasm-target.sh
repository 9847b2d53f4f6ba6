#!/usr/bin/env bash
# The wasm32-unknown-unknown target, by rustup; where its server cannot be reached, by Debian's
# packaged toolchain, whose standard library for wasm is built here once (a minute, once per machine).
#
# Writes .tools/wasm-toolchain.sh, which scripts/lib.sh sources: empty for rustup; for Debian it
# puts a folder first on PATH whose `rustc` is Debian's with the sysroot built here (nothing is
# written into /usr), and names Debian's linker.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

TARGET=wasm32-unknown-unknown
MINIMUM=1.88
CHOICE="${OFFLINE_MAILBOX_WASM_TOOLCHAIN:-auto}"
OUT="$TOOLS/wasm-toolchain.sh"
DEBIAN="$CACHE/debian-rust"
LLD=22

rust_release() { "$1" --version | awk '{ split($2, v, "-"); print v[1] }'; }

# A default rustc that already knows the target (rustup's or any other).
rustup_ready() {
  local sysroot
  have rustc && sysroot="$(rustc --print sysroot 2>/dev/null)" &&
    compgen -G "$sysroot/lib/rustlib/$TARGET/lib/libstd-*.rlib" >/dev/null
}

use_rustup() {
  rustup_ready || return 1
  local release
  release="$(rust_release rustc)"
  at_least "$release" "$MINIMUM" || fail "rustc $release is too old; the crate needs $MINIMUM. Run: rustup update stable"
  add_sources
  printf '# the default Rust toolchain has the wasm target\n' >"$OUT.new"
  mv "$OUT.new" "$OUT"
}

add_by_rustup() {
  have rustup || return 1
  step "wasm target: rustup target add $TARGET (at most 60 s)"
  quietly rustup timeout 60 rustup target add "$TARGET" 2>/dev/null
}

debian_release() { [ -x /usr/bin/rustc ] && rust_release /usr/bin/rustc; }

debian_source() { # the folder of the packaged library sources of that release
  local folder="/usr/src/rustc-$1/library"
  [ -f "$folder/sysroot/Cargo.toml" ] && printf '%s' "$folder"
}

debian_packaged() {
  local release
  release="$(debian_release)" && debian_source "$release" >/dev/null && [ -x /usr/bin/cargo ] && have "wasm-ld-$LLD"
}

install_debian() {
  debian_packaged && return 0
  local wanted="rustc-web cargo-web rust-web-src lld-$LLD"
  step "wasm target: installing Debian's Rust ($wanted)"
  have apt-get || fail "no wasm target, rustup could not add it, and this is not Debian. Run, with network: rustup target add $TARGET"
  # shellcheck disable=SC2086
  install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted; }
  update_and_install() { as_root apt-get update && install; }
  quietly apt-rust install || quietly apt-rust update_and_install ||
    fail "apt-get could not install Debian's Rust. Run as root: apt-get update && apt-get install -y $wanted; or, with network: rustup target add $TARGET"
  debian_packaged || fail "Debian's Rust is not what was expected (no /usr/src/rustc-*/library, or no wasm-ld-$LLD). Run, with network: rustup target add $TARGET"
}

# A private sysroot: the host's part is a link to Debian's, the wasm part is built here. It appears
# under its name only when whole.
build_debian_sysroot() { # build_debian_sysroot RELEASE FOLDER
  local release="$1" folder="$2" host work
  host="$(/usr/bin/rustc -vV | sed -n 's/^host: //p')"
  step "wasm target: building Debian's standard library for wasm (a minute)"
  work="$(mktemp -d)"
  cp -R "$(debian_source "$release")" "$work/library"
  quietly debian-sysroot env -u RUSTFLAGS RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc PATH="/usr/bin:/bin" \
    CARGO_TARGET_DIR="$work/target" \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes" \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="wasm-ld-$LLD" \
    /usr/bin/cargo build --release --target "$TARGET" --manifest-path "$work/library/sysroot/Cargo.toml" || {
    rm -rf "$work"
    fail "Debian's standard library did not build for wasm. Run, with network: rustup target add $TARGET"
  }
  rm -rf "$folder.new"
  mkdir -p "$folder.new/lib/rustlib/$TARGET/lib"
  cp "$work/target/$TARGET/release/deps/"*.rlib "$folder.new/lib/rustlib/$TARGET/lib/"
  ln -s "/usr/lib/rustlib/$host" "$folder.new/lib/rustlib/$host"
  rm -rf "$work" "$folder"
  mv "$folder.new" "$folder"
}

# What a release is built from for size (scripts/build-wasm.sh). Without it the wasm is larger, and the same in use.
add_sources() {
  local sysroot
  sysroot="$(rustc --print sysroot)"
  if [ -d "$sysroot/lib/rustlib/src/rust/library" ] || [ -e "$TOOLS/no-rust-src" ] || ! have rustup; then return 0; fi
  step "wasm target: rustup component add rust-src (at most 120 s)"
  quietly rustup-src timeout 120 rustup component add rust-src 2>/dev/null || {
    step "wasm target: the standard library's sources could not be added; the release wasm will be larger"
    touch "$TOOLS/no-rust-src"
  }
}

use_debian() {
  install_debian
  local release sysroot bin
  release="$(debian_release)"
  at_least "$release" "$MINIMUM" || fail "Debian's rustc $release is too old; the crate needs $MINIMUM. Run, with network: rustup target add $TARGET"
  sysroot="$DEBIAN/sysroot-$release"
  bin="$TOOLS/debian-rust/bin"
  if [ ! -d "$sysroot" ]; then
    mkdir -p "$DEBIAN"
    build_debian_sysroot "$release" "$sysroot"
  fi
  mkdir -p "$bin"
  ln -sf /usr/bin/cargo "$bin/cargo"
  # wasm-pack asks `rustc --print sysroot` whether the target is there, so a flag in RUSTFLAGS would not do.
  printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$sysroot" >"$bin/rustc"
  chmod +x "$bin/rustc"
  {
    printf '# Debian'\''s Rust %s with the wasm standard library built by set-up\n' "$release"
    # shellcheck disable=SC2016 # PATH is for the reader of that file
    printf 'export PATH="%s:$PATH"\n' "$bin"
    printf 'export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-%s\n' "$LLD"
    printf 'export OFFLINE_MAILBOX_DEBIAN_RUST=1\n'
  } >"$OUT.new"
  mv "$OUT.new" "$OUT"
}

mkdir -p "$TOOLS"
case "$CHOICE" in
  auto)
    # rustup is not asked again where Debian's had to be taken before.
    use_rustup || { [ -e "$TOOLS/debian-rust/chosen" ] && debian_packaged && use_debian; } ||
      { add_by_rustup && use_rustup; } || {
      step "wasm target: rustup could not add it (.tools/log/rustup.log); taking Debian's packaged toolchain"
      use_debian
      touch "$TOOLS/debian-rust/chosen"
    }
    ;;
  rustup)
    use_rustup || { add_by_rustup && use_rustup; } || fail "rustup could not add $TARGET. Check the network, or leave OFFLINE_MAILBOX_WASM_TOOLCHAIN unset to use Debian's packages."
    ;;
  debian) use_debian ;;
  *) fail "OFFLINE_MAILBOX_WASM_TOOLCHAIN is '$CHOICE'; it may be rustup or debian." ;;
esac
