# shellcheck shell=bash
# Sourced by scripts that run a program of the release build. `build_release NAME TARGET...` builds the targets and shows
# the progress on standard error; NAME starts its messages. Nothing is shown if nothing is to be built.
build_release() {
  local name=$1 log root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  shift
  log=$(mktemp)
  if ! (cd "$root" && cmake --preset release && cmake --build --preset release --target "$@") 2>&1 | tee "$log" |
    show_build_progress "$name" >&2
  then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# Reads the output of ninja. (Not awk: mawk, that of Debian, reads in blocks.)
show_build_progress() {
  local name=$1 line any=
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    if [[ -z $any ]]; then
      any=yes
      echo "$name: building (the first time takes 5 to 15 minutes on two processors)"
    fi
    if [[ -t 2 ]]; then
      printf '\r%s: %s' "$name" "${BASH_REMATCH[0]}"
    elif ((BASH_REMATCH[1] % 50 == 0 || BASH_REMATCH[1] == BASH_REMATCH[2])); then
      echo "$name: ${BASH_REMATCH[0]}"
    fi
  done
  [[ -z $any || ! -t 2 ]] || echo
}
