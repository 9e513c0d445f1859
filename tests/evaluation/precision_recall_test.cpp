#include "tenbin/evaluation/precision_recall.h"

#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {
using Values = std::vector<double>;
}

TEST_CASE("precision_recall_curve") {
  const Array t = {0, 0, 1, 1, 0};
  const Array y = {0.1, 0.4, 0.35, 0.8, 0.4};
  const auto [precision, recall, thresholds] = precision_recall_curve(t, y);
  CHECK(precision == Values{2.0 / 5, 2.0 / 4, 1.0 / 3, 1, 1});
  CHECK(recall == Values{1, 1, 0.5, 0.5, 0});
  CHECK(thresholds == Values{0.1, 0.35, 0.4, 0.8});
}

TEST_CASE("precision_recall_curve without thresholds within a run of equal recall") {
  const Array t = {1, 0, 0, 0, 1, 0};
  const Array y = {6.f, 5.f, 4.f, 3.f, 2.f, 1.f};
  const auto curve = precision_recall_curve(t, y, {.drop_intermediate = true});
  CHECK(curve.thresholds == Values{1, 2, 3, 6});
  CHECK(curve.recall == Values{1, 1, 0.5, 0.5, 0});
  // By default there are all of them.
  CHECK(precision_recall_curve(t, y).thresholds == Values{1, 2, 3, 4, 5, 6});
}

TEST_CASE("average_precision_score is the area under steps") {
  // Positive rows at ranks 1, 3 and 6 of 6: (1/1 + 2/3 + 3/6) / 3.
  const Array t = {1, 0, 1, 0, 0, 1};
  const Array y = {6.0, 5.0, 4.0, 3.0, 2.0, 1.0};
  CHECK(average_precision_score(t, y) == Approx((1 + 2.0 / 3 + 0.5) / 3));
  // Equal scores are one step, so the order of the rows does not matter.
  CHECK(average_precision_score(t, Array::zeros({6})) == 0.5);
  CHECK(average_precision_score(Array{0, 1}, Array{0.5, 0.5}) ==
        average_precision_score(Array{1, 0}, Array{0.5, 0.5}));
  CHECK(average_precision_score(Array{1, 1}, Array{0.3, 0.5}) == 1);
  // With weights: the negative row above has weight 3.
  CHECK(average_precision_score(Array{0, 1}, Array{0.9, 0.5}, {.sample_weight = Array{3.0, 1.0}}) == 0.25);
}

TEST_CASE("average_precision_score depends on the order of scores only, not on that of rows") {
  random::Generator generator(7);
  std::vector<std::int32_t> t, shuffled_t;
  std::vector<double> y, monotone, shuffled_y;
  for (int i = 0; i < 300; ++i) {
    t.push_back(generator.integer(5) == 0 ? 1 : 0);
    y.push_back(static_cast<double>(generator.integer(30)) + 4.0 * t.back() - 15);
    monotone.push_back(std::atan(y.back()));
  }
  for (const std::size_t i : generator.permutation(t.size())) {
    shuffled_t.push_back(t[i]);
    shuffled_y.push_back(y[i]);
  }
  // The definition, by brute force: the precision at the score of every positive row.
  double sum = 0, positives = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (t[i] == 0) continue;
    double above = 0, positives_above = 0;
    for (std::size_t j = 0; j < t.size(); ++j) {
      above += y[j] >= y[i] ? 1 : 0;
      positives_above += y[j] >= y[i] && t[j] == 1 ? 1 : 0;
    }
    sum += positives_above / above;
    ++positives;
  }
  const double ap = average_precision_score(Array(t), Array(y));
  CHECK(ap == Approx(sum / positives).epsilon(1e-14));
  CHECK(average_precision_score(Array(t), Array(monotone)) == ap);
  CHECK(average_precision_score(Array(shuffled_t), Array(shuffled_y)) == ap);
}

TEST_CASE("average_precision_score without positive rows is 0, as in scikit-learn") {
  CHECK(average_precision_score(Array{0, 0}, Array{0.3, 0.5}) == 0);
  const auto curve = precision_recall_curve(Array{0, 0}, Array{0.3, 0.5});
  CHECK(curve.recall == Values{1, 1, 0});
  CHECK(curve.precision == Values{0, 0, 1});
}

TEST_CASE("average_precision_score of several classes") {
  const Array y = {{0.6, 0.3, 0.1}, {0.5, 0.4, 0.1}, {0.3, 0.5, 0.2}, {0.7, 0.1, 0.2}};
  const Array t = {0, 0, 1, 1};
  const double first = (1.0 / 2 + 2.0 / 3) / 2;
  const double second = (1 + 2.0 / 4) / 2;
  const auto per_class = average_precision_per_class(t, y);
  REQUIRE(per_class.size() == 3);
  CHECK(per_class[0] == Approx(first));
  CHECK(per_class[1] == Approx(second));
  CHECK(per_class[2] == 0);
  CHECK(average_precision_score(t, y) == Approx((first + second) / 3));
  CHECK(average_precision_score(t, y, {.average = ClassAverage::weighted}) == Approx((first + second) / 2));
  CHECK(average_precision_score(t, y, {.pos_label = 1}) == Approx(second));
}

TEST_CASE("average_precision_score refuses invalid arguments") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(average_precision_score(Array{0, 1}, Array{nan, 0.5}),
                    "average_precision_score: y[0] is nan");
  CHECK_THROWS_WITH(average_precision_score(Array::zeros({0}, Dtype::int32), Array::zeros({0})),
                    "average_precision_score: expected at least one row that is not ignored, got t int32(0)");
  const std::string labels = "average_precision_score: t must be int32, int64 or uint8, got float32(2)";
  CHECK_THROWS_WITH(average_precision_score(Array{0.f, 1.f}, Array{0.5, 0.25}),
                    labels + "; did you mean t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(average_precision_score(Array{0.5f, 0.25f}, Array{0, 1}), labels);  // swapped
  CHECK_THROWS_WITH(precision_recall_curve(Array{0, 5}, Array{0.2, 0.5}),
                    "precision_recall_curve: t[1] = 5 is not a class in [0, 2)");
}
