#!/usr/bin/env bash
# Debian packages: a C linker for Rust, the browsers, their drivers, a virtual display, fonts.
# Done when every executable is found, wherever it came from.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
find_browsers

packages=()
have cc || packages+=(build-essential)
[ -n "${CHROMIUM:-}" ] || packages+=(chromium)
[ -n "${CHROMEDRIVER:-}" ] || packages+=(chromium-driver)
[ -n "${FIREFOX:-}" ] || packages+=(firefox-esr)
[ -n "${WEBKITDRIVER:-}" ] && [ -n "${MINIBROWSER:-}" ] || packages+=(webkit2gtk-driver)
have xvfb-run || packages+=(xvfb)
have xauth || packages+=(xauth)
compgen -G '/usr/share/fonts/truetype/*' >/dev/null || packages+=(fonts-dejavu-core)
[ ${#packages[@]} -gt 0 ] || exit 0

wanted="${packages[*]}"
step "Debian packages: installing $wanted"
[ -z "${OFFLINE_MAILBOX_SKIP_APT:-}" ] || fail "these are missing and OFFLINE_MAILBOX_SKIP_APT is set. Install them: $wanted"
have apt-get || fail "this is not Debian. Install these by your system's package manager, or name the executables in CHROMIUM, CHROMEDRIVER, FIREFOX, WEBKITDRIVER, MINIBROWSER: $wanted"
# shellcheck disable=SC2086
install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted; }
update_and_install() { as_root apt-get update && install; }
quietly apt install || {
  step "Debian packages: the package lists are old or missing; updating them first"
  quietly apt update_and_install || fail "apt-get could not install them. Run as root: apt-get update && apt-get install -y $wanted"
}
