#include "tenbin/datasets/class_prior.h"

#include <cmath>

#include "tenbin/datasets/class_weight.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("class_prior and weighted_prior are frequencies") {
  CHECK(values(class_prior({6, 3, 0, 1})) == std::vector<double>{0.6, 0.3, 0, 0.1});
  const std::vector<std::size_t> counts = {90, 9, 1};
  check_close(values(weighted_prior(counts, balanced_class_weight(counts))), {1. / 3, 1. / 3, 1. / 3}, 1e-7,
              0);
  check_close(values(weighted_prior(counts, Array{1., 1., 1.})), values(class_prior(counts)), 1e-15, 0);
  check_close(values(weighted_prior(counts, Array{1., 0., 10.})), {0.9, 0, 0.1}, 1e-15, 0);
  // The prior of a class without samples is 0 for any weight.
  check_close(values(weighted_prior({3, 0}, Array{1., 100.})), {1, 0}, 0, 0);
  CHECK_THROWS_WITH(weighted_prior({1, 2}, Array{1.}),
                    "weighted_prior: class_weight must have shape (2), got float64(1)");
  CHECK_THROWS_WITH(weighted_prior({0, 2}, Array{1., 0.}),
                    "weighted_prior: expected class_weight * counts with a sum above 0, got zeros");
  CHECK_THROWS_WITH(class_prior({}), "class_prior: expected counts with a sum above 0, got zeros");
}

TEST_CASE("log_prior is log(n_c / N)") {
  const Array prior = log_prior({6, 3, 1});
  CHECK(prior.dtype() == Dtype::float32);
  CHECK(prior.to_vector<double>()[0] == Approx(std::log(0.6)));
  CHECK(prior.to_vector<double>()[2] == Approx(std::log(0.1)));
  CHECK_THROWS_WITH(log_prior({}), "log_prior: expected at least one class, got none");
  CHECK_THROWS_WITH(log_prior({0, 4}), "log_prior: class 0 has no samples");
}
