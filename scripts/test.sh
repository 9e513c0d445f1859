#!/usr/bin/env bash
# Builds and runs all tests: on the CPU; with the GPU backend, run by an emulator; both under AddressSanitizer and
# UndefinedBehaviorSanitizer; those of code that starts threads under ThreadSanitizer. If nvcc is found, it compiles
# the kernels too. scripts/gpu.sh is for machines with a GPU.
#
#   scripts/test.sh [--quick]
#
# --quick: the CPU build only. Installs missing packages first (scripts/setup.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=false
case "${1:-}" in
  "") ;;
  --quick) quick=true ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) echo "test: no option \"$1\"; there is --quick" >&2; exit 2 ;;
esac

heading() { printf '\n== %s\n' "$*"; }

build_and_test() {
  heading "$1: configure"
  cmake --preset "$1"
  heading "$1: build"
  cmake --build --preset "$1"
  heading "$1: test"
  ctest --preset "$1"
}

# Warnings and register spills are errors there. Nothing is run: no GPU is needed.
compile_kernels() {
  heading "cuda: compile the kernels"
  if ! command -v nvcc >/dev/null && [[ ! -x ${CUDA_HOME:-/usr/local/cuda}/bin/nvcc ]]; then
    echo "test: SKIPPED: no nvcc here, so the .cu files were compiled for the emulator only"
    return
  fi
  cmake --preset cuda -DTENBIN_TESTS=OFF -DTENBIN_EXAMPLES=OFF
  cmake --build --preset cuda --target tenbin_kernels
}

heading "what is needed"
scripts/setup.sh build test

# The first failure ends the run; the last lines are those of the last ctest.
build_and_test default
if ! $quick; then
  compile_kernels
  build_and_test emulator
  build_and_test asan
  build_and_test tsan
fi
