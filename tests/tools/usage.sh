#!/bin/sh
# Mistakes on the command line, help, and that the man page and the completion know all options.
#     usage.sh TENBIN SOURCES
. "$(dirname "$0")/common.sh"
sources=$2

expect 2
says 'A subcommand is required'
expect 2 frobnicate
expect 2 train
says 'FILE is required'
expect 2 train a.csv --objectiv f1
says '--objectiv'
expect 2 predict model.npz a.csv --missing-columns maybe
says '--missing-columns: maybe not in {error,missing}'
expect 2 compare a.csv --folds many
says '--folds'
for option in '--folds 1' '--repeats 0' '--inner-folds 1' '--epochs 0' '--false-alarms 1.5' '--false-alarms nan' \
  '--resamples -1' '--seed -1'; do
  # shellcheck disable=SC2086
  expect 2 compare a.csv $option
  says "${option%% *}: "
done
for option in '--epochs 0' '--test-share 0' '--test-share 1'; do
  # shellcheck disable=SC2086
  expect 2 train a.csv $option
  says "${option%% *}: expected a "
done
expect 2 compare a.csv --folds 1
says '--folds: expected a whole number of at least 2, got 1'
expect 2 train a.csv --test-share 1
says '--test-share: expected a number between 0 and 1, got 1'
expect 2 compare a.csv --methods plain,SMOTE,plain
says 'tenbin: --methods: "plain" is given twice'
expect 2 train a.csv --method a --comparison b
says 'excludes'
expect 2 train a.csv --method clairvoyance
says 'tenbin: there is no method "clairvoyance"; there are: majority, logistic regression, plain,'
expect 2 train a.csv --method "$(printf 'a\033[31m')"
says 'tenbin: there is no method "a\x1b[31m"; there are: majority'
expect 2 train a.csv --objective 'recal >= 0.9'
says 'tenbin: --objective: objective::parse: expected "recall >= 0.9", "precision >= 0.5", "fpr <= 0.01", '
says 'got "recal >= 0.9"'
expect 2 train a.csv --comparison a.json --best-by luck
says 'tenbin: --best-by: '
says 'average_precision'
expect 2 train a.csv --device gpu
says "tenbin: --device: expected cpu, cuda or cuda:N, got 'gpu'"
expect 2 export model.npz --to model.pt
says 'tenbin: --to: expected a file named .onnx or .safetensors, got "model.pt"'
expect 2 export model.npz
printf 'a,b\n1,x\n2,y\n' >a.csv
expect 2 describe a.csv --delimiter ',,'
says 'tenbin: --delimiter: expected one character, got ",,"'

expect 0 --version
grep -qE '^tenbin [0-9]+\.[0-9]+\.[0-9]+$' out.txt || fail "--version: $(cat out.txt)"

# ---- help, man page and completion
sed 's/\\-/-/g' "$sources/tools/tenbin.1" >man.txt
expect 0 --help
prints '130 stopped by Ctrl-C, 143 by SIGTERM'
for code in 0 1 2 130 143; do
  grep -qx "^\.B $code" man.txt || fail "the man page lacks the exit code $code"
done
for command in describe compare train predict evaluate export; do
  prints "  $command "
  grep -q "^\.B tenbin $command\$" man.txt || fail "the man page lacks $command"
done
for command in describe compare train predict evaluate export; do
  expect 0 "$command" --help
  prints "tenbin $command"
  grep -oE '^ +(-h,)?--[a-z-]+' out.txt | grep -oE -- '--[a-z-]+' >options.txt
  [ "$(wc -l <options.txt)" -ge 3 ] || fail "$command --help lists few options"
  while read -r option; do
    grep -qF -e "$option" man.txt || fail "the man page lacks $option of $command"
  done <options.txt
done
if command -v bash >/dev/null; then
  bash -eu -c '
    . "$1/tools/completion/tenbin"
    complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tenbin; echo "${COMPREPLY[*]}"; }
    check() { [ "$1" = "$2" ] || { echo "completion: got \"$1\", expected \"$2\""; exit 1; }; }
    check "$(complete_words "$2" "")" "describe compare train predict evaluate export"
    check "$(complete_words "$2" pre)" "predict"
    check "$(complete_words "$2" train a.csv --obj)" "--objective"
    check "$(complete_words "$2" predict m.npz a.csv --unreadable m)" "missing"
    check "$(complete_words "$2" --ver)" "--version"
  ' -- "$sources" "$tenbin" || fail "completion"
fi
