#!/usr/bin/env bash
# The long forms of the tests of reliability: sets up what is missing, runs every tests/soak/*.mjs, one after the other.
#
#   scripts/soak.sh                  all parts, each as long as it is by itself
#   scripts/soak.sh PART [ARG]...    one, such as `kill-node`, with its arguments (its file's head says which)
#
# A part shows how it goes on, prints one line of figures at last, and writes target/soak/PART.json;
# what it said is in target/soak/PART.log. A table of all ends the run, whose exit code is 0 only when
# every part passed.
#
# Environment:
#   SOAK_MINUTES   after so many minutes a part is stopped, and has failed (default 90)
#   NODE24         the Node that runs the parts (22.13 or newer); the one of package.json otherwise
#   CHROMIUM CHROMEDRIVER FIREFOX GECKODRIVER WEBKITDRIVER MINIBROWSER   as in scripts/setup.sh
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash "$ROOT/scripts/setup.sh"
use_tools
bash "$ROOT/scripts/build-wasm.sh"
cd "$ROOT"
out=target/soak
minutes="${SOAK_MINUTES:-90}"
node="${NODE24:-}"
[ -n "$node" ] || fail "the store in a file needs Node 22.13 or newer: name one in NODE24."
export WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1 WEBKIT_DISABLE_COMPOSITING_MODE=1
display=()
if have xvfb-run; then display=(xvfb-run -a); fi

parts=()
for file in tests/soak/*.mjs; do parts+=("$(basename "$file" .mjs)"); done
if [ $# -gt 0 ]; then
  [ -f "tests/soak/$1.mjs" ] || fail "there is no part '$1'; there are: ${parts[*]}"
  parts=("$1")
  shift
fi

mkdir -p "$out"
table=()
failed=0
for part in "${parts[@]}"; do
  rm -f "$out/$part.json"
  say "[soak] $part"
  begun=$SECONDS
  state=passed
  # TERM first, so that a part can end the browsers that it started.
  timeout -k 60 "${minutes}m" "${display[@]}" "$node" --disable-warning=ExperimentalWarning "tests/soak/$part.mjs" "$@" \
    </dev/null 2>&1 | tee "$out/$part.log" || state=FAILED
  [ "$state" = FAILED ] || [ -f "$out/$part.json" ] || state="FAILED (no $out/$part.json)"
  [ "$state" = passed ] || failed=1
  table+=("$(printf '%-12s %-7s %5d s  %s' "$part" "$state" $((SECONDS - begun)) "$(tail -n 1 "$out/$part.log")")")
done
printf '\nAll parts:\n'
printf '%s\n' "${table[@]}"
exit "$failed"
