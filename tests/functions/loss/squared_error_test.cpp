#include "tenbin/functions/loss/squared_error.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("squared_error", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 4}, -2, 2), uniform({3, 4}, -2, 2)},
      .forward = [](const Variables& xs) { return squared_error(xs[0], xs[1]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            const auto b = values(xs[1]);
            for (std::size_t i = 0; i < y.size(); ++i) y[i] = (y[i] - b[i]) * (y[i] - b[i]);
            return y;
          },
  });
}

TEST_CASE("squared_error refuses shapes that would broadcast") {
  const Array x = Array::zeros({2, 1}, Dtype::float32);
  CHECK_THROWS_WITH(squared_error(x, Array{1.f, 2.f}),
                    "squared_error: x0 and x1 differ in shape: float32(2, 1) and float32(2)");
  CHECK_THROWS_WITH(squared_error(x, Array{1.0}),
                    "squared_error: x0 and x1 differ in dtype: float32(2, 1) and float64(1)");
  CHECK_THROWS_WITH(squared_error(Array{1}, x), "squared_error: x0 must be float32 or float64, got int32(1)");
}
