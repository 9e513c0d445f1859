#include "tenbin/evaluation/geometric_mean.h"

#include <cmath>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

// The truth in rows: {{2, 1, 0}, {0, 1, 1}, {1, 0, 4}}.
const Array t = {0, 0, 0, 1, 1, 2, 2, 2, 2, 2};
const Array y = {0, 0, 1, 1, 2, 0, 2, 2, 2, 2};

}  // namespace

TEST_CASE("the index balanced accuracy favours recall over specificity") {
  const ConfusionMatrix matrix(t, y);
  const double recall = 2.0 / 3;
  const double specificity = 6.0 / 7;
  CHECK(geometric_mean_per_class(matrix)[0] == Approx(std::sqrt(recall * specificity)));
  CHECK(index_balanced_accuracy(matrix)[0] ==
        Approx((1 + 0.1 * (recall - specificity)) * recall * specificity));
  CHECK(index_balanced_accuracy(matrix, {.alpha = 1, .squared = false})[0] ==
        Approx((1 + recall - specificity) * std::sqrt(recall * specificity)));
  CHECK(geometric_mean_score(matrix, ClassAverage::macro) ==
        Approx(std::sqrt((2.0 / 3 + 1.0 / 2 + 4.0 / 5) / 3 * (6.0 / 7 + 7.0 / 8 + 4.0 / 5) / 3)));
}
