# Sourced by the tests of the command: `tenbin` is $1; they run in a folder of their own.
# shellcheck shell=sh
set -eu
tenbin=$1
test_name=$(basename "$0" .sh)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1

fail() {
  echo "$test_name: $1" >&2
  exit 1
}

# expect CODE ARGUMENTS...: runs the command, whose output is then in out.txt and err.txt.
expect() {
  code=$1
  shift
  got=0
  "$tenbin" "$@" >out.txt 2>err.txt || got=$?
  [ "$got" -eq "$code" ] || fail "tenbin $*: exit code $got, expected $code: $(cat out.txt err.txt)"
}

# says TEXT, prints TEXT: the last command's standard error, its standard output, has it.
says() { grep -qF -e "$1" err.txt || fail "standard error lacks \"$1\": $(cat err.txt)"; }
prints() { grep -qF -e "$1" out.txt || fail "standard output lacks \"$1\": $(cat out.txt)"; }
# Where there is a Python to check it.
is_json() {
  command -v python3 >/dev/null || return 0
  python3 -m json.tool "${1:-out.txt}" >/dev/null || fail "${1:-standard output} is not JSON: $(cat "${1:-out.txt}")"
}
