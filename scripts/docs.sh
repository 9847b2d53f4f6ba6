#!/usr/bin/env bash
# Makes the site's documentation: the API reference from pkg/*.d.ts and the guides of docs/, by
# typedoc, into www/docs. A broken link, an undocumented export or a type that is named but not
# exported is an error.
#
#   scripts/docs.sh         the site
#   scripts/docs.sh tools   only installs what docs/package-lock.json pins, once for all checkouts of
#                           this machine, and links it as docs/node_modules
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mode="${1:-site}"
cd "$ROOT"
hash="$(cat docs/package.json docs/package-lock.json | sha256sum | cut -c1-16)"
tools="$CACHE/docs/$hash"

install_tools() (
  cd "$1"
  npm ci --ignore-scripts --prefer-offline --no-audit --no-fund
)
if [ ! -d "$tools/node_modules" ]; then
  step "what the documentation is made with: npm ci (a minute)"
  mkdir -p "$CACHE/docs"
  making="$(mktemp -d "$tools.XXXXXX")"
  trap 'rm -rf "$making"' EXIT
  cp docs/package.json docs/package-lock.json .npmrc "$making/"
  quietly docs-npm install_tools "$making" || fail "npm ci failed (see above). Check that npm can reach its registry, then run this again."
  # Another checkout may have been faster.
  mv -T "$making" "$tools" 2>/dev/null || [ -d "$tools/node_modules" ] || fail "$tools could not be made."
fi

ln -sfn "$tools/node_modules" docs/node_modules

case "$mode" in
  tools) ;;
  site)
    rm -rf www/docs
    say "[docs] www/docs, from docs/ and pkg/*.d.ts"
    node docs/node_modules/typedoc/bin/typedoc --options docs/typedoc.mjs
    ;;
  *) fail "unknown mode '$mode': use tools or nothing." ;;
esac
