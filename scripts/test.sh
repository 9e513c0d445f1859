#!/usr/bin/env bash
# Builds and runs all tests: on the CPU; with the GPU backend, run by an emulator, under AddressSanitizer and
# UndefinedBehaviorSanitizer; those of code that starts threads under ThreadSanitizer. If nvcc is found, it compiles
# the kernels too. scripts/gpu.sh is for machines with a GPU.
#
#   scripts/test.sh [--quick] [default|cuda|asan|tsan|emulator|portable]...  (without stages: the first four, in this order)
#
# The stage portable is the stage default with TENBIN_NATIVE=OFF, at every level of cpu/level.h that the machine has.
# The stage emulator runs the tests of the stage asan without the sanitizers, optimised: for development.
# --quick: the CPU build only, the stage default. Installs what is missing first (scripts/setup.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stages=()
need_nvcc=false
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --quick) stages+=(default) ;;
    default | emulator | asan | portable | tsan) stages+=("$1") ;;
    cuda) stages+=(cuda); need_nvcc=true ;;
    *) echo "test: no option or stage \"$1\"; there are --quick, default, cuda, emulator, asan, portable and tsan" >&2; exit 2 ;;
  esac
  shift
done
[[ ${#stages[@]} -gt 0 ]] || stages=(default cuda asan tsan)

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
    if $need_nvcc; then echo "test: there is no nvcc here" >&2; return 1; fi
    echo "test: SKIPPED: no nvcc here, so the .cu files are compiled for the emulator only"
    return
  fi
  cmake --preset cuda -DTENBIN_TESTS=OFF -DTENBIN_EXAMPLES=OFF
  cmake --build --preset cuda --target tenbin_device_code
}

heading "what is needed"
scripts/setup.sh build test

# The first failure ends the run; the closing lines are those of the last ctest.
for stage in "${stages[@]}"; do
  case "$stage" in
    cuda) compile_kernels ;;
    *) build_and_test "$stage" ;;
  esac
done
