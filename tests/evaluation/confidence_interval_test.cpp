#include "tenbin/evaluation/confidence_interval.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/random.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/evaluation/roc.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

double mean_of_y(const Array&, const Array& y) {
  double sum = 0;
  for (const double value : y.to_vector<double>()) sum += value;
  return sum / static_cast<double>(y.size());
}

double auc(const Array& t, const Array& y) { return roc_auc_score(t, y); }

}  // namespace

TEST_CASE("wilson_interval") {
  // z = 1.959963984540054: (z^2/2 -+ z^2/2) / (1 + z^2) of 0 of 1, and so on.
  const double z2 = 1.959963984540054 * 1.959963984540054;
  CHECK(wilson_interval(0, 1).low == 0);
  CHECK(wilson_interval(0, 1).high == Approx(z2 / (1 + z2)).epsilon(1e-14));
  CHECK(wilson_interval(2, 2).low == Approx(2 / (2 + z2)).epsilon(1e-14));
  CHECK(wilson_interval(2, 2).high == 1);
  const auto [low, high] = wilson_interval(19, 24);
  CHECK(low < 19.0 / 24);
  CHECK(high > 19.0 / 24);
  // Symmetric in successes and failures.
  CHECK(wilson_interval(5, 24).low == Approx(1 - high).epsilon(1e-14));
  CHECK(wilson_interval(19, 24, 0.5).low > low);
  CHECK(wilson_interval(0, 0).low == 0);
  CHECK(wilson_interval(0, 0).high == 1);
}

TEST_CASE("wilson_interval refuses odd arguments") {
  CHECK_THROWS_WITH(wilson_interval(3, 2), "wilson_interval: expected successes in [0, trials], got 3 of 2");
  CHECK_THROWS_WITH(wilson_interval(-1, 2),
                    "wilson_interval: expected successes in [0, trials], got -1 of 2");
  CHECK_THROWS_WITH(wilson_interval(1, INFINITY), ContainsSubstring("got 1 of inf"));
  CHECK_THROWS_WITH(wilson_interval(1, 2, 1),
                    "wilson_interval: expected a confidence_level in (0, 1), got 1");
}

TEST_CASE("bootstrap_interval of a mean is that of the normal approximation") {
  random::Generator generator(5);
  const Array y = generator.normal({400}, 10, 2, Dtype::float64);
  const Array t = Array::zeros({400}, Dtype::int32);
  const double mean = mean_of_y(t, y);
  const auto [low, high] = bootstrap_interval(t, y, mean_of_y, {.n_resamples = 4000, .seed = 1});
  // +- 1.96 * 2 / sqrt(400), the deviation of the sample being within 7% of 2.
  CHECK(mean - low == Approx(0.196).epsilon(0.1));
  CHECK(high - mean == Approx(0.196).epsilon(0.1));
}

TEST_CASE("bootstrap_interval is the same at any number of threads") {
  random::Generator generator(2);
  const Array y = generator.uniform({50});
  std::vector<std::int32_t> t;
  for (int i = 0; i < 50; ++i) t.push_back(i % 5 == 0 ? 1 : 0);
  const std::size_t before = num_threads();
  set_num_threads(1);
  const auto one = bootstrap_interval(Array(t), y, auc, {.n_resamples = 101, .stratified = true, .seed = 3});
  set_num_threads(4);
  const auto four = bootstrap_interval(Array(t), y, auc, {.n_resamples = 101, .stratified = true, .seed = 3});
  set_num_threads(before);
  CHECK(one.low == four.low);
  CHECK(one.high == four.high);
  CHECK(one.low < auc(Array(t), y));
  CHECK(one.high > auc(Array(t), y));
  const auto other =
      bootstrap_interval(Array(t), y, auc, {.n_resamples = 101, .stratified = true, .seed = 4});
  CHECK(other.low != one.low);
}

TEST_CASE("stratified resamples have as many rows of every class, and keep rows together") {
  const Array t = {3, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  const Array y = {{3, 30}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {1, 10}};
  const auto checked = [](const Array& sample_t, const Array& sample_y) {
    auto labels = sample_t.to_vector<std::int32_t>();
    const auto rows = sample_y.to_vector<std::int32_t>();
    bool right = sample_y.shape() == Shape{10, 2};
    for (std::size_t i = 0; i < labels.size(); ++i)
      right = right && rows[2 * i] == labels[i] && rows[2 * i + 1] == 10 * labels[i];
    std::sort(labels.begin(), labels.end());
    return right && labels == std::vector<std::int32_t>{0, 0, 0, 0, 0, 0, 0, 0, 1, 3} ? 1.0 : 0.0;
  };
  CHECK(bootstrap_interval(t, y, checked, {.n_resamples = 50, .stratified = true}).low == 1);
  // Without `stratified`, a class of one row is often missing, or repeated.
  CHECK(bootstrap_interval(t, y, checked, {.n_resamples = 50}).low == 0);
}

TEST_CASE("bootstrap_interval draws every row equally often") {
  const Array t = Array::zeros({10}, Dtype::int32);
  const Array y = Array::arange(10);
  std::vector<int> drawn(10, 0);
  const std::size_t before = num_threads();
  set_num_threads(1);
  bootstrap_interval(t, y,
                     [&](const Array&, const Array& sample) {
                       for (const auto row : sample.to_vector<std::int64_t>())
                         ++drawn[static_cast<std::size_t>(row)];
                       return 0.0;
                     },
                     {.n_resamples = 2000});
  set_num_threads(before);
  double chi_square = 0;  // 9 degrees of freedom: 27.9 is exceeded with probability 0.001
  for (const int count : drawn) chi_square += (count - 2000) * (count - 2000) / 2000.0;
  CHECK(chi_square < 27.9);
  CHECK(chi_square > 0);
}

TEST_CASE("the seed of bootstrap_interval is 0 where none is given") {
  const Array y = random::Generator(2).uniform({50});
  const Array t = Array::zeros({50}, Dtype::int32);
  const auto [low, high] = bootstrap_interval(t, y, mean_of_y, {.n_resamples = 100});
  const auto of_0 = bootstrap_interval(t, y, mean_of_y, {.n_resamples = 100, .seed = 0});
  const auto of_1 = bootstrap_interval(t, y, mean_of_y, {.n_resamples = 100, .seed = 1});
  CHECK(low == of_0.low);
  CHECK(high == of_0.high);
  CHECK(low != of_1.low);
  CHECK(high != of_1.high);
}

TEST_CASE("bootstrap_interval of one resample, and of a constant") {
  const Array t = {0, 1};
  const auto share = [](const Array& labels, const Array& classes) {
    return accuracy_score(labels, classes);
  };
  const auto [low, high] = bootstrap_interval(t, t, share, {.n_resamples = 1});
  CHECK(low == 1);
  CHECK(high == 1);
}

TEST_CASE("bootstrap_interval refuses odd arguments, and says which resample failed") {
  const std::string text = "bootstrap_interval: ";
  const Array t = {0, 0, 0, 1};
  const Array y = {0.1, 0.2, 0.3, 0.4};
  CHECK_THROWS_WITH(bootstrap_interval(t, y, auc),
                    ContainsSubstring(text + "resample ") &&
                        ContainsSubstring(": roc_auc_score: only one class is present in t"));
  const auto undefined = [](const Array&, const Array&) { return std::nan(""); };
  CHECK_THROWS_WITH(bootstrap_interval(t, y, undefined, {.n_resamples = 1}),
                    text + "resample 0: the metric is nan");
  CHECK_THROWS_WITH(bootstrap_interval(t, Array{0.1}, auc),
                    text + "t and y must have equally many rows, at least one, got int32(4) and float64(1)");
  CHECK_THROWS_WITH(bootstrap_interval(t, y, auc, {.n_resamples = 0}),
                    text + "expected n_resamples > 0, got 0");
  CHECK_THROWS_WITH(bootstrap_interval(t, y, auc, {.confidence_level = 0}),
                    text + "expected a confidence_level in (0, 1), got 0");
  CHECK_THROWS_WITH(bootstrap_interval(Array{0.5}, Array{0.5}, auc),
                    text + "t must be int32, int64 or uint8, got float64(1)");
}
