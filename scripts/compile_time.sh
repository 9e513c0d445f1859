#!/usr/bin/env bash
# Prints the compile time of the umbrella header: the median of five runs.
#
#   scripts/compile_time.sh [COMPILER]             (g++)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
compiler=${1:-g++}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '#include "tenbin/tenbin.h"' >"$work/umbrella.cpp"

median() {
  local TIMEFORMAT=%R
  for _ in 1 2 3 4 5; do
    { time "$compiler" -std=c++20 -Iinclude "$@" "$work/umbrella.cpp"; } 2>&1
  done | sort -n | sed -n 3p
}
printf '%-40s %s s\n' "$compiler -std=c++20 -fsyntax-only" "$(median -fsyntax-only)"
printf '%-40s %s s\n' "$compiler -std=c++20 -O2 -c" "$(median -O2 -c -o "$work/umbrella.o")"
