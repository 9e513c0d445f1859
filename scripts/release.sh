# shellcheck shell=bash
# Sourced by scripts that run a program of the release build. `build_release NAME TARGET...` builds the targets and shows
# the progress on standard error; NAME starts its messages.
build_release() {
  local name=$1 log root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  shift
  echo "$name: building (the first time takes a few minutes)" >&2
  log=$(mktemp)
  if ! (cd "$root" && cmake --preset release && cmake --build --preset release --target "$@") 2>&1 | tee "$log" |
    awk -v name="$name" '/^\[[0-9]+\/[0-9]+\]/ { printf "\r%s: %s", name, $1; fflush(); any = 1 } END { if (any) print "" }' >&2
  then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
