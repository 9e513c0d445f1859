#include "tenbin/datasets/class_weight.h"

#include <cmath>

#include "tenbin/tests/catch.h"

using namespace tenbin;

using Counts = std::vector<std::size_t>;

TEST_CASE("class_counts") {
  CHECK(class_counts(Array{2, 0, 2, 2}, 4) == Counts{1, 0, 3, 0});
  CHECK(class_counts(Array({{2, 0}, {-1, 2}}, Dtype::int64), 3) == Counts{1, 0, 2});
  CHECK(class_counts(Array({1, 255}, Dtype::uint8), 2, 255) == Counts{0, 1});
  CHECK(class_counts(Array::zeros({0}, Dtype::int32), 2) == Counts{0, 0});
  CHECK_THROWS_WITH(class_counts(Array{0, 1, 2}, 2), "class_counts: t[2] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(class_counts(Array{0, -1}, 2, 9), "class_counts: t[1] = -1 is not a class in [0, 2)");
  CHECK_THROWS_WITH(class_counts(Array{0.f}, 2),
                    "class_counts: t must be int32, int64 or uint8, got float32(1)");
}

TEST_CASE("balanced_class_weight is N / (K n_c)") {
  const Array weight = balanced_class_weight(Counts{6, 3, 1});
  CHECK(weight.dtype() == Dtype::float32);
  CHECK(weight.to_vector<float>() == std::vector<float>{10.f / 18, 10.f / 9, 10.f / 3});
  CHECK(balanced_class_weight(Array{1, 1, 0, 1, -1}, 2).to_vector<float>() ==
        std::vector<float>{2.f, 2.f / 3});
  CHECK(balanced_class_weight(Counts{5}).to_vector<float>() == std::vector<float>{1});
}

TEST_CASE("log_prior is log(n_c / N)") {
  const Array prior = log_prior({6, 3, 1});
  CHECK(prior.dtype() == Dtype::float32);
  CHECK(prior.to_vector<double>()[0] == Approx(std::log(0.6)));
  CHECK(prior.to_vector<double>()[2] == Approx(std::log(0.1)));
}

TEST_CASE("an absent class has no weight and no prior") {
  CHECK_THROWS_WITH(balanced_class_weight(Array{0, 2, 2}, 3),
                    "balanced_class_weight: class 1 has no samples");
  CHECK_THROWS_WITH(log_prior({0, 4}), "log_prior: class 0 has no samples");
  CHECK_THROWS_WITH(balanced_class_weight(Counts{}),
                    "balanced_class_weight: expected at least one class, got none");
}
