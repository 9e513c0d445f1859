#!/usr/bin/env bash
# Trains a classifier on long-tailed Fashion-MNIST: installs missing packages, builds, runs.
#
#   scripts/demo.sh [--quick] [--help] ...         options go to the demo
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
demo=fashion_mnist_lt

"$root/scripts/setup.sh" build demo
echo "demo: building (the first time takes a few minutes)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
build() {
  (cd "$root" && cmake --preset release && cmake --build --preset release --target "$demo") 2>&1
}
progress() { awk '/^\[[0-9]+\/[0-9]+\]/ { printf "\rdemo: %s", $1; fflush(); any = 1 } END { if (any) print "" }'; }
if ! build | tee "$log" | progress; then
  cat "$log" >&2
  exit 1
fi
# Paths in the options are relative to the caller's directory, so the demo runs there.
"$root/build/release/examples/$demo" "$@"
