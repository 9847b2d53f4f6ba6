#!/usr/bin/env bash
# Sets up what is missing, then runs the test suites (scripts/test.mjs says which there are).
#
#   scripts/test.sh [SUITE]...   all suites, or those whose names begin so
#
# The last line is `N passed, N failed`; the exit code is 0 only when something passed and nothing failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! bash "$ROOT/scripts/setup.sh"; then
  echo "0 passed, 1 failed"
  exit 1
fi
use_tools
exec node "$ROOT/scripts/test.mjs" "$@"
