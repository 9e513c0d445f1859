#include "tenbin/datasets/ldam.h"

#include "tenbin/datasets/class_weight.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("ldam_margin is max_margin (n_min / n_c)^(1/4)") {
  CHECK(ldam_margin({81, 16, 1}).dtype() == Dtype::float32);
  check_close(values(ldam_margin({81, 16, 1})), {0.5 / 3, 0.25, 0.5}, 0, 1e-7);
  check_close(values(ldam_margin({32, 2}, 3)), {1.5, 3}, 0, 1e-7);
  CHECK_THROWS_WITH(ldam_margin({4, 0, 1, 0}), "ldam_margin: class 1 has no samples");
  CHECK_THROWS_WITH(ldam_margin({1, 2}, -1),
                    "ldam_margin: max_margin must be finite and not negative, got -1");
}

TEST_CASE("deferred re-weighting has no weights before its epoch") {
  const DeferredReweighting weights{effective_number_class_weight({9, 1}), 160};
  CHECK_FALSE(weights(0));
  CHECK_FALSE(weights(159));
  CHECK(weights(160).shares_memory_with(weights.class_weight));
  CHECK(weights(199).shares_memory_with(weights.class_weight));
  CHECK(DeferredReweighting{Array{1.f}, 0}(0));
}
