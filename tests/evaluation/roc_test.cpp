#include "tenbin/evaluation/roc.h"

#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/evaluation/calibration.h"
#include "tenbin/evaluation/gain.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

struct Problem {
  std::vector<std::int32_t> t;
  std::vector<double> y;
  std::vector<double> w;

  // 1 + row % 3 is exact, as are sums of it.
  Problem(std::size_t n, std::uint64_t different_scores, std::uint64_t seed) {
    random::Generator generator(seed);
    for (std::size_t i = 0; i < n; ++i) {
      t.push_back(i == 0 || (i > 1 && generator.integer(4) == 0));
      const auto shift = static_cast<std::uint64_t>(t.back()) * different_scores / 4;
      y.push_back(static_cast<double>(generator.integer(different_scores) + shift) - 3);
      w.push_back(static_cast<double>(1 + i % 3));
    }
  }

  // Mann and Whitney: the share of pairs in the right order, ties counting one half.
  double share_of_pairs(bool weighted) const {
    double right = 0, all = 0;
    for (std::size_t i = 0; i < t.size(); ++i)
      for (std::size_t j = 0; j < t.size(); ++j) {
        if (t[i] != 1 || t[j] != 0) continue;
        const double weight = weighted ? w[i] * w[j] : 1;
        right += weight * (y[i] > y[j] ? 1 : y[i] == y[j] ? 0.5 : 0);
        all += weight;
      }
    return right / all;
  }
};

}  // namespace

TEST_CASE("roc_auc_score is the share of pairs in the right order") {
  for (const std::size_t n : std::vector<std::size_t>{2, 3, 17, 300})
    for (const std::uint64_t different_scores : std::vector<std::uint64_t>{1, 2, 9, 1000000}) {
      CAPTURE(n, different_scores);
      const Problem problem(n, different_scores, n + different_scores);
      const Array t(problem.t), y(problem.y), w(problem.w);
      // Both are quotients of the same two exact numbers.
      CHECK(roc_auc_score(t, y) == problem.share_of_pairs(false));
      CHECK(roc_auc_score(t, y, {.sample_weight = w}) == problem.share_of_pairs(true));
    }
}

TEST_CASE("roc_auc_score depends on the order of scores only") {
  const Problem problem(200, 40, 3);
  const Array t(problem.t);
  const double auc = roc_auc_score(t, Array(problem.y));
  std::vector<double> monotone, reversed, huge;
  for (const double y : problem.y) {
    monotone.push_back(std::exp(y / 10) - 7);
    reversed.push_back(-y);
    huge.push_back(y * 1e306);
  }
  CHECK(roc_auc_score(t, Array(monotone)) == auc);
  CHECK(roc_auc_score(t, Array(huge)) == auc);
  CHECK(roc_auc_score(t, Array(reversed)) == Approx(1 - auc).epsilon(1e-14));

  random::Generator generator(1);
  const auto order = generator.permutation(problem.t.size());
  std::vector<std::int32_t> shuffled_t;
  std::vector<double> shuffled_y;
  for (const std::size_t i : order) {
    shuffled_t.push_back(problem.t[i]);
    shuffled_y.push_back(problem.y[i]);
  }
  CHECK(roc_auc_score(Array(shuffled_t), Array(shuffled_y)) == auc);
}

TEST_CASE("roc_auc_score of signs, zeros, infinities and denormals") {
  const double denormal = std::numeric_limits<double>::denorm_min();
  // In descending order: inf+ 1e300- 1+ denormal- 0+ -0- -denormal+ -1- -inf+
  const Array y = {inf, 1e300, 1.0, denormal, 0.0, -0.0, -denormal, -1.0, -inf};
  const Array t = {1, 0, 1, 0, 1, 0, 1, 0, 1};
  CHECK(roc_auc_score(t, y) == (4 + 3 + 1.5 + 1 + 0) / 20);
  const auto curve = roc_curve(t, y, {.drop_intermediate = false});
  CHECK(curve.thresholds == std::vector<double>{inf, inf, 1e300, 1, denormal, 0, -denormal, -1, -inf});
  // float32 scores that differ in their last bit only.
  CHECK(roc_auc_score(Array{0, 1}, Array{1.f, std::nextafter(1.f, 2.f)}) == 1);
}

TEST_CASE("roc_curve") {
  const Array t = {0, 0, 1, 1, 0};
  const Array y = {0.1, 0.4, 0.35, 0.8, 0.4};
  const auto [fpr, tpr, thresholds] = roc_curve(t, y);
  CHECK(fpr == std::vector<double>{0, 0, 2.0 / 3, 2.0 / 3, 1});
  CHECK(tpr == std::vector<double>{0, 0.5, 0.5, 1, 1});
  CHECK(thresholds == std::vector<double>{inf, 0.8, 0.4, 0.35, 0.1});
  // Points in the middle of a line are left out on request.
  const Array line = {1, 1, 1, 0, 0, 0};
  const Array descending = {6.0, 5.0, 4.0, 3.0, 2.0, 1.0};
  CHECK(roc_curve(line, descending).thresholds == std::vector<double>{inf, 6, 4, 1});
  CHECK(roc_curve(line, descending, {.drop_intermediate = false}).thresholds.size() == 7);
  // Rows of weight 0 give no thresholds.
  CHECK(roc_curve(t, y, {.sample_weight = Array{1, 1, 0, 1, 1}}).thresholds ==
        std::vector<double>{inf, 0.8, 0.4, 0.1});
}

TEST_CASE("roc_auc_score up to a false positive rate") {
  const Array t = {0, 0, 1, 1};
  const Array y = {0.1, 0.4, 0.35, 0.8};
  CHECK(roc_auc_score(t, y, {.max_fpr = 1}) == roc_auc_score(t, y));
  // Up to 1/4 the curve stays at 1/2: area 1/8, by chance 1/32, at best 1/4.
  CHECK(roc_auc_score(t, y, {.max_fpr = 0.25}) == Approx(0.5 * (1 + (1.0 / 8 - 1.0 / 32) / (7.0 / 32))));
  // All rows tie: the curve is the diagonal, which is chance.
  CHECK(roc_auc_score(t, Array::zeros({4}), {.max_fpr = 0.3}) == Approx(0.5));
  CHECK_THROWS_WITH(roc_auc_score(t, y, {.max_fpr = 0}), "roc_auc_score: expected max_fpr in (0, 1], got 0");
}

TEST_CASE("roc_auc_score of two columns, of other labels, of ignored rows") {
  const Array y = {{0.9, 0.1}, {0.6, 0.4}, {0.65, 0.35}, {0.2, 0.8}};
  const Array scores = {0.1, 0.4, 0.35, 0.8};
  const Array t = {0, 0, 1, 1};
  CHECK(roc_auc_score(t, y) == 0.75);
  CHECK(roc_auc_score(t, scores) == 0.75);
  CHECK(roc_auc_score(t, y, {.pos_label = 0}) == 0.75);
  CHECK(roc_auc_score(Array{7, 3, 5, 5}, scores, {.pos_label = 5}) == 0.75);
  CHECK(roc_auc_score(Array({0, 0, 1, 1}, Dtype::uint8), scores) == 0.75);
  CHECK(roc_auc_score(Array{0, -1, 0, 1, 1}, Array{0.1, NaN, 0.4, 0.35, 0.8}) == 0.75);
  CHECK(roc_auc_score(Array{0, 9, 0, 1, 1}, Array{0.1, 1.0, 0.4, 0.35, 0.8}, {.ignore_label = 9}) == 0.75);
}

TEST_CASE("roc_auc_score of several classes") {
  const Array y = {{0.6, 0.3, 0.1}, {0.5, 0.4, 0.1}, {0.3, 0.5, 0.2}, {0.6, 0.2, 0.2}, {0.1, 0.1, 0.8}};
  const Array t = {0, 0, 1, 1, 2};
  // Each class against the rest: class 0 4.5 of 6 pairs, class 1 4 of 6, class 2 all.
  CHECK(roc_auc_per_class(t, y) == std::vector<double>{4.5 / 6, 4.0 / 6, 1});
  CHECK(roc_auc_score(t, y) == Approx((4.5 / 6 + 4.0 / 6 + 1) / 3));
  CHECK(roc_auc_score(t, y, {.average = ClassAverage::weighted}) ==
        Approx((2 * 4.5 / 6 + 2 * 4.0 / 6 + 1) / 5));
  CHECK(roc_auc_score(t, y, {.pos_label = 1}) == 4.0 / 6);
  // Pairs: (0, 1) 2.5/4 and 2/4, (0, 2) 1 and 1, (1, 2) 1 and 1.
  const double pair = (2.5 / 4 + 2.0 / 4) / 2;
  CHECK(roc_auc_score(t, y, {.multi_class = MultiClass::ovo}) == Approx((pair + 2) / 3));
  CHECK(roc_auc_score(t, y, {.average = ClassAverage::weighted, .multi_class = MultiClass::ovo}) ==
        Approx((4 * pair + 3 + 3) / 10));
}

TEST_CASE("roc_auc_score where a class is missing") {
  const Array y = {{0.6, 0.3, 0.1}, {0.3, 0.5, 0.2}, {0.5, 0.3, 0.2}};
  const Array t = {0, 1, 1};
  CHECK_THROWS_WITH(roc_auc_score(t, y),
                    "roc_auc_score: class 2 has none or all of the rows of t, its ROC curve is undefined");
  CHECK(roc_auc_score(t, y, {.average = ClassAverage::weighted}) == Approx((1 + 2 * 0.75) / 3));
  CHECK(roc_auc_score(t, y, {.multi_class = MultiClass::ovo}) == Approx((1 + 0.75) / 2));
  const auto per_class = roc_auc_per_class(t, y);
  CHECK(per_class[0] == 1);
  CHECK(std::isnan(per_class[2]));
  CHECK_THROWS_WITH(roc_auc_score(Array{1, 1, 1}, y, {.multi_class = MultiClass::ovo}),
                    "roc_auc_score: only one class is present in t, class 1: there is no pair of classes");
  CHECK_THROWS_WITH(roc_auc_score(Array{1, 1, 1}, y, {.average = ClassAverage::weighted}),
                    ContainsSubstring("class 1 has none or all of the rows"));
}

TEST_CASE("a ROC curve needs both classes") {
  const std::string text = "only one class is present in t, a ROC curve needs both: there are ";
  CHECK_THROWS_WITH(roc_auc_score(Array{1, 1}, Array{0.5, 0.6}),
                    "roc_auc_score: " + text + "2 positive and 0 negative rows");
  CHECK_THROWS_WITH(roc_curve(Array{0, 0, 0}, Array{0.5, 0.6, 0.1}),
                    "roc_curve: " + text + "0 positive and 3 negative rows");
  CHECK_THROWS_WITH(roc_auc_score(Array{0, 1}, Array{0.5, 0.6}, {.sample_weight = Array{1.0, 0.0}}),
                    "roc_auc_score: " + text + "0 positive and 1 negative rows");
}

TEST_CASE("roc_auc_score refuses invalid scores, labels and weights") {
  const std::string text = "roc_auc_score: ";
  const Array t = {0, 1};
  const std::string shapes = "y must be float32 or float64, scores (N) or probabilities (N, C), got ";
  CHECK_THROWS_WITH(roc_auc_score(t, Array{0.5, NaN}), text + "y[1] is nan");
  CHECK_THROWS_WITH(roc_auc_score(Array{0, 2}, Array{0.5, 0.6}), text + "t[1] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(roc_auc_score(t, Array{0.5}), text + shapes + "float64(1) for t int32(2)");
  CHECK_THROWS_WITH(roc_auc_score(t, Array{1, 0}), text + shapes + "int32(2) for t int32(2)");
  CHECK_THROWS_WITH(roc_auc_score(t, Array()), text + shapes + "none for t int32(2)");
  CHECK_THROWS_WITH(roc_auc_score(t, Array::zeros({2, 0})), text + shapes + "float32(2, 0) for t int32(2)");
  CHECK_THROWS_WITH(roc_auc_score(Array{0.5, 0.1}, t),
                    text + "t must be int32, int64 or uint8, got float64(2)");
  CHECK_THROWS_WITH(roc_auc_score(Array{{0, 1}}, Array{0.5}), text + "t must have one axis, got int32(1, 2)");
  CHECK_THROWS_WITH(roc_auc_score(t, Array{{2.0, 0.0}, {0.5, 0.5}}),
                    text + "row 0 of probabilities must be >= 0 and sum to 1, its sum is 2");
  CHECK_THROWS_WITH(roc_auc_score(t, Array{0.1, 0.2}, {.sample_weight = Array{1.0}}),
                    text + "sample_weight must have t's shape, got float64(1) for t int32(2)");
  CHECK_THROWS_WITH(roc_auc_score(t, Array{0.1, 0.2}, {.sample_weight = Array{1.0, -1.0}}),
                    text + "sample_weight[1] = -1 must be finite and >= 0");
  CHECK_THROWS_WITH(roc_auc_score(t, Array{0.1, 0.2}, {.sample_weight = Array{0.0, 0.0}}),
                    text + "sample_weight adds up to 0");
  const Array p = {{0.2, 0.3, 0.5}, {0.2, 0.3, 0.5}};
  CHECK_THROWS_WITH(roc_auc_score(t, p, {.pos_label = 3}), text + "pos_label 3 is not a class in [0, 3)");
  CHECK_THROWS_WITH(roc_auc_score(t, p, {.max_fpr = 0.5}),
                    text + "max_fpr is for two classes, got y float64(2, 3)");
  CHECK_THROWS_WITH(roc_auc_score(t, p, {.sample_weight = Array{1, 1}, .multi_class = MultiClass::ovo}),
                    text + "sample_weight is not supported for one-vs-one");
  CHECK_THROWS_WITH(roc_curve(t, p),
                    "roc_curve: expected pos_label to choose one of the classes of y float64(2, 3)");
}

TEST_CASE("scores of labels of -1 and 1 need pos_label") {
  const Array t = {-1, 1, -1, 1};
  const Array y = {0.1, 0.4, 0.35, 0.8};
  const Array t01 = {0, 1, 0, 1};
  CHECK(roc_auc_score(t, y, {.pos_label = 1}) == roc_auc_score(t01, y));
  CHECK(roc_auc_score(t, y, {.pos_label = -1}) == 0);
  CHECK(average_precision_score(t, y, {.pos_label = 1}) == 1);
  CHECK(brier_score_loss(t, y, {.pos_label = 1}) == brier_score_loss(t01, y));
  CHECK(log_loss(t, y, {.pos_label = 1}) == log_loss(t01, y));
  CHECK(expected_calibration_error(t, y, {.pos_label = 1}) == expected_calibration_error(t01, y));
  CHECK(expected_calibration_error(t, y, {.pos_label = -1}) ==
        expected_calibration_error(Array{1, 0, 1, 0}, y));
  CHECK(calibration_curve(t, y, {.pos_label = 1}).prob_true == calibration_curve(t01, y).prob_true);
  CHECK(hits_at_k(t, y, 2, {.pos_label = 1}) == 2);
  const std::string text =
      "t has the labels -1 and 1 only, and -1 is the default of ignore_label: map -1 to 0 (labels are 0 "
      "to C "
      "- 1), or pass pos_label = 1, or pass ignore_label = -1 to ignore those rows";
  CHECK_THROWS_WITH(roc_auc_score(t, y), "roc_auc_score: " + text);
  CHECK_THROWS_WITH(average_precision_score(t, y), "average_precision_score: " + text);
  CHECK_THROWS_WITH(hits_at_k(t, y, 2), "hits_at_k: " + text);
  CHECK_THROWS_WITH(brier_score_loss(t, y), "brier_score_loss: " + text);
  // If 0 is a label too, -1 is ignored, as before; that can also be said explicitly.
  CHECK(roc_auc_score(Array{-1, 1, 0, 1}, Array{9., 0.4, 0.35, 0.8}) == 1);
  CHECK(average_precision_score(t, y, {.ignore_label = -1}) == 1);
  CHECK(brier_score_loss(t, y, {.pos_label = 1, .ignore_label = -1}) == Approx((0.36 + 0.04) / 2));
  CHECK_THROWS_WITH(roc_auc_score(t, y, {.pos_label = -1, .ignore_label = -1}),
                    "roc_auc_score: pos_label and ignore_label are both -1");
  const Array pair = {{0.9, 0.1}, {0.6, 0.4}, {0.65, 0.35}, {0.2, 0.8}};
  CHECK_THROWS_WITH(roc_auc_score(t, pair),
                    ContainsSubstring("roc_auc_score: t has the labels -1 and 1 only"));
  CHECK_THROWS_WITH(average_precision_per_class(t, pair),
                    ContainsSubstring("average_precision_per_class: t has the labels -1 and 1 only"));
}

TEST_CASE("a column (N, 1) of scores is equivalent to (N)") {
  const Array t = {0, 1, 0, 1};
  const Array y = {0.1, 0.4, 0.45, 0.8};
  const Array column = y.reshape({4, 1});
  CHECK(roc_auc_score(t, column) == roc_auc_score(t, y));
  CHECK(average_precision_score(t, column) == average_precision_score(t, y));
  CHECK(roc_curve(t, column).tpr == roc_curve(t, y).tpr);
  CHECK(brier_score_loss(t, column) == brier_score_loss(t, y));
  CHECK(log_loss(t, column) == log_loss(t, y));
  CHECK(expected_calibration_error(t, column) == expected_calibration_error(t, y));
  CHECK_THROWS_WITH(
      roc_auc_per_class(t, column),
      "roc_auc_per_class: probabilities must be float32 or float64 (N, C), got float64(4, 1); for "
      "one column p, as of a sigmoid, pass (N, 2): 1 - p, p");
}

TEST_CASE("one-hot labels are detected") {
  const Array pair = {{0.9, 0.1}, {0.6, 0.4}};
  CHECK_THROWS_WITH(roc_auc_score(Array{{1, 0}, {0, 1}}, pair),
                    "roc_auc_score: t must have one axis, got int32(2, 2): one-hot rows become labels by "
                    "argmax(t.astype(Dtype::float32))");
  CHECK_THROWS_WITH(roc_auc_score(Array{{1, 0}, {1, 1}}, pair),
                    "roc_auc_score: t must have one axis, got int32(2, 2)");
  CHECK_THROWS_WITH(roc_auc_score(Array{{1}, {0}}, pair),
                    "roc_auc_score: t must have one axis, got int32(2, 1)");
}

TEST_CASE("roc_auc_score of several classes takes a max_fpr of 1, the whole area") {
  const Array t = {0, 1, 2, 1};
  const Array p = {{0.6, 0.3, 0.1}, {0.2, 0.3, 0.5}, {0.1, 0.3, 0.6}, {0.3, 0.5, 0.2}};
  CHECK(roc_auc_score(t, p, {.max_fpr = 1}) == roc_auc_score(t, p));
}
