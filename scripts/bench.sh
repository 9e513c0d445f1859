#!/usr/bin/env bash
# Compares Tenbin with the floor and with other frameworks in alternating rounds, and prints the tables: of steps and
# losses, then of whole jobs, of a comparison of methods, of a saved model, and of how cost grows with the size.
#
#   scripts/bench.sh [--quick] [--json FILE]
#
# --quick: a few minutes instead of about an hour. Installs missing packages (scripts/setup.sh) and, under build/,
# the peers from PyPI: the first run downloads about three gigabytes. A peer that cannot be installed is left out.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

options=()
quick=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --quick) options+=(--quick); quick=(--quick) ;;
    --json)
      [[ $# -ge 2 ]] || { echo "bench: --json needs a file" >&2; exit 2; }
      shift
      case "$1" in /*) options+=(--json "$1") ;; *) options+=(--json "$caller/$1") ;; esac
      ;;
    *) echo "bench: no option \"$1\"; there are --quick and --json FILE" >&2; exit 2 ;;
  esac
  shift
done

build=$root/build/bench
mkdir -p "$build"

scripts/setup.sh build bench
scripts/setup.sh peers || echo "bench: goes on without the peers that need these" >&2
scripts/environment.sh "$build/venv" "$build/pip.log" torch jax scikit-learn pandas imbalanced-learn \
  onnxruntime
# Chainer 7.8.1 needs an older NumPy, so it has its own environment.
scripts/environment.sh "$build/venv-chainer" "$build/pip.log" "numpy==1.23.5 setuptools<80 wheel" \
  "--no-build-isolation chainer==7.8.1"

echo "bench: building"
if ! { cmake --preset bench && cmake --build --preset bench; } >"$build/build.log" 2>&1; then
  cat "$build/build.log" >&2
  exit 1
fi

data=$build/data
mkdir -p "$data"
rm -f "$data"/*.npz  # data files of another version may differ
TENBIN_BENCH_DATA=$data "$build/benchmarks/tenbin_benchmarks" --write-data

TORCHINDUCTOR_CACHE_DIR=$build/inductor python3 benchmarks/run.py "${options[@]}" --build "$build" --data "$data" \
  --venv "$build/venv" --chainer-venv "$build/venv-chainer"

# A part that cannot run, for lack of data or of a peer, says so and is left out.
part() {
  echo
  python3 "benchmarks/$1/run.py" "$build" "${quick[@]}" || echo "bench: no results of benchmarks/$1" >&2
}
scripts/data.sh shuttle coil2000 >&2 || echo "bench: goes on without the data" >&2
for name in jobs comparison predict scale; do part "$name"; done
