#include "tenbin/evaluation/confusion_matrix.h"

#include <cmath>
#include <limits>

#include "tenbin/evaluation/classification_report.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

using Counts = std::vector<std::int64_t>;
constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

Counts counts(const ConfusionMatrix& matrix) { return matrix.counts().to_vector<std::int64_t>(); }

void check_values(const std::vector<double>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    INFO("element " << i << ": " << actual[i] << " for " << expected[i]);
    CHECK((std::isnan(expected[i]) ? std::isnan(actual[i]) : std::abs(actual[i] - expected[i]) < 1e-15));
  }
}

// Asymmetric, with a class that never occurs (2) and one that is never predicted (3).
//        0  1  2  3
//   0  [ 3  1  0  0 ]
//   1  [ 0  1  1  0 ]
//   2  [ 0  0  0  0 ]
//   3  [ 2  0  0  0 ]
ConfusionMatrix example() { return {Array{0, 0, 0, 0, 1, 1, 3, 3}, Array{0, 0, 0, 1, 1, 2, 0, 0}}; }

}  // namespace

TEST_CASE("a ConfusionMatrix has the true classes in its rows") {
  const ConfusionMatrix matrix = example();
  CHECK(matrix.n_class() == 4);
  CHECK(counts(matrix) == Counts{3, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0});
  CHECK(matrix.counts().shape() == Shape{4, 4});
  CHECK(matrix(3, 0) == 2);
  CHECK(matrix(0, 3) == 0);
  CHECK(matrix.total() == 8);
  CHECK(matrix.support() == std::vector<double>{4, 2, 0, 2});
  CHECK(matrix.predicted() == std::vector<double>{5, 2, 1, 0});
  CHECK(matrix.counts().dtype() == Dtype::int64);
}

TEST_CASE("the metrics of a ConfusionMatrix") {
  const ConfusionMatrix matrix = example();
  CHECK(matrix.accuracy() == 0.5);
  CHECK(matrix.balanced_accuracy() == Approx((0.75 + 0.5 + 0) / 3));
  CHECK(matrix.g_mean() == 0);
  check_values(matrix.precision(), {3.0 / 5, 1.0 / 2, 0, 0});
  check_values(matrix.recall(), {3.0 / 4, 1.0 / 2, 0, 0});
  check_values(matrix.specificity(), {2.0 / 4, 5.0 / 6, 7.0 / 8, 1});
  check_values(matrix.f1(), {2.0 / 3, 1.0 / 2, 0, 0});
  // F2 of class 0: 5 * 3 / (5 * 3 + 4 * 1 + 2).
  check_values(matrix.f_beta(2), {15.0 / 21, 1.0 / 2, 0, 0});
  check_values(matrix.f_beta(0), matrix.precision());
  CHECK(matrix.macro_average(matrix.recall()) == Approx(1.25 / 4));
  CHECK(matrix.weighted_average(matrix.recall()) == Approx(matrix.accuracy()));
  CHECK(matrix.weighted_average(matrix.precision()) == Approx((4 * 0.6 + 2 * 0.5) / 8));
}

TEST_CASE("zero_division fills what is 0/0") {
  const ConfusionMatrix matrix = example();
  check_values(matrix.precision(NaN), {3.0 / 5, 1.0 / 2, 0, NaN});
  check_values(matrix.recall(NaN), {3.0 / 4, 1.0 / 2, NaN, 0});
  check_values(matrix.precision(1), {3.0 / 5, 1.0 / 2, 0, 1});
  check_values(matrix.recall(1), {3.0 / 4, 1.0 / 2, 1, 0});
  // F1 of classes 2 and 3 is 0/1 and 0/2, not 0/0.
  check_values(matrix.f1(1), {2.0 / 3, 1.0 / 2, 0, 0});
  check_values(matrix.f1(NaN), {2.0 / 3, 1.0 / 2, 0, 0});
  CHECK(matrix.macro_average(matrix.recall(NaN)) == Approx(1.25 / 3));
  CHECK(matrix.weighted_average(matrix.precision(NaN)) == Approx((4 * 0.6 + 2 * 0.5) / 6));
  CHECK(std::isnan(matrix.macro_average({NaN, NaN, NaN, NaN})));

  const ConfusionMatrix absent(Array{0}, Array{0}, {.n_class = 2});
  check_values(absent.f1(1), {1, 1});
  check_values(absent.f1(NaN), {1, NaN});
  check_values(absent.specificity(NaN), {NaN, 1});
  CHECK(absent.balanced_accuracy() == 1);
  CHECK(absent.g_mean() == 1);
}

TEST_CASE("G-mean is the geometric mean of the recalls that exist") {
  const ConfusionMatrix matrix(Array{0, 0, 0, 0, 2, 2}, Array{0, 0, 0, 1, 2, 1});
  CHECK(matrix.g_mean() == Approx(std::sqrt(0.75 * 0.5)));

  // Recall 1/64 for each of 300 classes: the product is 2^-1800.
  std::vector<std::int32_t> t;
  std::vector<std::int32_t> y;
  for (int c = 0; c < 300; ++c)
    for (int i = 0; i < 64; ++i) {
      t.push_back(c);
      y.push_back(i == 0 ? c : (c + 1) % 300);
    }
  CHECK(ConfusionMatrix(Array(t), Array(y)).g_mean() == Approx(1.0 / 64));
}

TEST_CASE("G-mean with a correction in place of a recall of 0") {
  CHECK(example().g_mean(0.01) == Approx(std::cbrt(0.75 * 0.5 * 0.01)));
  CHECK_THROWS_WITH(example().g_mean(-1),
                    "ConfusionMatrix::g_mean: expected a finite correction >= 0, got -1");
}

TEST_CASE("a ConfusionMatrix counts by weight") {
  ConfusionMatrix matrix(Array{0, 1, 1}, Array{0, 0, 1}, Array{0.5, 2.0, 0.25});
  CHECK(matrix.weighted());
  CHECK(matrix.counts().dtype() == Dtype::float64);
  CHECK(matrix.counts().to_vector<double>() == std::vector<double>{0.5, 0, 2, 0.25});
  CHECK(matrix.total() == 2.75);
  CHECK(matrix.support() == std::vector<double>{0.5, 2.25});
  CHECK(matrix.accuracy() == Approx(0.75 / 2.75));
  CHECK(matrix.precision()[0] == Approx(0.2));
  CHECK(matrix.specificity()[0] == Approx(0.25 / 2.25));
  // Rows without weights count once; float32 and integer weights are converted.
  matrix.add(Array{1}, Array{1});
  matrix.add(Array{0}, Array{1}, Array{3});
  matrix.add(Array{{0, -1}}, Array{{1, 1}}, Array{{0.25f, 9.f}});
  CHECK(matrix.counts().to_vector<double>() == std::vector<double>{0.5, 3.25, 2, 1.25});
  // All weights are 0.
  const ConfusionMatrix nothing(Array{0, 1}, Array{0, 1}, Array{0.0, 0.0});
  CHECK(nothing.accuracy() == 0);
  CHECK(nothing.weighted_average(nothing.recall(1)) == 1);
  CHECK(std::isnan(nothing.weighted_average(nothing.recall(NaN))));
}

TEST_CASE("a ConfusionMatrix by weights of whole numbers is that of repeated rows") {
  const ConfusionMatrix weighted(Array{0, 1, 2, 2}, Array{0, 2, 2, 1}, Array{3.0, 1.0, 0.0, 2.0});
  const ConfusionMatrix repeated(Array{0, 0, 0, 1, 2, 2}, Array{0, 0, 0, 2, 1, 1});
  CHECK(counts(weighted) == counts(repeated));
  check_values(weighted.f1(), repeated.f1());
  check_values(weighted.specificity(), repeated.specificity());
}

TEST_CASE("with weights 0/0 stays undefined, for any rounding") {
  // All rows are of class 1: the specificity of class 1 is 0/0.
  std::vector<double> w;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 1000; ++i) {
    w.push_back(1.0 / (i + 3));
    y.push_back(i % 3);
  }
  const ConfusionMatrix matrix(Array::full({1000}, 1, Dtype::int32), Array(y), Array(w));
  CHECK(std::isnan(matrix.specificity(NaN)[1]));
  CHECK(std::isnan(matrix.recall(NaN)[0]));
}

TEST_CASE("an empty ConfusionMatrix") {
  const ConfusionMatrix none;
  CHECK(none.n_class() == 0);
  CHECK(none.counts().shape() == Shape{0, 0});
  CHECK(none.accuracy() == 0);
  CHECK(none.balanced_accuracy() == 0);
  CHECK(none.g_mean() == 0);
  CHECK(none.f1().empty());
  const ConfusionMatrix ignored(Array{-1, -1}, Array{{1.f, 2.f}, {3.f, 4.f}});
  CHECK(ignored.n_class() == 2);
  CHECK(ignored.total() == 0);
  CHECK(ignored.accuracy() == 0);
  CHECK(ignored.weighted_average(ignored.f1()) == 0);
  CHECK(std::isnan(ignored.weighted_average(ignored.f1(NaN))));
}

TEST_CASE("a ConfusionMatrix of logits takes the first of the largest") {
  const ConfusionMatrix matrix(Array{1, 0, 2}, Array{{0.0, 2.0, 1.0}, {1.0, 1.0, 1.0}, {0.0, 3.0, 3.0}});
  CHECK(counts(matrix) == Counts{1, 0, 0, 0, 1, 0, 0, 1, 0});
  // Two positions of one image, (N, C, d1) with t (N, d1).
  const ConfusionMatrix dense(Array{{0, 1}}, Array{{{5.f, 5.f}, {1.f, 6.f}}});
  CHECK(counts(dense) == Counts{1, 0, 0, 1});
}

TEST_CASE("a ConfusionMatrix adds up minibatches") {
  ConfusionMatrix matrix;
  matrix.add(Array{0}, Array{1});
  matrix.add(Array({2}, Dtype::uint8), Array({1}, Dtype::int64));
  matrix.add(Array{0, 1}, Array{1, 1});
  CHECK(counts(matrix) == Counts{0, 2, 0, 0, 1, 0, 0, 1, 0});
}

TEST_CASE("a ConfusionMatrix ignores the ignored label, whatever was predicted there") {
  CHECK(counts({Array{0, -1, 1}, Array{0, 77, 0}}) == Counts{1, 0, 1, 0});
  CHECK(counts({Array{0, 1, 1}, Array{0, -5, 9}, {.n_class = 2, .ignore_label = 1}}) == Counts{1, 0, 0, 0});
}

TEST_CASE("a ConfusionMatrix names the label that is out of range, and stays as it was") {
  ConfusionMatrix matrix({.n_class = 3});
  matrix.add(Array{0, 1}, Array{0, 2});
  CHECK_THROWS_WITH(matrix.add(Array{0, 1, 3}, Array{0, 0, 0}),
                    "ConfusionMatrix: t[2] = 3 is not a class in [0, 3)");
  CHECK_THROWS_WITH(matrix.add(Array{0, -2}, Array{0, 0}),
                    "ConfusionMatrix: t[1] = -2 is not a class in [0, 3)");
  CHECK_THROWS_WITH(matrix.add(Array{0, 1}, Array{0, -1}),
                    "ConfusionMatrix: y[1] = -1 is not a class in [0, 3)");
  CHECK_THROWS_WITH(matrix.add(Array{0}, Array{{1.f, 2.f}}),
                    "ConfusionMatrix: expected logits of 3 classes, got float32(1, 2)");
  CHECK_THROWS_WITH(matrix.add(Array{{0.5f}}, Array{0}),
                    "ConfusionMatrix: t must be int32, int64 or uint8, got float32(1, 1)");
  CHECK_THROWS_WITH(matrix.add(Array{0.0, 1.0}, Array{0, 1}),
                    "ConfusionMatrix: t must be int32, int64 or uint8, got float64(2); did you mean "
                    "t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(
      matrix.add(Array{0, 1}, Array{0}),
      "ConfusionMatrix: y must be logits (N, C, ...) or integer classes of t's shape, got int32(1) "
      "for t int32(2)");
  CHECK_THROWS_WITH(matrix.add(Array{0, 1}, Array{0, 1}, Array{1.0}),
                    "ConfusionMatrix: sample_weight must have t's shape, got float64(1) for t int32(2)");
  CHECK_THROWS_WITH(matrix.add(Array{0, 1}, Array{0, 1}, Array{1.0, -0.5}),
                    "ConfusionMatrix: sample_weight[1] = -0.5 must be finite and >= 0");
  CHECK_THROWS_WITH(matrix.add(Array{0, 1}, Array{0, 1}, Array{NaN, 1.0}),
                    "ConfusionMatrix: sample_weight[0] = nan must be finite and >= 0");
  CHECK(counts(matrix) == Counts{1, 0, 0, 0, 0, 1, 0, 0, 0});
  CHECK(!matrix.weighted());
}

TEST_CASE("logits determine the number of classes") {
  ConfusionMatrix matrix;
  matrix.add(Array{0}, Array{{1.f, 0.f}});
  CHECK_THROWS_WITH(matrix.add(Array{2}, Array{1}), "ConfusionMatrix: t[0] = 2 is not a class in [0, 2)");
  ConfusionMatrix grown(Array{2}, Array{0});
  CHECK_THROWS_WITH(grown.add(Array{0}, Array{{1.f, 0.f}}),
                    "ConfusionMatrix: expected logits of 3 classes, got float32(1, 2)");
  CHECK_THROWS_WITH(ConfusionMatrix(Array{2000000000}, Array{0}),
                    "ConfusionMatrix: class 2000000000 is too large to infer n_class from, pass n_class");
  CHECK_THROWS_WITH(ConfusionMatrix(Array{-3}, Array{0}),
                    "ConfusionMatrix: t[0] = -3 is not a class in [0, 1)");
}

TEST_CASE("a ConfusionMatrix refuses odd arguments") {
  const ConfusionMatrix matrix = example();
  CHECK_THROWS_WITH(matrix(0, 4), "ConfusionMatrix: (0, 4) is out of range for 4 classes");
  CHECK_THROWS_WITH(matrix.f_beta(-1), "ConfusionMatrix::f_beta: expected a finite beta >= 0, got -1");
  CHECK_THROWS_WITH(matrix.f_beta(NaN), "ConfusionMatrix::f_beta: expected a finite beta >= 0, got nan");
  CHECK_THROWS_WITH(matrix.macro_average({1, 2}),
                    "ConfusionMatrix: expected 4 values to average, one per class, got 2");
}

TEST_CASE("classification_report") {
  const ConfusionMatrix matrix(Array{0, 1, 1, 1}, Array{0, 0, 1, 1});
  CHECK(classification_report(matrix, {.class_names = {"cat", "dog"}}) ==
        "                   precision    recall  f1-score   support\n"
        "\n"
        "              cat       0.50      1.00      0.67         1\n"
        "              dog       1.00      0.67      0.80         3\n"
        "\n"
        "         accuracy                           0.75         4\n"
        "        macro avg       0.75      0.83      0.73         4\n"
        "     weighted avg       0.88      0.75      0.77         4\n"
        "balanced accuracy                           0.83         4\n"
        "           G-mean                           0.82         4\n");
}

TEST_CASE("classification_report numbers classes, and prints undefined values") {
  std::ostringstream out;
  out << ConfusionMatrix(Array{0, 1}, Array{0, 1});
  CHECK_THAT(out.str(), ContainsSubstring("\n                1       1.00      1.00      1.00         1\n"));
  const ConfusionMatrix unseen(Array{0}, Array{0}, {.n_class = 2});
  CHECK_THAT(classification_report(unseen, {.digits = 3, .zero_division = NaN}),
             ContainsSubstring("\n                1        nan       nan       nan         0\n"));
  CHECK_THAT(classification_report(unseen),
             ContainsSubstring("\n                1       0.00      0.00      0.00         0\n"));
  CHECK_THROWS_WITH(classification_report(unseen, {.class_names = {"a", "b", "c"}}),
                    "classification_report: 3 class names for 2 classes");
}

TEST_CASE("classification_report widens its columns for long names, counted in characters") {
  const ConfusionMatrix matrix(Array{0, 1}, Array{0, 1});
  const std::string report =
      classification_report(matrix, {.class_names = {"a rather long class name", "M\xC3\xBCller"}});
  CHECK_THAT(report, ContainsSubstring("\na rather long class name       1.00"));
  CHECK_THAT(report, ContainsSubstring("\n                  M\xC3\xBCller       1.00"));
}

TEST_CASE("a ConfusionMatrix refuses more classes than it can count") {
  CHECK_THROWS_WITH(ConfusionMatrix({.n_class = std::size_t{1} << 32}),
                    "ConfusionMatrix: expected at most 65536 classes, got 4294967296");
  CHECK_THROWS_WITH(ConfusionMatrix({.n_class = ~std::size_t{0}}),
                    ContainsSubstring("expected at most 65536"));
}

TEST_CASE("classification_report keeps its columns apart at any number of digits") {
  const ConfusionMatrix matrix(Array{0, 1}, Array{0, 1});
  CHECK(classification_report(matrix, {.digits = 9}).find("1.000000000 ") != std::string::npos);
  CHECK_THROWS_WITH(classification_report(matrix, {.digits = -1}),
                    "classification_report: expected digits of at least 0, got -1");
}

TEST_CASE("classification_report of weights prints them with their fractions") {
  const ConfusionMatrix matrix(Array{0, 1}, Array{0, 1}, Array{0.25, 2.0});
  CHECK_THAT(classification_report(matrix),
             ContainsSubstring("\n                0       1.00      1.00      1.00      0.25\n"));
}

TEST_CASE("classification_report_imbalanced") {
  const ConfusionMatrix matrix(Array{0, 1, 1, 1}, Array{0, 0, 1, 1});
  // As imbalanced-learn 0.14.2 prints it.
  CHECK(classification_report_imbalanced(matrix, {.class_names = {"cat", "dog"}}) ==
        "                   pre       rec       spe        f1       geo       iba       sup\n"
        "\n"
        "        cat       0.50      1.00      0.67      0.67      0.82      0.69         1\n"
        "        dog       1.00      0.67      1.00      0.80      0.82      0.64         3\n"
        "\n"
        "avg / total       0.88      0.75      0.92      0.77      0.82      0.66         4\n");
  const ConfusionMatrix unseen(Array{0}, Array{0}, {.n_class = 2});
  CHECK(classification_report_imbalanced(unseen) ==
        classification_report_imbalanced(unseen, {.zero_division = 0}));
  CHECK(classification_report_imbalanced(unseen) !=
        classification_report_imbalanced(unseen, {.zero_division = 1}));
  CHECK_THROWS_WITH(classification_report_imbalanced(matrix, {.class_names = {"a"}}),
                    "classification_report_imbalanced: 1 class names for 2 classes");
  CHECK_THROWS_WITH(classification_report_imbalanced(matrix, {.digits = -1}),
                    "classification_report_imbalanced: expected digits of at least 0, got -1");
}

TEST_CASE("a ConfusionMatrix does not take labels of -1 and 1 for one class") {
  const std::string text = "ConfusionMatrix: t has the labels -1 and 1 only";
  const Array t = {-1, 1, 1};
  CHECK_THROWS_WITH(ConfusionMatrix(t, t), ContainsSubstring(text));
  CHECK_THROWS_WITH(ConfusionMatrix(t, Array{{1.f, 2.f}, {1.f, 2.f}, {2.f, 1.f}}), ContainsSubstring(text));
  CHECK_THROWS_WITH(ConfusionMatrix(t, t, {.n_class = 2}), ContainsSubstring(text));
  CHECK(counts({t, Array{5, 1, 0}, {.n_class = 2, .ignore_label = -1}}) == Counts{0, 0, 1, 1});
  CHECK(counts({t, Array{5, 1, 0}, {.n_class = 3}}) == Counts{0, 0, 0, 1, 1, 0, 0, 0, 0});
  CHECK(counts({Array{-1, 0, 1}, Array{5, 1, 0}, {.n_class = 2}}) == Counts{0, 1, 1, 0});
}

TEST_CASE("f_beta of a huge beta is recall") {
  const ConfusionMatrix matrix = example();
  check_values(matrix.f_beta(1e200), {3.0 / 4, 1.0 / 2, 0, 0});
}
