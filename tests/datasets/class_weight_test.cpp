#include "tenbin/datasets/class_weight.h"

#include <cmath>
#include <limits>

#include "tenbin/datasets/ldam.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

using Counts = std::vector<std::size_t>;

namespace {

// Each value within about one float32 ulp.
void check_weights(const Array& actual, const std::vector<double>& expected) {
  REQUIRE(actual.dtype() == Dtype::float32);
  const auto values = actual.to_vector<double>();
  REQUIRE(values.size() == expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c)
    CHECK(std::abs(values[c] - expected[c]) <= 1e-7 * std::abs(expected[c]));
}

// `weights` scaled to mean 1 over those that are not 0.
std::vector<double> with_mean_one(std::vector<double> weights) {
  double sum = 0, count = 0;
  for (const double weight : weights) {
    sum += weight;
    count += weight != 0 ? 1 : 0;
  }
  for (double& weight : weights) weight *= count / sum;
  return weights;
}

}  // namespace

TEST_CASE("balanced_class_weight is N / (K n_c)") {
  const Array weight = balanced_class_weight(Counts{6, 3, 1});
  CHECK(weight.dtype() == Dtype::float32);
  CHECK(weight.to_vector<float>() == std::vector<float>{10.f / 18, 10.f / 9, 10.f / 3});
  CHECK(balanced_class_weight(Array{1, 1, 0, 1, -1}, 2).to_vector<float>() ==
        std::vector<float>{2.f, 2.f / 3});
  CHECK(balanced_class_weight(Counts{5}).to_vector<float>() == std::vector<float>{1});
}

TEST_CASE("an empty class has no weight") {
  CHECK_THROWS_WITH(balanced_class_weight(Array{0, 2, 2}, 3),
                    "balanced_class_weight: class 1 has no samples");
  CHECK_THROWS_WITH(balanced_class_weight(Counts{}),
                    "balanced_class_weight: expected at least one class, got none");
}

TEST_CASE("inverse frequency and inverse square root have mean 1 over the classes") {
  check_weights(inverse_frequency_class_weight({6, 3, 1}), with_mean_one({1.0 / 6, 1.0 / 3, 1}));
  check_weights(inverse_sqrt_class_weight({16, 4, 1}), with_mean_one({0.25, 0.5, 1}));
  check_weights(inverse_sqrt_class_weight({7}), {1});
}

TEST_CASE("smooth_class_weight is (n_min / n_c)^exponent") {
  check_weights(smooth_class_weight({16, 4, 1}), {0.25, 0.5, 1});
  check_weights(smooth_class_weight({16, 2, 32}, 1), {0.125, 1, 0.0625});
  check_weights(smooth_class_weight({16, 4, 1}, 0), {1, 1, 1});
  for (const double exponent : {-0.1, 1.1, std::nan("")})
    CHECK_THROWS_WITH(smooth_class_weight({1, 2}, exponent),
                      ContainsSubstring("smooth_class_weight: exponent must be in [0, 1], got "));
}

TEST_CASE("effective_number_class_weight is (1 - beta) / (1 - beta^n), with mean 1 over the classes") {
  for (const double beta : {0.5, 0.9, 0.99}) {
    const auto weight = [&](double n) { return (1 - beta) / (1 - std::pow(beta, n)); };
    check_weights(effective_number_class_weight({100, 7, 1}, beta),
                  with_mean_one({weight(100), weight(7), weight(1)}));
  }
  check_weights(effective_number_class_weight({100, 7, 1}, 0), {1, 1, 1});
  check_weights(effective_number_class_weight({100, 7, 1}, 5e-324), {1, 1, 1});
  for (const double beta : {-0.1, 1.1, std::nan("")})
    CHECK_THROWS_WITH(effective_number_class_weight({1, 2}, beta),
                      ContainsSubstring("effective_number_class_weight: beta must be in [0, 1], got "));
}

TEST_CASE("effective_number_class_weight keeps its digits as beta goes to 1") {
  const Counts counts{1000000, 1000, 1};
  const std::vector<double> inverse = with_mean_one({1e-6, 1e-3, 1});
  // 1 - 2^-53 is the largest beta below 1; in float32 it is 1, and 1 - beta^n is 0.
  check_weights(effective_number_class_weight(counts, 1 - std::ldexp(1, -53)), inverse);
  check_weights(effective_number_class_weight(counts, 1), inverse);
  check_weights(inverse_frequency_class_weight(counts), inverse);
  // For small (1 - beta) n the weight is (1 + (1 - beta) (n - 1) / 2) / n, to second order.
  const double rest = std::ldexp(1, -40);
  const auto series = [&](double n) { return (1 + rest * (n - 1) / 2) / n; };
  check_weights(effective_number_class_weight(counts, 1 - rest),
                with_mean_one({series(1e6), series(1e3), series(1)}));
}

TEST_CASE("weights of extreme counts are normal float32 numbers") {
  const std::size_t huge = std::numeric_limits<std::size_t>::max();
  const Counts counts{1, huge, huge, 1000};
  for (const Array& weight :
       {balanced_class_weight(counts), inverse_frequency_class_weight(counts),
        inverse_sqrt_class_weight(counts), effective_number_class_weight(counts),
        effective_number_class_weight(counts, 1), smooth_class_weight(counts, 1), ldam_margin(counts)}) {
    for (const float w : weight.to_vector<float>()) CHECK(std::isnormal(w));
  }
  // 2 * 2^64 samples do not overflow their sum.
  CHECK(balanced_class_weight(Counts{huge, huge}).to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("an empty class is an error, or has weight 0 and leaves K and the mean to the others") {
  const Counts counts{4, 0, 1, 0};
  check_weights(balanced_class_weight(counts, EmptyClass::zero), {0.625, 0, 2.5, 0});
  check_weights(balanced_class_weight(Array{0, 2, 0, 0, 0, 9}, 4, 9, EmptyClass::zero), {0.625, 0, 2.5, 0});
  check_weights(inverse_frequency_class_weight(counts, EmptyClass::zero), {0.4, 0, 1.6, 0});
  check_weights(inverse_sqrt_class_weight(counts, EmptyClass::zero), {2.0 / 3, 0, 4.0 / 3, 0});
  check_weights(smooth_class_weight(counts, 0.5, EmptyClass::zero), {0.5, 0, 1, 0});
  check_weights(effective_number_class_weight(counts, 0.5, EmptyClass::zero),
                with_mean_one({1 / (1 - 0.0625), 0, 2, 0}));

  CHECK_THROWS_WITH(inverse_frequency_class_weight(counts),
                    "inverse_frequency_class_weight: class 1 has no samples");
  CHECK_THROWS_WITH(inverse_sqrt_class_weight(counts), "inverse_sqrt_class_weight: class 1 has no samples");
  CHECK_THROWS_WITH(smooth_class_weight(counts), "smooth_class_weight: class 1 has no samples");
  CHECK_THROWS_WITH(effective_number_class_weight(counts),
                    "effective_number_class_weight: class 1 has no samples");
  CHECK_THROWS_WITH(balanced_class_weight(Counts{0, 0}, EmptyClass::zero),
                    "balanced_class_weight: none of the 2 classes has samples");
}
