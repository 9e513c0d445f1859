#!/usr/bin/env bash
# SMOTE and the cleaners beside imbalanced-learn, in one run on the same data.
#
#   benchmarks/resampling/run.sh [REPEATS]
#
# The data are 100,000 rows of 30 float32 columns, 1 % of them of the rare class; enn_20000 takes the first
# 20,000. Of REPEATS runs (3) the best counts; enn_100000 runs once, imbalanced-learn's tomek_links too.
# PYTHON names a Python with imbalanced-learn (python3). Both programs use all processors. The processor's
# seconds, summed over the threads, say more than the clock's where the machine is busy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case "${1:-}" in
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
repeats=${1:-3}
python=${PYTHON:-python3}
out=build/bench/benchmarks/resampling
script=benchmarks/resampling/resampling.py

cmake --preset bench >/dev/null
cmake --build --preset bench --target resampling_benchmark >/dev/null
[[ -e $out/data.npz ]] || "$python" "$script" make "$out/data.npz"
"$python" -c 'import imblearn, numpy, sklearn, sys
print("Python", sys.version.split()[0], "NumPy", numpy.__version__, "scikit-learn", sklearn.__version__,
      "imbalanced-learn", imblearn.__version__)'
"$out/resampling_benchmark" "$out/data.npz" "$repeats" >"$out/tenbin.txt"
"$python" "$script" run "$out/data.npz" "$repeats" >"$out/imbalanced_learn.txt"

# The rows that come out must be as many: then both did the same work.
join <(sort "$out/tenbin.txt") <(sort "$out/imbalanced_learn.txt") | awk '
  BEGIN {
    printf "%-18s %12s %12s %8s %12s %12s %8s\n", "", "seconds", "imblearn", "ratio", "processor", "imblearn", "ratio"
  }
  {
    printf "%-18s %12.3f %12.3f %7.1fx %12.3f %12.3f %7.1fx\n", $1, $2, $5, $5 / $2, $3, $6, $6 / $3
    if ($4 != $7) { print $1 ": rows differ: " $4 " and " $7; differ = 1 }
  }
  END { exit differ }'
