#!/usr/bin/env bash
# Downloads real, imbalanced data sets from Debian packages and writes them under data/.
#
#   scripts/data.sh [SET]...         (without arguments: all)
#
#   shuttle    NASA Statlog: 7 classes, 5685:1   shuttle-train.csv (43500 rows), shuttle-test.csv (14500)
#   letter     26 letters from 16 measures       letter-train.csv (16000), letter-test.csv (4000)
#   satimage   6 kinds of soil from a satellite  satimage.csv (6435)
#   coil2000   who buys an insurance, 16:1       coil2000-train.csv (5822), coil2000-test.csv (4000)
#   reuters    news about corn or grain, 34:1    reuters-{corn,grain}-{train,test}.arff (1554, 604)
#
# The splits are those of the literature. Packages that are not installed are unpacked in a temporary directory;
# only python3-rdata, which reads R's files, is installed (scripts/setup.sh data). Existing files in data/ are kept:
# remove a file to have it written again.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
all=(shuttle letter satimage coil2000 reuters)

usage() { sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

outputs_of() {
  case "$1" in
    shuttle | letter | coil2000) echo "$1"-{train,test}.csv ;;
    satimage) echo satimage.csv ;;
    reuters) echo reuters-{corn,grain}-{train,test}.arff ;;
    *) return 1 ;;
  esac
}

# A package and the directory in it.
source_of() {
  case "$1" in
    shuttle | letter | satimage) echo r-cran-mlbench usr/lib/R/site-library/mlbench/data ;;
    coil2000) echo r-cran-kernlab usr/lib/R/site-library/kernlab/data ;;
    reuters) echo weka usr/share/doc/weka/examples ;;
  esac
}

complete() {
  local file
  for file in $(outputs_of "$1"); do [[ -s $root/data/$file ]] || return 1; done
}

sets=()
for argument in "$@"; do
  case "$argument" in
    -h | --help) usage; exit 0 ;;
    *)
      if ! outputs_of "$argument" >/dev/null; then
        echo "data: no set \"$argument\"" >&2
        usage >&2
        exit 2
      fi
      sets+=("$argument")
      ;;
  esac
done
[[ ${#sets[@]} -gt 0 ]] || sets=("${all[@]}")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Prints the directory of the package's files.
unpack() {
  local package=$1 directory=$2
  if [[ -d /$directory ]]; then
    echo "/$directory"
    return
  fi
  if [[ ! -d $scratch/$package ]]; then
    if ! command -v apt-get >/dev/null; then
      echo "data: there is no apt-get here; install what the Debian package $package holds" >&2
      return 1
    fi
    echo "data: downloading $package" >&2
    if ! (cd "$scratch" && apt-get download -q "$package" >download.log 2>&1); then
      cat "$scratch/download.log" >&2
      echo "data: cannot download $package; perhaps \"apt-get update\" helps" >&2
      return 1
    fi
    dpkg-deb --extract "$scratch/$package"_*.deb "$scratch/$package"
  fi
  echo "$scratch/$package/$directory"
}

# R's files need a reader; Debian's python3 has it, another python3 in PATH may not.
python=/usr/bin/python3
[[ -x $python ]] || python=python3

mkdir -p "$root/data"
for set in "${sets[@]}"; do
  if complete "$set"; then
    echo "data: $set is there"
    continue
  fi
  if [[ $set != reuters ]]; then "$root/scripts/setup.sh" data; fi
  read -r package directory <<<"$(source_of "$set")"
  from=$(unpack "$package" "$directory")
  "$python" "$root/scripts/data.py" "$set" "$from" "$root/data"
done
