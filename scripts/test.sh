#!/usr/bin/env bash
# Builds and runs all tests: optimised, then under AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   scripts/test.sh [--quick]
#
# --quick: the optimised build only. Installs what is missing first (scripts/setup.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

presets=(default asan)
case "${1:-}" in
  "") ;;
  --quick) presets=(default) ;;
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) echo "test: no option \"$1\"; there is --quick" >&2; exit 2 ;;
esac

heading() { printf '\n== %s\n' "$*"; }

heading "what is needed"
scripts/setup.sh build test

# The first failure ends the run; the closing lines are those of the last ctest.
for preset in "${presets[@]}"; do
  heading "$preset: configure"
  cmake --preset "$preset"
  heading "$preset: build"
  cmake --build --preset "$preset"
  heading "$preset: test"
  ctest --preset "$preset"
done
