#!/usr/bin/env bash
# Makes a Python environment and installs packages from PyPI there; packages that cannot be installed are left out.
#
#   scripts/environment.sh DIRECTORY LOG PACKAGE...
#
# One argument may name several packages that must be installed together, and options of pip.
set -euo pipefail

case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
[[ $# -ge 3 ]] || { echo "environment: needs a directory, a log and packages" >&2; exit 2; }
directory=$1
log=$2
shift 2

[[ -x $directory/bin/python ]] || python3 -m venv "$directory"
for package in "$@"; do
  echo "environment: pip: $package"
  # shellcheck disable=SC2086  # split into words on purpose
  "$directory/bin/pip" install --quiet --disable-pip-version-check $package >>"$log" 2>&1 ||
    echo "environment: $package cannot be installed; see $log" >&2
done
