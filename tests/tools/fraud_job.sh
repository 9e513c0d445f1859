#!/bin/sh
# The fraud job in three commands: train, predict, evaluate.
#     fraud_job.sh TENBIN FOLDER_OF_PROGRAMS
. "$(dirname "$0")/common.sh"
"$2/fraud_make_data"

# Fewer epochs than usual: the test is of the commands.
expect 0 train fraud.csv --label class --objective 'recall >= 0.9' --epochs 6 --untuned --out fraud.npz \
  --report fraud.html
says 'left out: "id" looks like a row number, an identifier or a time: whole numbers that rise from row to row (--keep id)'
says 'dates: "when" has dates, which become hour, weekday'
prints 'method:   plain + tuned threshold'
prints 'decision: "fraud" from a probability of '
prints '(precision_at_recall(0.9) = '
prints 'On the 10000 rows that were held out:'
prints 'The model: fraud.npz'
grep -q 'tenbin train fraud.csv --label class' fraud.html || fail "the report lacks the command"

expect 0 predict fraud.npz tomorrow.csv --missing-columns missing --out decisions.csv
expected='warning: tomorrow.csv: column "terminal" is ignored: fraud.csv does not have it
warning: tomorrow.csv: column "payments_last_hour" is not there: its values are taken for missing
warning: tomorrow.csv: column "country" has "XK" in row 19 (counted from 0, without the header), the first of 270 such values; no fitted row has it'
[ "$(cat err.txt)" = "$expected" ] || fail "warnings: $(cat err.txt)"
prints 'decisions.csv: 10000 rows, decided: '
prints '  tenbin evaluate fraud.npz tomorrow.csv'
[ "$(sed -n 1p decisions.csv)" = "id,terminal,class,decision,probability_legit,probability_fraud" ] ||
  fail "$(sed -n 1p decisions.csv)"
[ "$(wc -l <decisions.csv)" -eq 10001 ] || fail "$(wc -l <decisions.csv) lines of decisions"
cut -d, -f1 tomorrow.csv >ids.txt
cut -d, -f1 decisions.csv | cmp -s - ids.txt || fail "ids are not kept"
awk -F, '$3 == "fraud" { frauds++; if ($4 == "fraud") found++ } $4 == "fraud" { alarms++ }
  END { print found " of " frauds " frauds found, " alarms " alarms"
        exit !(frauds == 50 && found >= 35 && alarms <= 800) }' decisions.csv || fail "tomorrow's decisions"

expect 1 predict fraud.npz tomorrow.csv
says 'tomorrow.csv: no column is named "payments_last_hour"'
says '`--missing-columns missing` makes it a column of missing values'

# To standard output, with columns by name; a code of digits stays as it is.
sed -e '2s/^150000,/000007,/' -e '2s/[a-z]*$/pending/' tomorrow.csv | head -20 >few.csv
expect 0 predict fraud.npz few.csv --missing-columns missing
grep -q '^000007,150000,pending,' out.txt || fail "000007 and pending became $(sed -n 2p out.txt)"
expect 0 predict fraud.npz few.csv --missing-columns missing --keep amount,id
[ "$(sed -n 1p out.txt)" = "amount,id,decision,probability_legit,probability_fraud" ] || fail "$(sed -n 1p out.txt)"
expect 0 predict fraud.npz few.csv --missing-columns missing --keep-nothing --json
is_json
prints '"decision": "legit"'

expect 0 evaluate fraud.npz tomorrow.csv --missing-columns missing
prints 'average_precision'
prints 'true class  legit  fraud  total'
expect 0 evaluate fraud.npz tomorrow.csv --missing-columns missing --json
is_json
cut -d, -f1-9 tomorrow.csv >unlabelled.csv
expect 1 evaluate fraud.npz unlabelled.csv --missing-columns missing
says 'unlabelled.csv: expected a column with the true classes'

expect 0 export fraud.npz --to fraud.onnx
prints 'when_hour  tensor(double)'
[ -s fraud.onnx ] || fail "no fraud.onnx"
expect 0 export fraud.npz --to fraud.safetensors --json
is_json
expect 0 describe fraud.csv --label class --json
is_json
prints '"positive": "fraud"'

# The same command, the same bytes.
head -4000 fraud.csv >part.csv
for name in first second; do
  expect 0 train part.csv --label class --epochs 1 --untuned --method 'class weights' --out "$name.npz"
done
cmp -s first.npz second.npz || fail "a second training has another model"
