#!/usr/bin/env bash
# Writes the fixture of the format that the code writes into tests/fixtures/format-N (NEWEST in tests/formats.rs):
# the same octets each time. For a new format only: those of older ones stay as they are for ever.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec cargo test --locked --test formats make_the_fixture -- --ignored
