#!/usr/bin/env bash
# Trains a classifier on long-tailed Fashion-MNIST: installs missing packages, builds, runs, draws the result.
#
#   scripts/demo.sh [--quick] [--help] ...         options go to the demo
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/release.sh
. "$root/scripts/release.sh"

"$root/scripts/setup.sh" build demo
build_release demo fashion_mnist_lt
# Paths in the options are relative to the caller's directory, so the demo runs there.
"$root/build/release/examples/fashion_mnist_lt" "$@"
case " $* " in *" --help "* | *" -h "*) exit ;; esac
echo
case " $* " in *" --figure"*) ;; *) echo "A browser shows the picture: ${PWD}/fashion_mnist_lt.svg" ;; esac
echo "Next, on a table of your own:  $root/scripts/tenbin.sh compare your.csv --label the_class"
