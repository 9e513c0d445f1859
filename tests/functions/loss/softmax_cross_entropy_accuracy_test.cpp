// softmax_cross_entropy and its gradient against long double, over random problems of all sizes. The hidden
// test prints the worst errors of 100,000 problems of each dtype: tenbin_tests "[accuracy]".
#include <cstdio>
#include <random>

#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;

namespace {

constexpr std::size_t most_positions = 300, most_classes = 300;

struct Draw {
  std::mt19937_64 bits;

  double uniform(double from, double to) { return std::uniform_real_distribution<double>(from, to)(bits); }
  double normal() { return std::normal_distribution<double>()(bits); }
  bool chance(double probability) { return uniform(0, 1) < probability; }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(bits); }
  // From 1 on; small ones are as frequent as large ones.
  std::size_t size(std::size_t most) {
    return static_cast<std::size_t>(std::exp(uniform(0, std::log(static_cast<double>(most) + 1))));
  }
};

// Scores of every magnitude, some far from 0 and some with an almost certain class.
template <class T>
Array random_scores(Draw& draw, std::size_t n, std::size_t n_class) {
  Array x = Array::empty({n, n_class}, dtype_of<T>);
  const double spread = draw.chance(0.5) ? 3 : std::pow(10, draw.uniform(-3, 8));
  const double offset = draw.chance(0.7) ? 0 : draw.normal() * std::pow(10, draw.uniform(0, 6));
  for (std::size_t i = 0; i < x.size(); ++i) x.data<T>()[i] = static_cast<T>(offset + spread * draw.normal());
  for (std::size_t i = 0; i < n; ++i)
    if (draw.chance(0.2))
      x.data<T>()[i * n_class + draw.below(n_class)] += static_cast<T>(draw.uniform(0, 60));
  return x;
}

// Ones, or weights of which a few are 0.
template <class T>
Array random_weights(Draw& draw, std::size_t size) {
  if (draw.chance(0.3)) return {};
  Array weights = Array::empty({size}, dtype_of<T>);
  for (std::size_t i = 0; i < size; ++i)
    weights.data<T>()[i] = draw.chance(0.1) ? T{0} : static_cast<T>(std::exp(3 * draw.normal()));
  return weights;
}

struct WorstErrors {
  double loss = 0;      // relative to the loss
  double gradient = 0;  // of an element, relative to the weight of its position over the divisor
  double row = 0;       // of an element, relative to the largest element of its position

  static void raise(double& worst, long double got, long double exact, long double size) {
    worst = std::max(worst, static_cast<double>(std::abs(got - exact) / size));
  }
};

template <class T>
void compare(Draw& draw, WorstErrors& worst) {
  const std::size_t n = draw.size(most_positions), n_class = draw.size(most_classes);
  const Array x = random_scores<T>(draw, n, n_class);
  SoftmaxCrossEntropyOptions options;
  options.class_weight = random_weights<T>(draw, n_class);
  options.sample_weight = draw.chance(0.5) ? Array() : random_weights<T>(draw, n);
  options.normalize =
      std::array{Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum}[draw.below(3)];
  options.ignore_label = draw.chance(0.5) ? -1 : static_cast<std::int64_t>(draw.below(n_class));
  Array t = Array::empty({n}, Dtype::int32);
  for (std::size_t i = 0; i < n; ++i)
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(
        draw.chance(0.1) ? *options.ignore_label : static_cast<std::int64_t>(draw.below(n_class)));

  const Variable variable(x);
  Variable loss = softmax_cross_entropy(variable, t, options);
  loss.backward();
  const T* const gradient = variable.grad().data<T>();

  const auto weight_of = [](const Array& weights, std::size_t i) {
    return weights ? static_cast<long double>(weights.data<T>()[i]) : 1;
  };
  std::vector<long double> weight(n);
  long double weight_sum = 0, valid = 0, total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t label = t.data<std::int32_t>()[i];
    if (label == *options.ignore_label) continue;
    weight[i] = weight_of(options.class_weight, static_cast<std::size_t>(label)) *
                weight_of(options.sample_weight, i);
    weight_sum += weight[i];
    ++valid;
  }
  long double divisor = std::max(valid, 1.0L);
  if (options.normalize == Normalize::batch_size) divisor = static_cast<long double>(n);
  if (options.normalize == Normalize::weight_sum) divisor = weight_sum;
  std::vector<long double> e(n_class), exact(n_class);
  for (std::size_t i = 0; i < n; ++i) {
    const T* const row = x.data<T>() + i * n_class;
    const T* const row_gradient = gradient + i * n_class;
    if (weight[i] == 0) {
      for (std::size_t c = 0; c < n_class; ++c) REQUIRE(row_gradient[c] == 0);
      continue;
    }
    const auto label = static_cast<std::size_t>(t.data<std::int32_t>()[i]);
    const auto max = static_cast<std::size_t>(std::max_element(row, row + n_class) - row);
    long double rest = 0, others = 0;
    for (std::size_t c = 0; c < n_class; ++c) {
      e[c] = std::exp(static_cast<long double>(row[c]) - static_cast<long double>(row[max]));
      if (c != max) rest += e[c];
      if (c != label) others += e[c];
    }
    const long double factor = weight[i] / divisor;
    total += weight[i] *
             (std::log1p(rest) - (static_cast<long double>(row[label]) - static_cast<long double>(row[max])));
    long double largest = 0;
    for (std::size_t c = 0; c < n_class; ++c) {
      exact[c] = factor * (c == label ? -others : e[c]) / (1 + rest);
      largest = std::max(largest, std::abs(exact[c]));
    }
    const bool normal = largest > std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
    for (std::size_t c = 0; c < n_class; ++c) {
      WorstErrors::raise(worst.gradient, row_gradient[c], exact[c], factor);
      if (normal) WorstErrors::raise(worst.row, row_gradient[c], exact[c], largest);
    }
  }
  const long double expected = weight_sum == 0 ? 0 : total / divisor;
  if (expected > std::numeric_limits<T>::min() && expected < std::numeric_limits<T>::max())
    WorstErrors::raise(worst.loss, loss.item(), expected, expected);
}

template <class T>
WorstErrors worst_errors(std::size_t problems) {
  Draw draw{std::mt19937_64(1)};
  WorstErrors worst;
  for (std::size_t i = 0; i < problems; ++i) compare<T>(draw, worst);
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("softmax_cross_entropy of random problems is right to a few units in the last place", "",
                   float, double) {
  const double unit = static_cast<double>(std::numeric_limits<TestType>::epsilon());
  const WorstErrors worst = worst_errors<TestType>(500);
  CHECK(worst.loss < 16 * unit);
  CHECK(worst.gradient < 32 * unit);
}

TEMPLATE_TEST_CASE("the worst errors of softmax_cross_entropy", "[.][accuracy]", float, double) {
  const double unit = static_cast<double>(std::numeric_limits<TestType>::epsilon());
  const WorstErrors worst = worst_errors<TestType>(100000);
  std::printf("%s, in units of %.3g: loss %.3g, gradient %.3g, gradient within its row %.3g\n",
              std::is_same_v<TestType, float> ? "float32" : "float64", unit, worst.loss / unit,
              worst.gradient / unit, worst.row / unit);
}
