#!/usr/bin/env bash
# For a machine with an NVIDIA GPU and the CUDA Toolkit: builds by nvcc, runs all tests on the device, again under
# compute-sanitizer's four tools, and compares Tenbin with PyTorch on the same card.
#
#   scripts/gpu.sh [--quick] [--json FILE] [test|sanitize|bench]...     (without stages: all three, in this order)
#
# --quick: only memcheck of the sanitizer's tools, and two rounds of short measurements. Installs missing packages
# (scripts/setup.sh) and, under build/, PyTorch from PyPI: the first run downloads about three gigabytes, and the
# data of the measurements need three more. The measurements need about 40 GB of the GPU's memory; a dash in a table
# means that the memory was not enough.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

quick=false
stages=()
options=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --quick) quick=true; options+=(--quick) ;;
    --json)
      [[ $# -ge 2 ]] || { echo "gpu: --json needs a file" >&2; exit 2; }
      shift
      case "$1" in /*) options+=(--json "$1") ;; *) options+=(--json "$caller/$1") ;; esac
      ;;
    test | sanitize | bench) stages+=("$1") ;;
    *) echo "gpu: no option or stage \"$1\"; there are --quick, --json FILE, test, sanitize and bench" >&2; exit 2 ;;
  esac
  shift
done
[[ ${#stages[@]} -gt 0 ]] || stages=(test sanitize bench)
PATH=$PATH:${CUDA_HOME:-/usr/local/cuda}/bin

heading() { printf '\n== %s\n' "$*"; }

# The summary printed at the end: the failure of one stage does not stop the others.
summary=()
has_failed=false
passed() { summary+=("$1: passed, $SECONDS s after the start"); }
failed() { summary+=("$1: FAILED"); has_failed=true; }

require_gpu() {
  if ! nvidia-smi --list-gpus 2>/dev/null | grep --quiet '^GPU '; then
    echo "gpu: there is no GPU here: nvidia-smi finds none. scripts/test.sh tests the kernels without one." >&2
    exit 1
  fi
  if ! command -v nvcc >/dev/null; then
    echo "gpu: there is no nvcc here: install the CUDA Toolkit, or set CUDA_HOME to where it is" >&2
    exit 1
  fi
}

# The kernels are compiled for the installed card; compute capability 9.0 is architecture 90.
architecture() { nvidia-smi --query-gpu=compute_cap --format=csv,noheader --id=0 | tr -d '. '; }

build_tests() {
  heading "build by nvcc"
  cmake --preset cuda -DTENBIN_TESTS=ON -DTENBIN_EXAMPLES=ON -DCMAKE_CUDA_ARCHITECTURES="$(architecture)"
  cmake --build --preset cuda
}

run_tests() {
  heading "all tests, on the device"
  if ctest --preset cuda; then passed tests; else failed tests; fi
}

# The tests cause failing CUDA calls on purpose and check the errors: these are not findings. Without the cache
# every array is its own allocation, so that memcheck and initcheck know its bounds.
sanitize() {
  local tool tools=(memcheck racecheck initcheck synccheck)
  if ! command -v compute-sanitizer >/dev/null; then
    echo "gpu: SKIPPED: no compute-sanitizer here, so its four tools did not run"
    summary+=("compute-sanitizer: SKIPPED, it is not installed")
    return
  fi
  if $quick; then tools=(memcheck); fi
  for tool in "${tools[@]}"; do
    heading "compute-sanitizer: $tool"
    local cache=1
    case "$tool" in memcheck | initcheck) cache=0 ;; esac
    if TENBIN_CUDA_CACHE=$cache compute-sanitizer --tool "$tool" --error-exitcode 1 --report-api-errors no \
      build/cuda/tests/tenbin_tests "[gpu]"; then
      passed "$tool"
    else
      failed "$tool"
    fi
  done
}

measure() {
  local build=$root/build/gpu-bench
  heading "measure"
  scripts/setup.sh build bench
  scripts/setup.sh peers || echo "gpu: goes on without what torch.compile needs" >&2
  mkdir -p "$build"
  scripts/environment.sh "$build/venv" "$build/pip.log" "torch numpy"
  echo "gpu: building"
  if ! { cmake --preset bench -B "$build" -DTENBIN_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES="$(architecture)" &&
    cmake --build "$build" --target tenbin_gpu_benchmarks; } >"$build/build.log" 2>&1; then
    cat "$build/build.log" >&2
    failed measurements
    return
  fi
  rm -rf "$build/data"  # data files of another version may differ
  if TORCHINDUCTOR_CACHE_DIR=$build/inductor python3 benchmarks/gpu/run.py "${options[@]}" \
    --build "$build" --data "$build/data" --venv "$build/venv"; then
    passed measurements
  else
    failed measurements
  fi
}

require_gpu
export TENBIN_REQUIRE_GPU=1
heading "what is needed"
scripts/setup.sh build test
case " ${stages[*]} " in *" test "* | *" sanitize "*) build_tests ;; esac
for stage in "${stages[@]}"; do
  case "$stage" in
    test) run_tests ;;
    sanitize) sanitize ;;
    bench) measure ;;
  esac
done

heading "summary"
nvidia-smi --list-gpus
printf '%s\n' "${summary[@]}"
if $has_failed; then exit 1; fi
