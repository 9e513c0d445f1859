#!/usr/bin/env bash
# Checks the style: clang-format, a clang++ build with warnings as errors, clang-tidy.
#
#   scripts/lint.sh             everything
#   scripts/lint.sh FILE...     clang-format and clang-tidy of these files
#   scripts/lint.sh --format    clang-format of everything, which takes seconds
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

heading() { printf '\n== %s\n' "$*"; }
format_only=false
case "${1:-}" in
  --format) format_only=true; shift ;;
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac

scripts/setup.sh lint
if ! $format_only; then scripts/setup.sh build test; fi
if [[ $# -gt 0 ]]; then
  files=("$@")
else
  mapfile -t files < <(git ls-files '*.h' '*.cpp' '*.cu' '*.cuh')
fi

heading "clang-format"
clang-format --dry-run -Werror "${files[@]}"
if $format_only; then exit 0; fi

heading "clang++ -Wall -Wextra -Wconversion -Werror"
cmake --preset clang
if [[ $# -eq 0 ]]; then cmake --build --preset clang; fi

heading "clang-tidy"
sources=()
for file in "${files[@]}"; do
  case "$file" in
    tests/*) [[ $# -eq 0 ]] || sources+=("$file") ;;
    *.cpp) sources+=("$file") ;;
  esac
done
# A source that is not compiled has no compile command; headers are checked through their sources.
for file in "${sources[@]}"; do
  if grep --quiet --fixed-strings "/$file\"" build/clang/compile_commands.json; then echo "$file"; fi
done | xargs --no-run-if-empty --max-args=1 --max-procs="$(nproc)" clang-tidy -p build/clang --quiet
heading "no findings"
