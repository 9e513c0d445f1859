#!/bin/sh
# Files and folders as they must not be: the right message, and nothing that is half done.
#     hostile.sh TENBIN
. "$(dirname "$0")/common.sh"

rows() { awk -v n="$1" "BEGIN { $2; for (i = 0; i < n; ++i) { $3 } }"; }

# ---- files
for command in describe compare train; do
  expect 1 "$command" none.csv
  says 'tenbin: none.csv: cannot open: No such file or directory'
done
[ ! -e none-comparison ] || fail "a folder for a comparison that did not begin"
: >empty.csv
expect 1 describe empty.csv
says 'tenbin: empty.csv: '
echo 'a,b' >header.csv
expect 1 describe header.csv
says 'tenbin: header.csv: there are no rows, only the names of columns'
expect 1 describe .
says 'tenbin: .: '
printf 'a,b\n1,2\n3\n' >short.csv
expect 1 describe short.csv
says 'tenbin: short.csv:3'
printf 'a;b\n1;2\n3;1\n' >semicolons.csv
expect 0 describe semicolons.csv
prints 'semicolons.csv: 2 rows, 2 columns'

# ---- classes
rows 50 'print "x,y"' 'print i*i%17 ",same"' >one_class.csv
for command in compare train; do
  expect 1 "$command" one_class.csv --label y
  says 'tenbin: one_class.csv: the label "y" has one class, "same", in all rows: expected two or more'
done
printf 'x,y\n1,a\n2,b\n3,c\n' >one_row.csv
expect 1 compare one_row.csv
says 'The label is "y", the last column; --label chooses another.'
says 'one_row.csv: class "a" has 1 row(s); a training, a validation and a test part need at least 3'
expect 1 train one_row.csv
says 'one_row.csv: class "a" has 1 row(s) of 3; a training, a validation and a test part need at least 4'
rows 1000 'print "x,price"' 'print i*7%31 "," i+0.5' >regression.csv
for command in compare train; do
  expect 1 "$command" regression.csv
  says 'regression.csv: the label "price" has 1000 different numbers in 1000 rows: if it is a quantity, predicting it is a regression, which is not supported; if the numbers are classes, --many-classes says so; --label chooses another column'
done
expect 0 describe regression.csv --label price
says 'warning: regression.csv: the label "price" has 1000 different numbers'
[ "$(wc -l <out.txt)" -lt 20 ] || fail "describe lists 1,000 classes"
rows 40 'print "x,y"' 'print i*i%17 (i%3 ? ",g\374ltig" : ",ung\374ltig")' >latin1.csv
expect 1 train latin1.csv
says 'ltig" is not UTF-8; convert the file, as by iconv -f latin1 -t utf-8'
expect 1 train one_class.csv --label nix
says 'one_class.csv: no column is named "nix"; there are "x", "y"'

# ---- columns
rows 60 'print "a,b,y"' 'print "text " i ",words " i*i "," (i%3 ? "no" : "yes")' >all_text.csv
rows 60 'print "a,b,y"' 'print ",NA," (i%3 ? "no" : "yes")' >all_missing.csv
for command in compare train; do
  expect 1 "$command" all_text.csv
  says 'tenbin: all_text.csv: no column is left to learn from: "a" looks like an identifier or free text: 60 different values in 60 rows, "b" looks like'
  expect 1 "$command" all_missing.csv
  says 'tenbin: all_missing.csv: no column is left to learn from: "a" has no values, "b" has no values'
done
rows 60 'for (c = 0; c < 5000; ++c) printf "x%d,", c; print "y"' \
  'for (c = 0; c < 5000; ++c) printf "%d,", (i*(c+3)*(c+1))%11; print (i%3 ? "no" : "yes")' >wide.csv
expect 0 train wide.csv --method 'logistic regression' --epochs 1 --untuned --out wide.npz
prints 'The model: wide.npz'
expect 0 predict wide.npz wide.csv --out wide_decisions.csv
[ "$(wc -l <wide_decisions.csv)" -eq 61 ] || fail "decisions for 5,000 columns"

# ---- names
rows 60 'print "\"<b>&\"\"q\"\"\",\"😀, ü\",\"<i>\""' \
  'print i%5 ",\"<script>" i%2 "</script>\",\"" (i%3 ? "\"\"no\"\" & <no>" : "yes 😀") "\""' >names.csv
expect 0 compare names.csv --methods plain,majority --folds 2 --repeats 1 --epochs 1 --untuned --resamples 0
prints 'tenbin train names.csv --label '"'<i>'"' --'
is_json names-comparison/comparison.json
prints 'without intervals'
if grep -q '"low"' names-comparison/comparison.json; then fail "intervals without a bootstrap"; fi
grep -q '&lt;i&gt;' names-comparison/report.html || fail "the report lacks the label's name"
if grep -qE '<b>&"|<no>|<i>' names-comparison/report.html; then fail "the report has names that are not escaped"; fi
expect 0 train names.csv --comparison names-comparison/comparison.json --epochs 1 --untuned --out names.npz --json
is_json
prints '"method": "plain"'
expect 0 predict names.npz names.csv
prints '"<i>",decision,"probability_""no"" & <no>",probability_yes 😀'

# ---- two files, and what another file has otherwise: errors in words of the command line
rows 30 'print "a,when,y"' 'print i*7%31 ",2026-11-" 10+i%9 "," (i%3 ? "no" : "yes")' >train.csv
rows 12 'print "a,when,y"' 'print i*7%11 ",2026-11-" 10+i%9 "," (i%3 ? "no" : "yes")' >test.csv
expect 0 compare train.csv --test test.csv --methods plain --epochs 1 --untuned
prints 'train.csv: 30 rows; test.csv: 12 rows, 2 columns'
prints '  yes: 10 + 4  (positive)'
expect 0 train train.csv --epochs 1 --untuned --out dates.npz
sed 's/^21,/many,/' test.csv | sed '2s/^0,/many,/' >texts.csv
expect 1 predict dates.npz texts.csv
says '`--unreadable missing` makes all such values missing'
sed '2s/2026-11-10/soon/' test.csv >soon.csv
expect 1 predict dates.npz soon.csv
says '`--invalid-dates missing` makes all such values missing'
sed 's/2026-11-\([0-9]*\)/\1.11.2026/' train.csv >german.csv
expect 1 train german.csv --dates when --epochs 1 --untuned
says '--date-format names another form'

# ---- where nothing can be written
expect 1 compare names.csv --out /dev/null/folder --repeats 1
says '/dev/null/folder: cannot make this folder: '
expect 1 train names.csv --out /dev/null/model.npz
says '/dev/null/model.npz'
expect 1 predict names.npz names.csv --out missing_folder/decisions.csv
says 'missing_folder/decisions.csv'
if [ "$(id -u)" -ne 0 ]; then
  mkdir locked && chmod 555 locked
  expect 1 compare names.csv --out locked
  says 'locked/report.html: '
  expect 1 train names.csv --out locked/model.npz
  says 'locked/model.npz: '
fi

if [ -w /dev/full ]; then
  for command in 'describe names.csv' 'predict names.npz names.csv'; do
    got=0
    # shellcheck disable=SC2086
    "$tenbin" $command >/dev/full 2>err.txt || got=$?
    [ "$got" -eq 1 ] || fail "$command to a full disk: exit code $got"
    says 'cannot write'
  done
fi

# ---- files that are no models and no comparisons
expect 1 predict names.csv names.csv
says 'names.csv: '
expect 1 train names.csv --comparison names.csv
says 'names.csv: expected the comparison.json that `tenbin compare` writes: '
expect 1 evaluate names.npz one_class.csv
says 'no column is named'

# Dates that are not in ISO 8601: the way to use them is said, and works beside a column that is.
awk 'BEGIN { print "day,iso,a,y"
  for (i = 0; i < 300; ++i) printf "%02d.%02d.20%02d,2024-%02d-%02d,%d,%s\n", i%28+1, i%12+1, i%9+10, i%12+1, i%28+1, i%17, i%5 ? "no" : "yes" }' >days.csv
expect 0 train days.csv --label y --epochs 2 --untuned --out days.npz
says 'left out: "day" has 252 different texts, more than 100 (dates: --dates day=year,month,weekday --date-format '"'%d.%m.%Y')"
expect 0 train days.csv --label y --epochs 2 --untuned --out days.npz --dates day=year,month --dates iso=day --date-format %d.%m.%Y
says 'dates: "day" has dates, which become year, month'
says 'dates: "iso" has dates, which become day'
prints '  tenbin predict days.npz NEW_FILE.csv'
export TENBIN_COMMAND=scripts/tenbin.sh
expect 0 predict days.npz days.csv --out decided.csv
prints 'decided.csv: 300 rows, decided: '
prints '  scripts/tenbin.sh evaluate days.npz days.csv'
unset TENBIN_COMMAND
