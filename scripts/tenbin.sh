#!/usr/bin/env bash
# The command `tenbin` without installation: installs missing packages, builds it, runs it.
#
#   scripts/tenbin.sh compare your.csv --label the_class      arguments go to the command
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/release.sh
. "$root/scripts/release.sh"

"$root/scripts/setup.sh" build 2>&1 | sed -u '/nothing is missing/d' >&2
build_release tenbin tenbin_command
export TENBIN_COMMAND=$0  # the name in the lines that say what to do next
exec "$root/build/release/tools/tenbin" "$@"
