#include <cmath>
#include <limits>

#include "tenbin/datasets/class_weight.h"
#include "tenbin/datasets/minibatches.h"
#include "tenbin/resampling/random_sampler.h"
#include "tenbin/resampling/weighted_sampler.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/resampling/brute_force.h"

using namespace tenbin;
using testing::all_rows;
using testing::clouds;
using testing::Rows;
using testing::rows_of_class;

namespace {

// The number of times that every row occurs.
std::vector<int> times(const Rows& rows, std::size_t n) {
  std::vector<int> counts(n, 0);
  for (const std::size_t row : rows) ++counts.at(row);
  return counts;
}

Rows class_times(const Rows& rows, const Array& t, std::size_t n_class) {
  Rows counts(n_class, 0);
  for (const std::size_t row : rows) ++counts[static_cast<std::size_t>(t.data<std::int32_t>()[row])];
  return counts;
}

// count expected, within five deviations of a draw with probability p.
bool plausible(double observed, double n, double p) {
  return std::abs(observed - n * p) <= 5 * std::sqrt(n * p * (1 - p));
}

}  // namespace

TEST_CASE("random_over_sample keeps all rows and draws more of the rare classes") {
  const Dataset train = clouds({40, 10, 25}, 2, 1);
  const Rows rows = random_over_sample(train.t, {.seed = 3});
  REQUIRE(rows.size() == 120);
  CHECK(Rows(rows.begin(), rows.begin() + 75) == all_rows(75));
  CHECK(class_times(rows, train.t, 3) == Rows{40, 40, 40});
  CHECK(class_times(random_over_sample(train.t, {.sampling_strategy = 0.5}), train.t, 3) == Rows{40, 20, 25});
  CHECK(class_times(random_over_sample(train.t, {.sampling_strategy = {{1, 11}}}), train.t, 3) ==
        Rows{40, 11, 25});
  CHECK(random_over_sample(train.t, {.seed = 3}) == rows);
  CHECK(random_over_sample(train.t, {.seed = 4}) != rows);

  const Dataset made = random_over_sample(train, {.seed = 3});
  CHECK(made.x.to_vector<float>() == train.subset(rows).x.to_vector<float>());
  CHECK(made.t.to_vector<int>() == train.subset(rows).t.to_vector<int>());
  CHECK(made.resampled_by == std::string("random_over_sample"));
}

TEST_CASE("random_over_sample draws evenly") {
  const Dataset train = clouds({5, 4}, 1, 1);
  const Rows rows = random_over_sample(train.t, {.sampling_strategy = {{1, 4 + 10000}}});
  const std::vector<int> counts = times(rows, 9);
  for (const std::size_t row : rows_of_class(train.t, 1)) CHECK(plausible(counts[row] - 1, 10000, 0.25));
}

TEST_CASE("random_under_sample leaves rows out, in their order, none twice") {
  const Dataset train = clouds({40, 10, 25}, 2, 1);
  const Rows rows = random_under_sample(train.t, {.seed = 3});
  CHECK(class_times(rows, train.t, 3) == Rows{10, 10, 10});
  CHECK(std::is_sorted(rows.begin(), rows.end()));
  for (const int count : times(rows, 75)) CHECK(count <= 1);
  CHECK(class_times(random_under_sample(train.t, {.sampling_strategy = 0.5}), train.t, 3) ==
        Rows{20, 10, 20});
  CHECK(class_times(random_under_sample(train.t, {.sampling_strategy = 0.3}), train.t, 3) ==
        Rows{33, 10, 25});
  CHECK(class_times(random_under_sample(train.t, {.sampling_strategy = {{0, 0}, {2, 1}}}), train.t, 3) ==
        Rows{0, 10, 1});
  CHECK(random_under_sample(train.t, {.seed = 3}) == rows);
  CHECK(random_under_sample(train.t, {.seed = 4}) != rows);
  CHECK(random_under_sample(train).resampled_by == std::string("random_under_sample"));

  std::vector<int> kept(75, 0);
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    for (const std::size_t row : random_under_sample(train.t, {.seed = seed})) ++kept[row];
  for (const std::size_t row : rows_of_class(train.t, 0)) CHECK(plausible(kept[row], 1000, 0.25));
  for (const std::size_t row : rows_of_class(train.t, 1)) CHECK(kept[row] == 1000);
}

TEST_CASE("samplers without seed and epoch draw new rows in every call, which random::seed repeats") {
  const Dataset train = clouds({40, 10, 25}, 2, 1);
  const auto draws = [&] {
    random::seed(5);
    std::vector<Rows> all;
    for (int call = 0; call < 2; ++call) {
      all.push_back(random_under_sample(train.t));
      all.push_back(random_over_sample(train.t));
      all.push_back(weighted_sample(balanced_sample_weight(train.t)));
    }
    random::seed(0);
    return all;
  };
  const std::vector<Rows> once = draws();
  for (std::size_t i = 0; i < 3; ++i) CHECK(once[i] != once[i + 3]);
  CHECK(draws() == once);
  // An epoch alone uses seed 1, a seed alone epoch 0, and the draws of a seed must never change.
  CHECK(random_under_sample(train.t, {.epoch = 4}) == random_under_sample(train.t, {.seed = 1, .epoch = 4}));
  CHECK(random_under_sample(train.t, {.epoch = 4}) != random_under_sample(train.t, {.epoch = 5}));
  CHECK(random_over_sample(train.t, {.seed = 4}) == random_over_sample(train.t, {.seed = 4, .epoch = 0}));
  random::Generator generator = random::substream(4, 0x6f766572);
  const Rows rare = rows_of_class(train.t, 1);
  CHECK(random_over_sample(train.t, {.seed = 4})[75] == rare[generator.integer(10)]);
}

TEST_CASE("sampling_strategy means the decimal number that is written") {
  Array t = Array::zeros({100 + 1}, Dtype::int32);
  t.data<std::int32_t>()[100] = 1;
  for (int k = 1; k <= 100; ++k) {
    const double ratio = k / 100.0;
    const Rows over = class_times(random_over_sample(t, {.sampling_strategy = ratio}), t, 2);
    CHECK(over == Rows{100, static_cast<std::size_t>(k)});
  }
  // 100 samples of one class, k of the other: with the ratio k / 100 no row is dropped.
  for (int k = 1; k <= 100; ++k) {
    Array both = Array::zeros({100 + static_cast<std::size_t>(k)}, Dtype::int32);
    for (int i = 0; i < k; ++i) both.data<std::int32_t>()[i] = 1;
    const Rows rows = random_under_sample(both, {.sampling_strategy = k / 100.0});
    CHECK(class_times(rows, both, 2) == Rows{100, static_cast<std::size_t>(k)});
  }
  CHECK(class_times(random_under_sample(t, {.sampling_strategy = 1e-300}), t, 2) == Rows{100, 1});
}

TEST_CASE("random samplers refuse impossible counts") {
  const Dataset train = clouds({4, 2}, 1, 1);
  CHECK_THROWS_WITH(random_over_sample(train.t, {.sampling_strategy = {{0, 3}}}),
                    "random_over_sample: class 0 has 4 samples, more than the 3 requested: over-sampling "
                    "does not drop rows");
  CHECK_THROWS_WITH(random_under_sample(train.t, {.sampling_strategy = {{1, 3}}}),
                    "random_under_sample: class 1 has 2 samples, fewer than the 3 requested: under-sampling "
                    "does not add rows");
  CHECK_THROWS_WITH(random_under_sample(train.t, {.sampling_strategy = {{7, 3}}}),
                    "random_under_sample: sampling_strategy names class 7, which has no samples");
  CHECK_THROWS_WITH(random_under_sample(Array{1, 1}),
                    "random_under_sample: expected at least 2 classes, got 1");
  CHECK_THROWS_WITH(random_over_sample(Array::zeros({0}, Dtype::int32)),
                    "random_over_sample: expected at least 2 classes, got 0");
  CHECK_THROWS_WITH(random_over_sample(Array{{1, 0}}),
                    "random_over_sample: t must have one axis, got int32(1, 2)");
  CHECK_THROWS_WITH(random_over_sample(train.t, {.sampling_strategy = 1.01}),
                    "random_over_sample: expected a sampling_strategy in (0, 1], got 1.01");
}

TEST_CASE("weighted_sample draws with probabilities proportional to the weights") {
  const Array weights{0., 3., 1., 0., 4., 0.};
  const Rows rows = weighted_sample(weights, {.size = 16000, .seed = 1});
  REQUIRE(rows.size() == 16000);
  const std::vector<int> counts = times(rows, 6);
  CHECK((counts[0] == 0 && counts[3] == 0 && counts[5] == 0));
  CHECK(plausible(counts[1], 16000, 3. / 8));
  CHECK(plausible(counts[2], 16000, 1. / 8));
  CHECK(plausible(counts[4], 16000, 4. / 8));
  CHECK(weighted_sample(weights).size() == 6);
  CHECK(weighted_sample(weights, {.size = 16000, .seed = 1}) == rows);
  CHECK(weighted_sample(weights, {.size = 16000, .epoch = 0}) == rows);
  CHECK(weighted_sample(weights, {.size = 16000, .seed = 2}) != rows);
  CHECK(weighted_sample(weights, {.size = 16000, .epoch = 1}) != rows);
  CHECK(weighted_sample(weights, {.size = 16000, .epoch = 1}) !=
        weighted_sample(weights, {.size = 16000, .seed = 2}));
  CHECK(weighted_sample(Array{5.f}, {.size = 3}) == Rows{0, 0, 0});
}

TEST_CASE("weighted_sample without replacement takes each row once, in proportion among those left") {
  const Array weights{1., 2., 0., 3.};
  // P(order), the probability of drawing the rows in this order.
  std::map<Rows, int> orders;
  for (std::uint64_t epoch = 0; epoch < 12000; ++epoch)
    ++orders[weighted_sample(weights, {.size = 3, .replacement = false, .epoch = epoch})];
  CHECK(orders.size() == 6);
  const auto probability = [](double a, double b) { return a / 6 * b / (6 - a); };
  CHECK(plausible(orders[Rows{0, 1, 3}], 12000, probability(1, 2)));
  CHECK(plausible(orders[Rows{0, 3, 1}], 12000, probability(1, 3)));
  CHECK(plausible(orders[Rows{1, 0, 3}], 12000, probability(2, 1)));
  CHECK(plausible(orders[Rows{1, 3, 0}], 12000, probability(2, 3)));
  CHECK(plausible(orders[Rows{3, 0, 1}], 12000, probability(3, 1)));
  CHECK(plausible(orders[Rows{3, 1, 0}], 12000, probability(3, 2)));

  Rows all = weighted_sample(Array::ones({100}), {.replacement = false});
  CHECK_FALSE(std::is_sorted(all.begin(), all.end()));
  std::sort(all.begin(), all.end());
  CHECK(all == all_rows(100));
}

TEST_CASE("weighted_sample refuses odd weights") {
  CHECK_THROWS_WITH(weighted_sample(Array{1.f, -1.f}),
                    "weighted_sample: expected finite weights >= 0, got weights[1] = -1");
  CHECK_THROWS_WITH(weighted_sample(Array{std::numeric_limits<float>::quiet_NaN()}),
                    ContainsSubstring("expected finite weights >= 0, got weights[0] = "));
  CHECK_THROWS_WITH(weighted_sample(Array{0., 0.}),
                    "weighted_sample: expected weights whose sum is above 0 and finite, got 0");
  CHECK_THROWS_WITH(weighted_sample(Array{1e308, 1e308}), ContainsSubstring("above 0 and finite, got inf"));
  CHECK_THROWS_WITH(weighted_sample(Array::zeros({0})), ContainsSubstring("above 0 and finite, got 0"));
  CHECK_THROWS_WITH(weighted_sample(Array{1, 2}),
                    "weighted_sample: weights must be float32 or float64 with one axis, got int32(2)");
  CHECK_THROWS_WITH(weighted_sample(Array{1., 0., 2.}, {.replacement = false}),
                    "weighted_sample: 3 rows cannot be drawn without replacement from 2 weights above 0");
}

TEST_CASE("sample weights of the class mixtures") {
  const Array t{4, 9, 4, 4, 9, 4, 4, 4, 4, -1};  // 7, 2 and 1
  const auto class_sums = [&](const Array& weight) {
    REQUIRE(weight.dtype() == Dtype::float64);
    std::map<int, double> sums;
    for (std::size_t i = 0; i < 10; ++i) sums[t.data<std::int32_t>()[i]] += weight.data<double>()[i];
    CHECK(weight.data<double>()[0] == weight.data<double>()[8]);
    return std::vector<double>{sums[-1], sums[4], sums[9]};
  };
  const auto check = [&](const Array& weight, const std::vector<double>& expected) {
    const std::vector<double> sums = class_sums(weight);
    for (std::size_t c = 0; c < 3; ++c) CHECK(sums[c] == Approx(expected[c]).epsilon(1e-14));
  };
  check(balanced_sample_weight(t), {1. / 3, 1. / 3, 1. / 3});
  const double roots = 1 + std::sqrt(7.) + std::sqrt(2.);
  check(square_root_sample_weight(t), {1 / roots, std::sqrt(7.) / roots, std::sqrt(2.) / roots});
  check(progressive_sample_weight(t, 0), {0.1, 0.7, 0.2});
  check(progressive_sample_weight(t, 1), {1. / 3, 1. / 3, 1. / 3});
  check(progressive_sample_weight(t, 0.25), {0.075 + 1. / 12, 0.525 + 1. / 12, 0.15 + 1. / 12});

  CHECK_THROWS_WITH(progressive_sample_weight(t, 1.5),
                    "progressive_sample_weight: expected a progress in [0, 1], got 1.5");
  CHECK_THROWS_WITH(balanced_sample_weight(Array::zeros({0}, Dtype::int32)),
                    "balanced_sample_weight: there are no samples");
  CHECK_THROWS_WITH(
      square_root_sample_weight(Array{1.f}),
      "square_root_sample_weight: t must be int32, int64 or uint8, got float32(1); did you mean "
      "t.astype(Dtype::int32)?");
}

TEST_CASE("Minibatches of sampled rows are balanced") {
  const Dataset train = clouds({900, 90, 10}, 2, 1);
  const Array weight = balanced_sample_weight(train.t);
  Rows drawn(3, 0);
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
    for (auto [x, t] :
         Minibatches(train, weighted_sample(weight, {.epoch = epoch}), {.batch_size = 64, .epoch = epoch}))
      for (const int c : t.to_vector<int>()) ++drawn[static_cast<std::size_t>(c)];
  CHECK(drawn[0] + drawn[1] + drawn[2] == 3000);
  for (const std::size_t count : drawn) CHECK(plausible(static_cast<double>(count), 3000, 1. / 3));
}
