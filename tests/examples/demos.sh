#!/bin/sh
# The demos with a command line, on small made-up data: what they print and write, and mistakes on the command line.
#     demos.sh FOLDER_OF_PROGRAMS
. "$(dirname "$0")/../tools/common.sh"
programs=$1
demo() { tenbin=$programs/$1; } # the program that `expect` runs

# has FILE TEXT...
has() {
  file=$1
  shift
  for text in "$@"; do grep -qF -e "$text" "$file" || fail "$file lacks \"$text\""; done
}
# ends_with FILE: the last line of the output names the picture, which is there.
ends_with() {
  last=$(tail -n 1 out.txt)
  case $last in *" $1.") ;; *) fail "the last line is \"$last\", expected one with $1" ;; esac
  has "$1" '<svg ' '<title>' '</svg>'
}

# ---- mistakes
for name in fashion_mnist_lt shuttle coil reuters; do
  demo $name
  expect 0 --help
  for option in --device --data --json --figure; do prints "$option"; done
  prints "$name.json" # the default
  expect 2 --epoch 5
  says '--epoch'
  expect 2 train
  says 'train'
  expect 2 --json
  says '--json'
  expect 1 --device gpu
  says "get_device: expected cpu, cuda or cuda:N, got 'gpu'"
done
for name in fashion_mnist_lt shuttle; do
  demo $name
  for value in -1 0 5x 1.5 many; do
    expect 2 --epochs=$value
    says '--epochs'
  done
  expect 2 --quick=perhaps
  says '--quick'
done
demo coil
for value in -1 0 large; do
  expect 2 --C $value
  says '--C'
done
expect 1 --data nowhere
[ "$(cat err.txt)" = "nowhere/coil2000-train.csv: no such file; scripts/data.sh coil2000 writes it to data/" ] ||
  fail "no data: $(cat err.txt)"
demo reuters
expect 1 --data nowhere --topic grain
says 'nowhere/reuters-grain-train.arff: no such file; scripts/data.sh reuters writes it to data/'
demo shuttle
expect 1 --data nowhere
says 'nowhere/shuttle-train.csv: no such file; scripts/data.sh shuttle writes it to data/'
demo fashion_mnist_lt
expect 1 --data nowhere
says 'nowhere/'
ls ./*.json ./*.svg 2>/dev/null && fail "a demo without data has written a file"

# ---- shuttle: the classes are apart, the rarest has 4 rows
mkdir data
shuttle_rows() {
  awk -v n="$1" 'BEGIN {
    split("Rad.Flow Fpv.Close Fpv.Open High Bypass Bpv.Close Bpv.Open", name, " ")
    split("400 12 30 200 100 4 6", count, " ")
    print "V1,V2,V3,V4,V5,V6,V7,V8,V9,Class"
    for (c = 1; c <= 7; c++) for (i = 0; i < count[c] / n; i++) {
      for (k = 1; k <= 9; k++) printf "%d,", (k == c ? 90 : 10) + i % (k + 2)
      print name[c]
    }
  }'
}
shuttle_rows 1 >data/shuttle-train.csv
shuttle_rows 2 >data/shuttle-test.csv
demo shuttle
expect 0 --quick --epochs 8 --seeds 2 --batch-size 50
prints 'Statlog Shuttle: 752 training rows, 376 test rows'
prints '9-64-7 relu, Adam, 8 epochs, 2 seed(s)'
grep -qE '^majority +0\.5319 +0\.143 +0\.143$' out.txt || fail "majority: $(cat out.txt)"
grep -qE '^class weights / count +1\.0000 \+- 0\.0000 +1\.000 \+- 0\.000 ' out.txt || fail "weights: $(cat out.txt)"
grep -qE '^Bpv.Close, class weights / count +2 2 +2 +0\.34 - 1\.00$' out.txt || fail "rare classes: $(cat out.txt)"
ends_with shuttle.svg
has shuttle.svg 'Rows of every class' 'Recall of every class' 'Bpv.Close' 'class weights / weight sum'
is_json shuttle.json
has shuttle.json '"data": "Statlog Shuttle"' '"epochs": 8' '"batch_size": 50' '"seeds": 2' '"balanced_accuracy"' '"recall"'
expect 0 --quick --json one.json --figure one.svg
prints '6 epochs, 1 seed(s)'
grep -q '^plain  *[01]\.[0-9]* ' out.txt || fail "a single run has a spread: $(cat out.txt)"
ends_with one.svg

# ---- coil: half of the owners are of the type `careful`
coil_rows() {
  awk -v n="$1" 'BEGIN {
    print "STYPE,CARS,AGE,CARAVAN"
    for (i = 0; i < n; i++) {
      owner = i % 10 == 0
      print (owner && i % 20 == 0 ? "careful" : i % 3 == 0 ? "young" : "old") "," i % 4 + owner "," i % 7 "," \
            (owner ? "insurance" : "noinsurance")
    }
  }'
}
coil_rows 600 >data/coil2000-train.csv
coil_rows 1000 >data/coil2000-test.csv
demo coil
expect 0 --seeds 2
prints 'CoIL 2000: 600 training rows, 60 of them owners; 1000 test rows, 100 owners; 5 features'
grep -qE '^majority +0\.9000 +0\.500 +0\.00 +0\.00 +0\.00 +0\.5000 +0\.100 +0\.0900 +0\.000 +80$' out.txt ||
  fail "majority: $(cat out.txt)"
prints 'class weights + prior correction'
prints 'SMOTE before the split: stratified_split: the data set was resampled by smote'
ends_with coil.svg
has coil.svg 'Precision-recall curve' 'Reliability'
is_json coil.json
has coil.json '"class_counts"' '"features": 5' '"C": 0.01' '"method": "SMOTE"' '"top 800"' '"Brier"'

# ---- reuters: all texts about corn have a word of their own
reuters_rows() {
  awk -v n="$1" 'BEGIN {
    print "@relation corn\n@attribute Text string\n@attribute class-att {0,1}\n@data"
    for (i = 0; i < n; i++)
      print "\047" (i % 8 == 0 ? "corn maize a" : i % 2 ? "Oil gold" : "oil tin") " price" i % 5 "\047," (i % 8 == 0)
  }'
}
reuters_rows 160 >data/reuters-corn-train.arff
reuters_rows 80 >data/reuters-corn-test.arff
demo reuters
expect 0 --words 2
prints 'Reuters: 160 training texts, 20 about corn; 80 test texts, 10 about corn; 10 words'
grep -qE '^class weights +1\.000 +1\.000 +1\.000 +1\.000 +1\.000 +1\.000$' out.txt || fail "weights: $(cat out.txt)"
grep -qE '^class weights: corn +0 +10$' out.txt || fail "confusion matrices: $(cat out.txt)"
grep -qE '^Words for corn: (corn, maize|maize, corn)$' out.txt || fail "words: $(cat out.txt)"
ends_with reuters.svg
has reuters.svg 'Texts about corn' 'plain (AP 1' 'decision: class weights'
is_json reuters.json
has reuters.json '"data": "Reuters corn"' '"C": 1.0' '"confusion_matrix"' '"average_precision": 1.0'

# ---- fashion_mnist_lt, where its data are
demo fashion_mnist_lt
[ -d /usr/share/datasets/fashion-mnist ] || exit 0
expect 0 --epochs 1 --seeds 1 --batch-size 512
prints 'Fashion-MNIST-LT: 14886 training images, 6000 of the first class to 60 of the last; 10000 test images'
prints '1 epochs, 1 seed(s)'
prints 'post-hoc logit adjustment'
ends_with fashion_mnist_lt.svg
has fashion_mnist_lt.svg 'Ankle boot' 'logit-adjusted loss'
is_json fashion_mnist_lt.json
has fashion_mnist_lt.json '"class_counts"' '"batch_size": 512' '"expected_calibration_error"' '"tail_recall"'
