#include "tenbin/resampling/smote.h"

#include <cmath>
#include <limits>
#include <set>

#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/class_weight.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/resampling/brute_force.h"

using namespace tenbin;
using testing::clouds;
using testing::nearest;
using testing::Rows;
using testing::rows_of_class;

namespace {

// Checks that every recipe goes from a row to one of its k nearest rows of the same class, and that every new
// row is computed by the formula.
void check_smote(const Dataset& train, const SmoteOptions& options) {
  const std::vector<Synthetic> plan = smote_plan(train, options);
  const Dataset made = smote(train, options);
  const std::size_t n = train.size(), columns = train.x.size() / n;
  REQUIRE(made.size() == n + plan.size());
  REQUIRE(made.x.dtype() == train.x.dtype());
  REQUIRE(made.t.dtype() == train.t.dtype());
  CHECK(made.x.slice(0, n).to_vector<double>() == train.x.to_vector<double>());
  CHECK(made.t.slice(0, n).to_vector<int>() == train.t.to_vector<int>());
  const std::vector<double> x = made.x.to_vector<double>();
  const std::vector<int> t = made.t.to_vector<int>();
  std::size_t strangers = 0, off_formula = 0, off_class = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto [base, neighbor, gap] = plan[i];
    const Rows near = nearest(train.x, base, rows_of_class(train.t, t[base]), options.k_neighbors);
    strangers += std::count(near.begin(), near.end(), neighbor) == 0;
    off_class += t[n + i] != t[base] || t[neighbor] != t[base];
    REQUIRE((gap >= 0 && gap < 1));
    for (std::size_t c = 0; c < columns; ++c) {
      const double from = x[base * columns + c], to = x[neighbor * columns + c];
      const double expected = from + static_cast<double>(gap) * (to - from);
      const double rounding = train.x.dtype() == Dtype::float32 ? 0x1p-23 : 0x1p-51;
      const double size = std::max(std::abs(from), std::abs(to));
      off_formula += !(std::abs(x[(n + i) * columns + c] - expected) <= rounding * size);
    }
  }
  CHECK(strangers == 0);
  CHECK(off_formula == 0);
  CHECK(off_class == 0);
}

}  // namespace

TEST_CASE("smote goes from a row to a neighbour of its class") {
  const Dtype dtype = GENERATE(Dtype::float32, Dtype::float64);
  check_smote(clouds({150, 20}, 3, 1, 1, dtype), {.seed = 4});
  check_smote(clouds({60, 30, 7}, 30, 2, 0.5, dtype), {.k_neighbors = 6});
  check_smote(clouds({40, 2}, 1, 3, 1, dtype), {.k_neighbors = 1});
}

TEST_CASE("smote grows the classes to the requested counts") {
  const Dataset train = clouds({50, 20, 10}, 2, 1);
  using Counts = std::vector<std::size_t>;
  const auto counts = [&](const SamplingStrategy& strategy) {
    return class_counts(smote(train, {.sampling_strategy = strategy}).t, 3);
  };
  CHECK(counts({}) == Counts{50, 50, 50});
  CHECK(counts(0.5) == Counts{50, 25, 25});
  CHECK(counts(0.3) == Counts{50, 20, 15});
  CHECK(counts({{2, 11}}) == Counts{50, 20, 11});
  CHECK(counts({{1, 90}, {2, 10}}) == Counts{50, 90, 10});
  // Ordered by class.
  const std::vector<int> t = smote(train).t.to_vector<int>();
  CHECK(std::is_sorted(t.begin() + 80, t.end()));
}

TEST_CASE("smote draws bases, neighbours and places evenly") {
  const Dataset train = clouds({10, 8}, 2, 5);
  const std::vector<Synthetic> plan =
      smote_plan(train, {.sampling_strategy = {{1, 8 + 12000}}, .k_neighbors = 3});
  REQUIRE(plan.size() == 12000);
  std::map<std::size_t, int> bases;
  std::map<std::pair<std::size_t, std::size_t>, int> pairs;
  double sum = 0, squares = 0;
  for (const auto& [base, neighbor, gap] : plan) {
    ++bases[base];
    ++pairs[{base, neighbor}];
    sum += double{gap};
    squares += double{gap} * double{gap};
  }
  CHECK(bases.size() == 8);
  CHECK(pairs.size() == 24);
  // 500 of each pair expected, with a deviation of 21.9; 1/2 and 1/3 for the places.
  for (const auto& [pair, count] : pairs) CHECK(std::abs(count - 500) < 5 * 21.9);
  CHECK(std::abs(sum / 12000 - 0.5) < 5 * 0.289 / std::sqrt(12000.));
  CHECK(std::abs(squares / 12000 - 1. / 3) < 5 * 0.298 / std::sqrt(12000.));
}

TEST_CASE("smote is a function of the seed, at any number of threads") {
  const Dataset train = clouds({5000, 300}, 4, 1);
  const auto made = [&](std::uint64_t seed, std::size_t threads) {
    const std::size_t before = num_threads();
    set_num_threads(threads);
    const std::vector<float> x = smote(train, {.seed = seed}).x.to_vector<float>();
    set_num_threads(before);
    return x;
  };
  const std::vector<float> alone = made(1, 1);
  CHECK(made(1, 4) == alone);
  CHECK(made(2, 1) != alone);
}

TEST_CASE("smote of images, of rows that are equal, of float32's largest") {
  const Dataset flat = clouds({30, 10}, 12, 1);
  const Dataset images(flat.x.reshape({40, 3, 2, 2}), flat.t);
  const Dataset made = smote(images);
  CHECK(made.x.shape() == Shape{60, 3, 2, 2});
  CHECK(made.x.to_vector<float>() == smote(flat).x.to_vector<float>());

  const Dataset equal(Array::full({9, 2}, 7), Array{0, 0, 0, 0, 0, 0, 1, 1, 1});
  CHECK(smote(equal, {.k_neighbors = 2}).x.to_vector<float>() == std::vector<float>(24, 7));

  const float most = std::numeric_limits<float>::max();
  const Dataset far(Array{{0.f}, {0.f}, {0.f}, {0.f}, {-most}, {most}}, Array{0, 0, 0, 0, 1, 1});
  for (const float value : smote(far, {.k_neighbors = 1}).x.to_vector<float>()) CHECK(std::isfinite(value));
}

TEST_CASE("smote refuses classes with too few rows") {
  const Dataset train = clouds({20, 3}, 2, 1);
  CHECK_THROWS_WITH(smote(train), "smote: class 1 has 3 samples, 5 nearest neighbours need at least 6");
  CHECK(smote(train, {.k_neighbors = 2}).size() == 40);
  CHECK_THROWS_WITH(smote(train, {.k_neighbors = 0}), "smote: expected k_neighbors above 0, got 0");
  CHECK_THROWS_WITH(
      smote(train, {.sampling_strategy = {{1, 2}}, .k_neighbors = 1}),
      "smote: class 1 has 3 samples, more than the 2 requested: over-sampling does not drop rows");
  CHECK_THROWS_WITH(smote(train, {.sampling_strategy = {{5, 2}}}),
                    "smote: sampling_strategy names class 5, which has no samples");
  for (const double ratio : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(smote(train, {.sampling_strategy = ratio}),
                      ContainsSubstring("smote: expected a sampling_strategy in (0, 1], got "));
  CHECK_THROWS_WITH(smote(Dataset(Array::zeros({3, 1}), Array{1, 1, 1})),
                    "smote: expected at least 2 classes, got 1");
  CHECK_THROWS_WITH(smote(Dataset(Array::zeros({2, 1}, Dtype::int32), Array{0, 1})),
                    "smote: x must be float32 or float64, got int32(2, 1)");
  CHECK_THROWS_WITH(smote(Dataset(Array::zeros({2, 1}), Array{0.f, 1.f})),
                    "smote: t must be int32, int64 or uint8, got float32(2); did you mean "
                    "t.astype(Dtype::int32)?");
  Dataset bad = clouds({20, 6}, 2, 1);
  const std::size_t row = rows_of_class(bad.t, 1)[4];
  bad.x.data<float>()[2 * row + 1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(
      smote(bad), "smote: expected finite values up to 1e+140, got x[" + std::to_string(row) + ", 1] = nan");
  // Only the class that grows is checked.
  bad.x.data<float>()[2 * row + 1] = 0;
  bad.x.data<float>()[2 * rows_of_class(bad.t, 0)[0]] = std::numeric_limits<float>::quiet_NaN();
  CHECK(smote(bad).size() == 40);
}

TEST_CASE("smote searches neighbours only in classes that grow, so others may be small") {
  const Dataset train = clouds({3, 3}, 2, 1);
  CHECK(smote(train).size() == 6);
}

TEST_CASE("the seed of smote is 1 where none is given") {
  const Dataset train = clouds({20, 8}, 2, 1);
  CHECK(smote(train).x.to_vector<float>() == smote(train, {.seed = 1}).x.to_vector<float>());
  CHECK(smote(train).x.to_vector<float>() != smote(train, {.seed = 2}).x.to_vector<float>());
}
