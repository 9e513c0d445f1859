#!/bin/sh
# Ctrl-C in the middle of a comparison: the state is kept, and the second run goes on to the same result.
#     interrupt.sh TENBIN
. "$(dirname "$0")/common.sh"
awk 'BEGIN { print "a,b,c,y"
  for (i = 0; i < 1500; ++i) print (i*37)%101 "," (i*i)%53 "," (i*7)%11 "," ((i*37)%101 + (i*13)%40 > 110 ? "yes" : "no") }' >data.csv
set -- compare data.csv --methods plain,SMOTE,ENN --repeats 4 --epochs 10

# On one thread, so that it is not done before the signal comes. The number of threads does not change the result.
TENBIN_NUM_THREADS=1 "$tenbin" "$@" --resamples 0 --out stopped >out.txt 2>err.txt &
process=$!
tries=0
while [ ! -e stopped/state.npz ]; do
  kill -0 "$process" 2>/dev/null || fail "ended before a state was written: $(cat out.txt err.txt)"
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || fail "no state after a minute"
  sleep 0.05
done
kill -INT "$process"
got=0
wait "$process" || got=$?
[ "$got" -eq 130 ] || fail "exit code $got, expected 130: $(cat out.txt err.txt)"
says 'tenbin: interrupted; ends after the running pass over the rows. Ctrl-C again: at once'
says 'tenbin: interrupted. What is done is in stopped/state.npz: the same command goes on from there'
[ ! -s out.txt ] || fail "prints a result: $(cat out.txt)"
[ ! -e stopped/comparison.json ] || fail "an interrupted comparison has a result"

expect 0 "$@" --resamples 0 --out stopped
cp out.txt resumed.txt
expect 0 "$@" --resamples 0 --out whole
sed 's/whole/stopped/g' out.txt | cmp -s - resumed.txt || fail "the resumed comparison has another result"
cmp -s stopped/comparison.json whole/comparison.json || fail "the resumed comparison has another comparison.json"

# Of another seed, in the same folder.
expect 1 "$@" --resamples 0 --out stopped --seed 2
says 'stopped/state.npz: the state of a comparison, of other data, of other options or of another version'
says '(--restart replaces what is in the folder, --out names another folder)'

# During the bootstrap, when nothing is left to train.
"$tenbin" "$@" --out whole --resamples 2000000 >out.txt 2>err.txt &
process=$!
sleep 1
kill -TERM "$process"
got=0
wait "$process" || got=$?
[ "$got" -eq 143 ] || fail "SIGTERM in the bootstrap: exit code $got, expected 143: $(cat out.txt err.txt)"
[ ! -s out.txt ] || fail "prints a result: $(cat out.txt)"
expect 0 compare data.csv --methods plain --repeats 1 --folds 2 --epochs 1 --resamples 0 --out stopped --restart

# Twice: at once. Of a training: no model.
"$tenbin" train data.csv --out model.npz >out.txt 2>err.txt &
process=$!
# Before it has begun, the signal is ignored, as the shell has it for what runs in the background.
tries=0
until grep -q interrupted err.txt; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || fail "train does not end: $(cat out.txt err.txt)"
  kill -INT "$process" 2>/dev/null || true
  sleep 0.1
done
got=0
wait "$process" || got=$?
[ "$got" -eq 130 ] || fail "train: exit code $got, expected 130: $(cat out.txt err.txt)"
says 'tenbin: interrupted; no model was written'
[ ! -e model.npz ] || fail "an interrupted training wrote a model"
