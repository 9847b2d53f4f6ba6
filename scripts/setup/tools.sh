# shellcheck shell=bash
# Sourced by the steps that need a Rust program: cargo_tool NAME VERSION EXECUTABLE... [-- CARGO OPTIONS]
#
# Links the executables of exactly that version into .tools/bin: cargo's own install folder is
# looked at first, then the machine's cache ($CACHE/tools), which is filled by `cargo install`,
# with settings that build fast (the programs are ours for tests, speed matters little).

cargo_tool() {
  local name="$1" version="$2" executables=() folder executable
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    executables+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  for folder in "$TOOLS/bin" "${CARGO_HOME:-$HOME/.cargo}/bin" "$CACHE/tools/$name-$version/bin"; do
    if has_version "$folder/${executables[0]}" "$version"; then
      link_tools "$folder" "${executables[@]}" && return 0
    fi
  done
  step "$name $version: building it by cargo install (1 to 3 minutes, once per machine)"
  local root="$CACHE/tools/$name-$version"
  mkdir -p "$root"
  # With the author's lock; when a crate of that lock is not to be had, with the newest that fit.
  quietly "$name-locked" cargo_install "$root" "$name" "$version" --locked "$@" 2>/dev/null || {
    step "$name $version: not with its own lock (.tools/log/$name-locked.log); trying the newest crates that fit"
    quietly "$name" cargo_install "$root" "$name" "$version" "$@"
  } || fail "$name did not build. Run: cargo install $name --version $version; then run this again."
  link_tools "$root/bin" "${executables[@]}" || fail "$name $version was built but lacks one of: ${executables[*]}. Remove $root and run this again."
}

cargo_install() { # cargo_install ROOT NAME VERSION OPTIONS...
  local root="$1" name="$2" version="$3"
  shift 3
  env -u RUSTFLAGS -u CARGO_BUILD_TARGET CARGO_TARGET_DIR="$TOOLS/build" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
    cargo install --root "$root" "$name" --version "=$version" "$@"
}

has_version() { [ -x "$1" ] && [ "$("$1" --version 2>/dev/null | awk 'NR == 1 { print $2 }')" = "$2" ]; }

link_tools() {
  local folder="$1" executable
  shift
  for executable in "$@"; do [ -x "$folder/$executable" ] || return 1; done
  [ "$folder" = "$TOOLS/bin" ] || for executable in "$@"; do ln -sf "$folder/$executable" "$TOOLS/bin/$executable"; done
}
