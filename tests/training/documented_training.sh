#!/bin/sh
# Runs the program of docs/training.md on a generated file, and again: the second run continues from the snapshot of
# the first, which has ended, and prints the same.
#
#   documented_training.sh PROGRAM
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# 2000 rows, one in 20 a fraud: larger amounts, at night.
awk 'BEGIN {
  srand(1)
  print "amount,hour,age,class"
  for (i = 0; i < 2000; ++i) {
    fraud = i % 20 == 0
    amount = 50 * (rand() + rand() + rand()) + (fraud ? 120 * rand() : 0)
    hour = fraud && rand() < 0.7 ? 6 * rand() : 24 * rand()
    printf "%.2f,%d,%d,%s\n", amount, hour, 18 + 60 * rand(), fraud ? "fraud" : "legit"
  }
}' > "$directory/fraud.csv"

"$1" "$directory/fraud.csv" "$directory/result" > "$directory/first"
cat "$directory/first"
for file in log training.svg best.npz; do
  [ -s "$directory/result/$file" ] || { echo "documented_training: no file $file" >&2; exit 1; }
done
# Without the column of the seconds, which is the last one of the table.
seconds='s/ [0-9.e-]* *$//'
"$1" "$directory/fraud.csv" "$directory/result" > "$directory/second"
sed "$seconds" "$directory/first" > "$directory/expected"
sed "$seconds" "$directory/second" | diff "$directory/expected" -
