#!/usr/bin/env bash
# Installs missing packages of Debian or Ubuntu.
#
#   scripts/setup.sh [build|test|mpi|demo|data|lint|bench|peers]...     (without arguments: build test)
#
# Needs neither root nor network if nothing is missing.
set -euo pipefail

usage() { sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

packages_of() {
  case "$1" in
    # libopenblas-dev includes LAPACK, which xtensor-blas requires.
    build)
      echo g++ cmake ninja-build libxtensor-dev libxtensor-blas-dev libopenblas-dev libdnnl-dev nlohmann-json3-dev
      echo zlib1g-dev libcli11-dev
      ;;
    # Fashion-MNIST: a test trains a model of the examples on the emulated GPU.
    test) echo catch2 libboost-context-dev dataset-fashion-mnist && packages_of mpi ;;
    mpi) echo libopenmpi-dev openmpi-bin ;;
    demo) echo dataset-fashion-mnist ;;
    data) echo python3-rdata ;;
    lint) echo clang clang-format clang-tidy git ;;
    bench) echo libbenchmark-dev dataset-fashion-mnist ;;
    # torch.compile compiles code that includes Python.h.
    peers) echo libtorch-dev python3-dev python3-venv ;;
    *) return 1 ;;
  esac
}

have_header() {
  local root
  for root in /usr /usr/local ${CMAKE_PREFIX_PATH:+${CMAKE_PREFIX_PATH//:/ }}; do
    [[ -e $root/include/$1 ]] && return 0
  done
  return 1
}

# Whether a package's tool or library is available, however it was installed.
present() {
  case "$1" in
    g++ | cmake | clang | clang-format | clang-tidy | git) command -v "$1" >/dev/null && return ;;
    ninja-build) command -v ninja >/dev/null && return ;;
    libxtensor-dev) { have_header xtensor/xarray.hpp || have_header xtensor/containers/xarray.hpp; } && return ;;
    libxtensor-blas-dev) have_header xtensor-blas/xlinalg.hpp && return ;;
    libbenchmark-dev) have_header benchmark/benchmark.h && return ;;
    libboost-context-dev) have_header boost/context/fiber.hpp && return ;;
    nlohmann-json3-dev) have_header nlohmann/json.hpp && return ;;
    libcli11-dev) have_header CLI/CLI.hpp && return ;;
    libdnnl-dev) have_header dnnl.h && return ;;
    libopenmpi-dev) command -v mpicxx >/dev/null && return ;;
    openmpi-bin) command -v mpirun >/dev/null && return ;;
    python3-dev) [[ -e $(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h ]] && return ;;
    python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null && return ;;
    zlib1g-dev) have_header zlib.h && return ;;
    catch2) { have_header catch2/catch_all.hpp || have_header catch2/catch.hpp; } && return ;;
  esac
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

groups=()
for argument in "$@"; do
  case "$argument" in
    -h | --help) usage; exit 0 ;;
    *)
      if ! packages_of "$argument" >/dev/null; then
        echo "setup: no group \"$argument\"" >&2
        usage >&2
        exit 2
      fi
      groups+=("$argument")
      ;;
  esac
done
[[ ${#groups[@]} -gt 0 ]] || groups=(build test)

missing=()
for group in "${groups[@]}"; do
  for package in $(packages_of "$group"); do
    present "$package" || missing+=("$package")
  done
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "setup: nothing is missing for: ${groups[*]}"
  exit 0
fi
echo "setup: missing for ${groups[*]}: ${missing[*]}"

install=(apt-get install --yes --no-install-recommends "${missing[@]}")
root=()
if [[ $(id -u) -ne 0 ]]; then root=(sudo); fi
if ! command -v apt-get >/dev/null; then
  echo "setup: there is no apt-get here; install what these Debian packages hold: ${missing[*]}" >&2
  exit 1
fi
if [[ ${#root[@]} -gt 0 ]] && ! command -v sudo >/dev/null; then
  echo "setup: not root, and there is no sudo. As root, run:" >&2
  echo "  apt-get update && ${install[*]}" >&2
  exit 1
fi

as_root() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >/dev/null; }
echo "setup: updating the list of packages"
as_root apt-get update -q
echo "setup: installing ${missing[*]}"
as_root "${install[@]}" -q
echo "setup: done"
