#!/usr/bin/env bash
# geckodriver, which Debian does not package: Firefox's WebDriver. Done when GECKODRIVER names one.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/setup/tools.sh
. "$ROOT/scripts/setup/tools.sh"

if [ -n "${GECKODRIVER:-}" ] && [ -x "$GECKODRIVER" ]; then
  [ "$GECKODRIVER" = "$TOOLS/bin/geckodriver" ] || ln -sf "$GECKODRIVER" "$TOOLS/bin/geckodriver"
else
  cargo_tool geckodriver 0.37.1 geckodriver
fi
# The folder the tools were built in is big and of no further use.
rm -rf "$TOOLS/build"
