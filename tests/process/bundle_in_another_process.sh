#!/bin/sh
# One process saves a model and predicts, another loads it and predicts: the same bits.
set -eu
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" save "$folder/model.npz" >"$folder/saved"
"$program" load "$folder/model.npz" >"$folder/loaded"
[ "$(wc -l <"$folder/saved")" -eq 400 ] || { echo "expected 400 lines" >&2; exit 1; }
cmp "$folder/saved" "$folder/loaded"
