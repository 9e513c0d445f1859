#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include <functional>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>

#include "tenbin/core/config.h"
#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/captured_step.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::string printed(double value, int digits) {
  detail::TextStream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

// The definition, in long double and in the order of the docstring, one position at a time.
std::vector<double> reference(const Arrays& xs, const SoftmaxCrossEntropyOptions& options) {
  const Array& x = xs[0];
  const Array& t = xs[1];
  const std::size_t batch = x.shape()[0], n_class = x.shape()[1];
  const std::size_t inner = batch == 0 ? 0 : x.size() / (batch * n_class);
  const auto logits = values(x);
  const auto target = values(t);
  const bool soft = is_floating(t.dtype());
  const auto w = options.class_weight ? values(options.class_weight) : std::vector<double>(n_class, 1);
  const auto s =
      options.sample_weight ? values(options.sample_weight) : std::vector<double>(batch * inner, 1);
  std::vector<double> losses;
  long double sum = 0, weight_sum = 0, count = 0;
  for (std::size_t i = 0; i < batch; ++i)
    for (std::size_t j = 0; j < inner; ++j) {
      const auto at = [&](std::size_t c) { return (i * n_class + c) * inner + j; };
      const std::size_t p = i * inner + j;
      long double max = -infinity, exps = 0, loss = 0, mass = 0;
      bool valid = !soft && target[p] != static_cast<double>(options.ignore_label.value_or(-1));
      for (std::size_t c = 0; c < n_class; ++c) {
        max = std::max<long double>(max, logits[at(c)]);
        if (soft && target[at(c)] != 0) valid = true;
      }
      for (std::size_t c = 0; c < n_class; ++c) exps += std::exp(logits[at(c)] - max);
      for (std::size_t c = 0; c < n_class && valid; ++c) {
        const long double q = soft ? target[at(c)] : (target[p] == static_cast<double>(c) ? 1 : 0);
        const long double smoothed =
            (1 - options.label_smoothing) * q + options.label_smoothing / static_cast<double>(n_class);
        if (w[c] * smoothed != 0) loss -= s[p] * w[c] * smoothed * (logits[at(c)] - max - std::log(exps));
        mass += s[p] * w[c] * q;
      }
      losses.push_back(static_cast<double>(loss));
      sum += loss;
      count += valid ? 1 : 0;
      weight_sum += mass;
    }
  if (options.reduce == Reduce::no) return losses;
  long double divisor = 1;
  if (options.reduce == Reduce::mean) {
    if (options.normalize == Normalize::valid_count) divisor = std::max(count, 1.0L);
    if (options.normalize == Normalize::batch_size)
      divisor = static_cast<long double>(std::max<std::size_t>(batch, 1));
    if (options.normalize == Normalize::weight_sum) divisor = weight_sum;
  }
  return {divisor == 0 ? 0 : static_cast<double>(sum / divisor)};
}

void check_against_reference(const Arrays& inputs, const SoftmaxCrossEntropyOptions& options) {
  check_function({
      .inputs = inputs,
      .forward =
          [&](const Variables& xs) {
            SoftmaxCrossEntropyOptions sized = options;
            if (xs[0].shape()[0] == 0 && sized.sample_weight)
              sized.sample_weight = sized.sample_weight.slice(0, 0);
            return softmax_cross_entropy(xs[0], xs[1], sized);
          },
      .expected = [&](const Arrays& xs) { return reference(xs, options); },
  });
}

}  // namespace

TEST_CASE("seed: the figures that the project started from") {
  Variable x(Array{{1.f, 0.f}});
  const Array t = {1};

  Variable loss = softmax_cross_entropy(x, t);
  loss.backward();
  CHECK(printed(loss.item(), 14) == "1.31326162815094");  // Chainer's output, to the last digit
  CHECK(x.grad().to_string() == "[[0.7310586, -0.7310586]]");
  CHECK(loss.grad().to_string() == "1");

  x.cleargrad();
  Variable weighted = softmax_cross_entropy(x, t, {.class_weight = {1.f, 2.f}});
  weighted.backward();
  CHECK(printed(weighted.item(), 14) == "2.62652325630188");
  CHECK(x.grad().to_string() == "[[1.4621172, -1.4621172]]");
  CHECK(weighted.grad().to_string() == "1");
}

TEST_CASE("seed: the class alone, without a graph") {
  const Array x = {{1.f, 0.f}};
  const Array t = {1};
  const Array gy = Array::scalar(1);
  SoftmaxCrossEntropy loss({.class_weight = {1.f, 2.f}});
  CHECK(loss.forward_cpu({x, t})[0].item() == Approx(2.6265232));
  const Arrays gxs = loss.backward_cpu({x, t}, {gy});
  CHECK(gxs[0].to_string() == "[[1.4621172, -1.4621172]]");
  CHECK_FALSE(gxs[1]);

  SoftmaxCrossEntropy backward_only({.class_weight = {1.f, 2.f}});
  CHECK(values(backward_only.backward_cpu({x, t}, {gy})[0]) == values(gxs[0]));
}

TEST_CASE("softmax_cross_entropy over its options", "[gpu]") {
  const auto normalize = GENERATE(Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum);
  const bool cache_score = GENERATE(true, false);
  const auto reduce = GENERATE(Reduce::mean, Reduce::sum, Reduce::no);
  const int ignore_label = GENERATE(-1, 0, 255);
  const bool weighted = GENERATE(false, true);
  const double smoothing = GENERATE(0.0, 0.1);
  CAPTURE(normalize, cache_score, reduce, ignore_label, weighted, smoothing);

  Array t({0, 2, 1, 2, 0}, weighted ? Dtype::int64 : Dtype::int32);
  if (ignore_label != 0)
    t = weighted ? Array({0, 2, ignore_label, 2, 0}, Dtype::int64) : Array{0, 2, ignore_label, 2, 0};
  SoftmaxCrossEntropyOptions options{.normalize = normalize,
                                     .cache_score = cache_score,
                                     .ignore_label = ignore_label,
                                     .reduce = reduce,
                                     .label_smoothing = smoothing};
  if (weighted) {
    options.class_weight = Array{0.5, 3.0, 1.25};
    options.sample_weight = Array{1.0, 0.5, 2.0, 0.0, 0.25};
  }
  check_against_reference({uniform({5, 3}, -2, 2), t}, options);
}

TEST_CASE("softmax_cross_entropy of images, one class, one row", "[gpu]") {
  check_against_reference({uniform({2, 3, 2, 2}), Array({{{0, 1}, {-1, 2}}, {{2, 2}, {1, 0}}})},
                          {.class_weight = {1.0, 2.0, 0.5}, .sample_weight = uniform({2, 2, 2}, 0, 1)});
  check_against_reference({uniform({2, 3, 2, 2}), Array({{{0, 1}, {-1, 2}}, {{2, 2}, {1, 0}}})},
                          {.normalize = Normalize::batch_size, .reduce = Reduce::no});
  check_against_reference({uniform({3, 1}), Array{0, 0, -1}}, {});
  check_against_reference({uniform({1, 7}), Array{6}}, {.label_smoothing = 0.3});
}

TEST_CASE("softmax_cross_entropy with soft targets", "[gpu]") {
  const auto normalize = GENERATE(Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum);
  const auto reduce = GENERATE(Reduce::mean, Reduce::sum, Reduce::no);
  const double smoothing = GENERATE(0.0, 0.2);
  CAPTURE(normalize, reduce, smoothing);
  Array t = uniform({4, 3}, 0.1, 1);  // rows do not sum to one
  check_against_reference({uniform({4, 3}, -2, 2), t}, {.normalize = normalize,
                                                        .class_weight = {1.0, 3.0, 0.0},
                                                        .reduce = reduce,
                                                        .sample_weight = {1.0, 0.5, 0.0, 2.0},
                                                        .label_smoothing = smoothing});
}

TEST_CASE("soft targets: a row of zeros is ignored, one-hot rows equal labels", "[gpu]") {
  const Array x = uniform({3, 4});
  const Array w = {1.0, 2.0, 3.0, 4.0};
  const Array t = {{0.0, 1.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 1.0}};
  const auto normalize = GENERATE(Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum);
  on_every_device([&](Device device) {
    const SoftmaxCrossEntropyOptions options{.normalize = normalize, .class_weight = w};
    Variable a(x.to(device)), b(x.to(device));
    Variable soft = softmax_cross_entropy(a, t.to(device), options);
    Variable hard = softmax_cross_entropy(b, Array{1, -1, 3}.to(device), options);
    soft.backward();
    hard.backward();
    check_close({soft.item()}, {hard.item()}, 0, 1e-15);
    check_close(values(a.grad()), values(b.grad()), 1e-16, 1e-14);
  });
}

TEST_CASE("cache_score does not change a bit, nor does a second backward", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64})
      for (const Shape& shape :
           {Shape{64, 10}, Shape{33, 2}, Shape{5, 100}, Shape{3, 70, 40}, Shape{2, 3, 7}})
        for (const double smoothing : {0.0, 0.1}) {
          CAPTURE(dtype, shape, smoothing);
          const Array x = random::Generator(1).normal(shape, 0, 3, dtype).to(device);
          Shape labels{shape[0]};
          if (shape.size() == 3) labels.push_back(shape[2]);
          Array t = Array::zeros(labels, Dtype::int32);
          for (std::size_t i = 0; i < t.size(); ++i)
            t.data<std::int32_t>()[i] = i % 7 == 3 ? -1 : static_cast<std::int32_t>(i % shape[1]);
          t = t.to(device);
          Variable a(x), b(x);
          Variable with = softmax_cross_entropy(a, t, {.cache_score = true, .label_smoothing = smoothing});
          Variable without =
              softmax_cross_entropy(b, t, {.cache_score = false, .label_smoothing = smoothing});
          with.backward();
          without.backward();
          CHECK(with.item() == without.item());
          CHECK(values(a.grad()) == values(b.grad()));
          const std::vector<double> first = values(a.grad());
          a.cleargrad();
          with.backward();
          CHECK(values(a.grad()) == first);
        }
  });
}

TEST_CASE("cache_score does not change a bit, also of a backward whose result has been changed", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = random::Generator(1).normal({20, 3}).to(device), t = Array::ones({20, 3}).to(device);
    for (const double gy : {1., 0.5}) {
      const Arrays gys{Array::full({}, gy, Dtype::float32, device)};
      SoftmaxCrossEntropy loss;
      loss.forward({x, t});
      Array first = loss.backward({x, t}, gys)[0];
      const std::vector<double> gradient = values(first);
      first.fill(7);
      CHECK(values(loss.backward({x, t}, gys)[0]) == gradient);
      CHECK(values(first) == std::vector<double>(60, 7));
    }
  });
}

namespace {

// Every kind of target, with all weights: few and many of them, read by one thread and by several.
void for_each_weighted_problem(const std::function<void(const Array& x, const Array& t,
                                                        const SoftmaxCrossEntropyOptions& options)>& test) {
  for (const Normalize normalize : {Normalize::valid_count, Normalize::weight_sum})
    for (const Shape& shape : {Shape{9000, 2}, Shape{1000, 3}, Shape{37, 5}, Shape{300, 20}, Shape{3, 1100},
                               Shape{5, 1100}, Shape{2, 3, 40}})
      for (const std::string kind : {"labels", "smoothed", "soft"}) {
        const std::size_t n_class = shape[1], inner = shape.size() == 3 ? shape[2] : 1;
        Array t = Array::empty(shape.size() == 3 ? Shape{shape[0], inner} : Shape{shape[0]}, Dtype::int32);
        for (std::size_t i = 0; i < t.size(); ++i)
          t.data<std::int32_t>()[i] = i % 7 == 3 ? -1 : static_cast<std::int32_t>(i * i % n_class);
        random::Generator rng(6);
        const SoftmaxCrossEntropyOptions options{
            .normalize = normalize,
            .class_weight = rng.uniform({n_class}, 0.5, 2, Dtype::float64),
            .sample_weight = rng.uniform(t.shape(), 0.5, 2, Dtype::float64),
            .label_smoothing = kind == "smoothed" ? 0.1 : 0};
        if (kind == "soft") {
          t = rng.uniform(shape, 0, 1, Dtype::float64);
          for (std::size_t i = 0; i < n_class * inner; ++i) t.data<double>()[i] = 0;  // ignored
        }
        CAPTURE(normalize, shape, kind);
        test(rng.normal(shape, 0, 3, Dtype::float64), t, options);
      }
}

}  // namespace

TEST_CASE("the divisor is right for few and for many targets", "[gpu]") {
  for_each_weighted_problem([](const Array& x, const Array& t, const SoftmaxCrossEntropyOptions& options) {
    const std::vector<double> expected = reference({x, t}, options);
    on_every_device([&](Device device) {
      const double loss = softmax_cross_entropy(x.to(device), t.to(device), options).item();
      check_close({loss}, expected, 0, 1e-13);
    });
  });
}

TEST_CASE("with any options, cache_score does not change a bit, nor does a second backward", "[gpu]") {
  for_each_weighted_problem([](const Array& x, const Array& t, SoftmaxCrossEntropyOptions options) {
    on_every_device([&](Device device) {
      for (const Reduce reduce : {Reduce::mean, Reduce::sum, Reduce::no}) {
        if (reduce != Reduce::mean && options.normalize != Normalize::valid_count) continue;
        std::vector<double> losses[2], gradients[2];
        for (const bool cache_score : {true, false}) {
          options.reduce = reduce;
          options.cache_score = cache_score;
          Variable scores(x.to(device));
          Variable loss = softmax_cross_entropy(scores, t.to(device), options);
          loss.set_grad(Array::ones(loss.shape(), Dtype::float64, device));
          loss.backward();
          losses[cache_score] = values(loss.data());
          gradients[cache_score] = values(scores.grad());
          scores.cleargrad();
          loss.backward();
          CHECK(values(scores.grad()) == gradients[cache_score]);
        }
        CHECK(losses[true] == losses[false]);
        CHECK(gradients[true] == gradients[false]);
        if (reduce == Reduce::no) continue;
        const NoBackprop off;
        CHECK(values(softmax_cross_entropy(x.to(device), t.to(device), options).data()) == losses[true]);
      }
    });
  });
}

TEST_CASE("softmax_cross_entropy's gradient for a gy that is 0 or not finite", "[gpu]") {
  const double gy = GENERATE(0., -0., infinity, -infinity, not_a_number);
  const bool cache_score = GENERATE(true, false);
  const std::string kind = GENERATE("labels", "smoothed", "soft");
  on_every_device([&](Device device) {
    CAPTURE(gy, cache_score, kind, device);
    Variable x(Array{{1., 2.}, {not_a_number, 0.}, {1., 0.}, {not_a_number, 0.}}.to(device));
    const Array t =
        kind == "soft" ? Array{{0.25, 0.75}, {0., 0.}, {0.5, 0.}, {0.5, 0.5}} : Array{1, -1, 0, 0};
    Variable loss = softmax_cross_entropy(x, t.to(device),
                                          {.cache_score = cache_score,
                                           .sample_weight = Array{1., 1., 1., 0.}.to(device),
                                           .label_smoothing = kind == "smoothed" ? 0.1 : 0});
    loss.set_grad(Array::full({}, gy, Dtype::float64, device));
    loss.backward();
    const std::vector<double> gx = values(x.grad());
    for (const std::size_t i : {2, 3, 6, 7}) CHECK(gx[i] == 0);  // ignored, and of weight 0
    for (const std::size_t i : {0, 1, 4, 5}) {
      const double slope = i == 1 || i == 4 ? -1 : 1;
      if (gy == 0) CHECK(gx[i] == 0);
      if (std::isinf(gy)) CHECK(gx[i] == gy * slope);
      if (std::isnan(gy)) CHECK(std::isnan(gx[i]));
    }
  });
}

// Forward computes the gradient for gy = 1.
TEST_CASE("softmax_cross_entropy's gradient for any gy", "[gpu]") {
  const auto reduce = GENERATE(Reduce::mean, Reduce::sum, Reduce::no);
  const double weight = GENERATE(1., 1e-38, 1e-25, 3e38);
  const bool cache_score = GENERATE(true, false);
  const Dtype dtype = Dtype::float32;
  on_every_device([&](Device device) {
    for (const double factor : {1., 0.5, -3., 0., 1e-30, 1e25, 3e38}) {
      CAPTURE(reduce, weight, cache_score, factor, device);
      const float nan = std::numeric_limits<float>::quiet_NaN();
      const Array scores = Array{{1.f, 2.f, 0.5f}, {0.f, -1.f, 3.f}, {nan, nan, nan}, {1.f, 1.f, 9.f}};
      const Array t = {0, 2, -1, 1};
      const Array class_weight = Array({weight, 0., weight / 2}, dtype);
      Variable x(scores.to(device));
      const Variable loss = softmax_cross_entropy(
          x, t.to(device), {.cache_score = cache_score, .class_weight = class_weight, .reduce = reduce});
      const Array gy = Array::full(loss.shape(), factor, dtype);
      Variable(loss).set_grad(gy.to(device));
      Variable(loss).backward();

      std::vector<double> expected;
      for (std::size_t i = 0; i < 4; ++i) {
        const std::vector<double> row = values(scores);
        double sum = 0;
        for (std::size_t c = 0; c < 3; ++c) sum += std::exp(row[i * 3 + c]);
        const int label = std::vector<int>{0, 2, -1, 1}[i];
        const double w = label < 0 ? 0 : values(class_weight)[static_cast<std::size_t>(label)];
        const double scale =
            static_cast<double>(static_cast<float>(factor)) * w / (reduce == Reduce::mean ? 3 : 1);
        for (int c = 0; c < 3; ++c) {
          const double slope =
              std::exp(row[i * 3 + static_cast<std::size_t>(c)]) / sum - (c == label ? 1 : 0);
          expected.push_back(scale == 0 ? 0 : static_cast<double>(static_cast<float>(scale * slope)));
        }
      }
      // Numbers below the normal ones have fewer digits.
      check_close(values(x.grad()), expected, 1e-44, 1e-6);
    }
  });
}

TEST_CASE("softmax_cross_entropy's gradient with a gy for each position", "[gpu]") {
  const bool cache_score = GENERATE(true, false);
  on_every_device([&](Device device) {
    for (const Shape& shape : {Shape{5, 2}, Shape{40, 3}, Shape{2, 3, 4}, Shape{3, 70}, Shape{2, 65, 9}}) {
      CAPTURE(shape, cache_score, device);
      Shape positions{shape[0]};
      if (shape.size() == 3) positions.push_back(shape[2]);
      const Array t = Array::zeros(positions, Dtype::int32);
      Array gy = random::Generator(2).normal(positions, 0, 1, Dtype::float64);
      gy.data<double>()[0] = 1;
      Variable x(random::Generator(1).normal(shape, 0, 2, Dtype::float64).to(device));
      const SoftmaxCrossEntropyOptions options{.cache_score = cache_score, .reduce = Reduce::no};
      const Variable losses = softmax_cross_entropy(x, t.to(device), options);
      Variable(losses).set_grad(gy.to(device));
      Variable(losses).backward();
      const std::vector<double> got = values(x.grad());
      x.cleargrad();
      const Variable ones = softmax_cross_entropy(x, t.to(device), options);
      Variable(ones).set_grad(Array::ones(positions, Dtype::float64).to(device));
      Variable(ones).backward();
      std::vector<double> expected = values(x.grad());
      const std::size_t inner = shape.size() == 3 ? shape[2] : 1, n_class = shape[1];
      for (std::size_t i = 0; i < expected.size(); ++i)
        expected[i] *= values(gy)[i / (n_class * inner) * inner + i % inner];
      check_close(got, expected, 0, 1e-14);
    }
  });
}

TEST_CASE("the gradient of spread targets is right for weights and gy that cancel", "[gpu]") {
  const bool cache_score = GENERATE(true, false);
  const bool soft = GENERATE(true, false);
  on_every_device([&](Device device) {
    for (const auto& [weight, sample, gy] :
         {std::tuple(1e30, 1e20, 1e-20), std::tuple(1e-30, 1e-12, 1e30), std::tuple(1., 1., 3.)}) {
      CAPTURE(cache_score, soft, weight, device);
      Variable x(Array{{1.f, 2.f}}.to(device));
      const Array t = soft ? Array{{0.3f, 0.7f}} : Array{1};
      Variable loss = softmax_cross_entropy(x, t.to(device),
                                            {.cache_score = cache_score,
                                             .class_weight = Array({weight, weight}, Dtype::float32),
                                             .reduce = Reduce::sum,
                                             .sample_weight = Array({sample}, Dtype::float32),
                                             .label_smoothing = soft ? 0 : 0.1});
      loss.set_grad(Array::full({}, gy, Dtype::float32).to(device));
      loss.backward();
      const double p = 1 / (1 + std::exp(1.)), q = soft ? 0.3 : 0.05;
      check_close(values(x.grad()), {weight * sample * gy * (p - q), -weight * sample * gy * (p - q)}, 0,
                  1e-5);
    }
  });
}

// One row per group of lanes, one per block, one row, none, more than one block: compared with the
// definition, also the gradient.
TEST_CASE("softmax_cross_entropy of every size", "[gpu]") {
  const std::vector<Shape> shapes{{1, 1},     {3, 2},    {1000, 2}, {1000, 3},  {1000, 5},  {3, 17},
                                  {1000, 17}, {3, 65},   {257, 65}, {0, 65},    {3, 1000},  {1, 1025},
                                  {40, 1025}, {3, 5000}, {0, 5000}, {2, 5, 33}, {3, 5, 31}, {2, 1025, 3}};
  on_every_device([&](Device device) {
    for (const Shape& shape : shapes) {
      for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
        CAPTURE(shape, dtype);
        const std::size_t n_class = shape[1], inner = shape.size() == 3 ? shape[2] : 1;
        const Array x = random::Generator(7).normal(shape, 0, 5, dtype);
        Array t = Array::empty(shape.size() == 3 ? Shape{shape[0], inner} : Shape{shape[0]}, Dtype::int64);
        for (std::size_t i = 0; i < t.size(); ++i)
          t.data<std::int64_t>()[i] = i % 5 == 4 ? -1 : static_cast<std::int64_t>((i * 31 + 7) % n_class);
        const Array weight = random::Generator(8).uniform({n_class}, 0.5, 2, dtype);
        const SoftmaxCrossEntropyOptions options{.class_weight = weight};

        Variable scores(x.to(device));
        Variable loss = softmax_cross_entropy(scores, t.to(device), options);
        loss.backward();
        const double tolerance = dtype == Dtype::float32 ? 2e-6 : 1e-13;
        check_close({loss.item()}, reference({x, t}, options), 0, tolerance);

        const std::vector<double> logits = values(x), labels = values(t), w = values(weight);
        double count = 0;
        for (const double label : labels) count += label >= 0 ? 1 : 0;
        std::vector<double> gradient(x.size(), 0.0);
        for (std::size_t p = 0; p < labels.size(); ++p) {
          if (labels[p] < 0) continue;
          const auto at = [&](std::size_t c) { return (p / inner * n_class + c) * inner + p % inner; };
          const auto label = static_cast<std::size_t>(labels[p]);
          double max = -infinity, sum = 0;
          for (std::size_t c = 0; c < n_class; ++c) max = std::max(max, logits[at(c)]);
          for (std::size_t c = 0; c < n_class; ++c) sum += std::exp(logits[at(c)] - max);
          for (std::size_t c = 0; c < n_class; ++c)
            gradient[at(c)] = w[label] * (std::exp(logits[at(c)] - max) / sum - (c == label ? 1 : 0)) / count;
        }
        check_close(values(scores.grad()), gradient, tolerance / std::max(count, 1.0), tolerance);
      }
    }
  });
}

TEST_CASE("softmax_cross_entropy of targets that are spread over more classes than a block has threads",
          "[gpu]") {
  check_against_reference({uniform({2, 1100}), Array{6, 1099}}, {.label_smoothing = 0.3});
}

// Sums over many blocks, in double, where every change of the order is visible.
TEST_CASE("a loss has the same bits in any order of blocks", "[gpu]") {
  const Array x = random::Generator(9).normal({5000, 3}, 0, 5, Dtype::float64);
  Array t = Array::empty({5000}, Dtype::int32);
  for (std::size_t i = 0; i < t.size(); ++i) t.data<std::int32_t>()[i] = static_cast<std::int32_t>(i * i % 3);
  std::vector<double> losses;
  on_every_device([&](Device device) {
    if (device.is_cpu()) return;
    losses.push_back(softmax_cross_entropy(x.to(device), t.to(device)).item());
    CHECK(losses.back() == losses.front());
  });
}

TEST_CASE("extreme logits lose nothing", "[gpu]") {
  on_every_device([](Device device) {
    // Chainer 7.8 returns 0.6934, 0.6875 and 0 for the float32 ties.
    for (const float big : {1e4f, 1e6f, 1e8f}) {
      Variable x(Array{{big, big}}.to(device));
      Variable loss = softmax_cross_entropy(x, Array{1}.to(device));
      loss.backward();
      CHECK(loss.item() == Approx(0.69314718).epsilon(1e-7));
      CHECK(values(x.grad()) == std::vector<double>{0.5, -0.5});
    }
    Variable x(Array{{-1000.f, 1.f}}.to(device));
    Variable loss = softmax_cross_entropy(x, Array{0}.to(device));
    loss.backward();
    CHECK(loss.item() == 1001);
    CHECK(values(x.grad()) == std::vector<double>{-1, 1});
  });
}

TEST_CASE("the loss of an almost certain sample keeps its digits", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64})
      for (const Shape& shape : {Shape{1, 2}, Shape{3, 2}, Shape{40, 7}, Shape{2, 100}, Shape{2, 5, 40}})
        for (const bool soft : {false, true})
          for (const double gap : {17.5, 32.5, 80.}) {
            CAPTURE(dtype, shape, soft, gap);
            const std::size_t n_class = shape[1], inner = shape.size() == 3 ? shape[2] : 1;
            Array x = Array::full(shape, -gap, Dtype::float64), q = Array::zeros(shape, Dtype::float64);
            Array t = Array::empty(inner == 1 ? Shape{shape[0]} : Shape{shape[0], inner}, Dtype::int64);
            for (std::size_t p = 0; p < t.size(); ++p) {
              const std::size_t label = p % n_class, at = (p / inner * n_class + label) * inner + p % inner;
              t.data<std::int64_t>()[p] = static_cast<std::int64_t>(label);
              x.data<double>()[at] = 0;
              q.data<double>()[at] = 1;
            }
            const Array targets = (soft ? q.astype(dtype) : t).to(device);
            const double loss = softmax_cross_entropy(x.astype(dtype).to(device), targets).item();
            const double expected = std::log1p(static_cast<double>(n_class - 1) * std::exp(-gap));
            CHECK(loss == Approx(expected).epsilon(dtype == Dtype::float32 ? 1e-6 : 1e-14));
          }
  });
}

TEST_CASE("classes that are masked out by -inf, also many in a row", "[gpu]") {
  on_every_device([](Device device) {
    for (const std::size_t n_class : {3, 40, 3000}) {
      CAPTURE(n_class);
      Array scores = Array::full({1, n_class}, -infinity);
      scores.data<float>()[n_class - 1] = 2;
      scores.data<float>()[n_class / 2] = 2;
      Variable x(scores.to(device));
      Variable loss = softmax_cross_entropy(x, Array{static_cast<int>(n_class / 2)}.to(device));
      loss.backward();
      CHECK(loss.item() == Approx(std::log(2)));
      std::vector<double> expected(n_class, 0.0);
      expected[n_class - 1] = 0.5;
      expected[n_class / 2] = -0.5;
      CHECK(values(x.grad()) == expected);
    }
  });
}

TEST_CASE("batches with nothing to learn have loss 0 and gradient 0", "[gpu]") {
  const auto normalize = GENERATE(Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum);
  on_every_device([&](Device device) {
    const auto check_zero = [&](const Array& scores, const Array& t,
                                const SoftmaxCrossEntropyOptions& options) {
      Variable x(scores.to(device));
      Variable loss = softmax_cross_entropy(x, t.to(device), options);
      CHECK(loss.item() == 0);
      loss.backward();
      REQUIRE(x.grad().shape() == x.shape());
      for (const double g : values(x.grad())) CHECK(g == 0);
    };
    const Array x = {{1.f, 2.f}, {3.f, -1.f}};
    check_zero(x, Array{-1, -1}, {.normalize = normalize});
    check_zero(x, Array{0, 1}, {.normalize = normalize, .class_weight = {0.f, 0.f}});
    check_zero(x, Array{0, 1}, {.normalize = normalize, .sample_weight = {0.f, 0.f}});
    check_zero(x, Array{{0.f, 0.f}, {0.f, 0.f}}, {.normalize = normalize});
    check_zero(Array::empty({0, 3}), Array::empty({0}, Dtype::int32), {.normalize = normalize});
    check_zero(Array::empty({2, 3, 0}), Array::empty({2, 0}, Dtype::int32), {.normalize = normalize});
    check_zero(Array::empty({0, 3, 2, 2}), Array::empty({0, 2, 2}, Dtype::int32), {.normalize = normalize});
    check_zero(Array::empty({0, 3}), Array::empty({0, 3}), {.normalize = normalize});
  });
}

TEST_CASE("ignored rows are not read", "[gpu]") {
  const std::vector<double> expected_grad = {-1 / (1 + std::exp(1.0)), 1 / (1 + std::exp(1.0)), 0, 0};
  on_every_device([&](Device device) {
    for (const double poison : {not_a_number, infinity, -infinity}) {
      CAPTURE(poison);
      const Array scores = Array{{1.0, 0.0}, {poison, 2.0}}.to(device);
      for (const SoftmaxCrossEntropyOptions& options :
           {SoftmaxCrossEntropyOptions{}, SoftmaxCrossEntropyOptions{.cache_score = false}}) {
        Variable x(scores);
        Variable loss = softmax_cross_entropy(x, Array{0, -1}.to(device), options);
        loss.backward();
        CHECK(loss.item() == Approx(std::log1p(std::exp(-1.0))));
        check_close(values(x.grad()), expected_grad, 1e-15, 1e-14);
      }
      const Array t = Array{0, 1}.to(device);
      Variable by_sample(scores);
      Variable loss =
          softmax_cross_entropy(by_sample, t, {.reduce = Reduce::sum, .sample_weight = {1.0, 0.0}});
      loss.backward();
      CHECK(loss.item() == Approx(std::log1p(std::exp(-1.0))));
      check_close(values(by_sample.grad()), expected_grad, 1e-15, 1e-14);
      Variable by_class(scores);
      loss = softmax_cross_entropy(by_class, t, {.class_weight = {1.0, 0.0}, .reduce = Reduce::sum});
      loss.backward();
      check_close(values(by_class.grad()), expected_grad, 1e-15, 1e-14);
      Variable by_target(scores);
      loss = softmax_cross_entropy(by_target, Array{{1.0, 0.0}, {0.0, 0.0}}.to(device));
      loss.backward();
      CHECK(loss.item() == Approx(std::log1p(std::exp(-1.0))));
      check_close(values(by_target.grad()), expected_grad, 1e-15, 1e-14);
    }
    // A soft target of 0 on a class of probability 0 adds nothing.
    const Array impossible = Array{{0.0, -infinity}}.to(device);
    CHECK(softmax_cross_entropy(impossible, Array{{1.0, 0.0}}.to(device)).item() == 0);
    CHECK(std::isinf(softmax_cross_entropy(impossible, Array{1}.to(device)).item()));
  });
}

TEST_CASE("weights of any float dtype, on any device", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array{{1.f, 0.f}, {0.f, 2.f}}.to(device);
    const Array t = Array{1, 0}.to(device);
    const double expected = softmax_cross_entropy(x, t, {.class_weight = {1.f, 2.f}}).item();
    CHECK(softmax_cross_entropy(x, t, {.class_weight = {1.0, 2.0}}).item() == expected);
    CHECK(softmax_cross_entropy(x, t, {.class_weight = Array{1.f, 2.f}.to(device)}).item() == expected);
    CHECK(softmax_cross_entropy(x, t, {.class_weight = Array{1.0, 2.0}.to(device)}).item() == expected);
    CHECK(softmax_cross_entropy(x, t, {.sample_weight = Array{2.0, 1.0}.to(device)}).item() == expected);
    CHECK(expected == Approx(2.376725674));
    // PyTorch divides by the sum of the weights of the labels.
    CHECK(softmax_cross_entropy(x, t, {.normalize = Normalize::weight_sum, .class_weight = {1.f, 2.f}})
              .item() == Approx(1.584483743));
  });
}

TEST_CASE("weights on a device and logits on the CPU", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = {{1.f, 0.f}, {0.f, 2.f}};
    CHECK(softmax_cross_entropy(x, Array{1, 0}, {.class_weight = Array{1.f, 2.f}.to(device)}).item() ==
          Approx(2.376725674));
    CHECK_THROWS_WITH(softmax_cross_entropy(x, Array{1, 0}, {.class_weight = Array{1.f, -2.f}.to(device)}),
                      "softmax_cross_entropy: class_weight must be finite and not negative, got -2 at 1");
  });
}

TEST_CASE("softmax_cross_entropy reports wrong values at the next read, or before", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array::zeros({4, 3}, Dtype::float64).to(device);
    const auto read = [&](const Array& targets, const SoftmaxCrossEntropyOptions& options = {}) {
      const Array scores = Array::zeros(
          targets.ndim() == 1 ? Shape{4, 3} : Shape{targets.shape()[0], 3, 2, 2}, Dtype::float64, device);
      return values(softmax_cross_entropy(scores, targets.to(device), options).data());
    };
    const Array t = {0, 1, 2, 0};
    CHECK_THROWS_WITH(read(Array{0, 1, 3, 0}),
                      "softmax_cross_entropy: t[2] is 3, expected a label in [0, 3) or ignore_label -1");
    CHECK_THROWS_WITH(read(Array{0, -2, 2, 9}),
                      "softmax_cross_entropy: t[1] is -2, expected a label in [0, 3) or ignore_label -1");
    CHECK_THROWS_WITH(read(Array{0, -2, 2, 9}, {.label_smoothing = 0.1}),
                      "softmax_cross_entropy: t[1] is -2, expected a label in [0, 3) or ignore_label -1");
    CHECK_THROWS_WITH(read(Array{0, 1, 2, -1}, {.ignore_label = 255, .reduce = Reduce::no}),
                      "softmax_cross_entropy: t[3] is -1, expected a label in [0, 3) or ignore_label 255");
    CHECK_THROWS_WITH(
        read(Array{{{0, 1}, {7, 2}}}),
        "softmax_cross_entropy: t[0, 1, 0] is 7, expected a label in [0, 3) or ignore_label -1");
    CHECK_THROWS_WITH(
        read(Array(std::vector<std::int64_t>{0, 1, 4294967296, 0})),
        "softmax_cross_entropy: t[2] is 4294967296, expected a label in [0, 3) or ignore_label -1");

    for (const Device where : {Device::cpu(), device}) {
      CHECK_THROWS_WITH(read(t, {.class_weight = Array{1.0, -2.0, 3.0}.to(where)}),
                        "softmax_cross_entropy: class_weight must be finite and not negative, got -2 at 1");
      CHECK_THROWS_WITH(read(t, {.class_weight = Array{1.0, 2.0, not_a_number}.to(where)}),
                        "softmax_cross_entropy: class_weight must be finite and not negative, got nan at 2");
      CHECK_THROWS_WITH(read(t, {.class_weight = Array{infinity, 2.0, -1.0}.to(where)}),
                        "softmax_cross_entropy: class_weight must be finite and not negative, got inf at 0");
      CHECK_THROWS_WITH(
          read(t, {.sample_weight = Array{1.0, 1.0, -0.5, not_a_number}.to(where)}),
          "softmax_cross_entropy: sample_weight must be finite and not negative, got -0.5 at 2");
    }
    check_close(read(t), {std::log(3.0)}, 0, 1e-15);
  });
}

TEST_CASE("on a GPU an invalid label is ignored, reported at the next read, and training continues",
          "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    for (const std::size_t n_class : {3, 2000}) {
      const Array scores = random::Generator(3).normal({5, n_class}, 0, 1, Dtype::float64);
      Variable x(scores.to(device)), good(scores);
      Variable loss = softmax_cross_entropy(x, Array{0, 1, 5000000, 2, -7}.to(device));
      loss.backward();
      CHECK_THROWS_WITH(values(x.grad()), ContainsSubstring("t[2] is 5000000, expected a label in [0, "));
      Variable expected = softmax_cross_entropy(good, Array{0, 1, -1, 2, -1});
      expected.backward();
      CHECK(loss.item() == Approx(expected.item()));  // reported once
      check_close(values(x.grad()), values(good.grad()), 1e-15, 1e-12);

      x.cleargrad();
      loss = softmax_cross_entropy(x, Array{0, 1, 1, 2, 0}.to(device));
      loss.backward();
      good.cleargrad();
      expected = softmax_cross_entropy(good, Array{0, 1, 1, 2, 0});
      expected.backward();
      CHECK(loss.item() == Approx(expected.item()));
      check_close(values(x.grad()), values(good.grad()), 1e-15, 1e-12);
    }
  });
}

TEST_CASE("softmax_cross_entropy is a launch forward, one backward, and no wait", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const auto check = [&](std::size_t forward_launches, const Array& targets,
                           const SoftmaxCrossEntropyOptions& options = {}) {
      const Array x = Array::ones({targets.shape()[0], 2}, Dtype::float32, device), t = targets.to(device);
      const Array gy = Array::ones({}, Dtype::float32, device);
      const auto before = gpu::stats();
      SoftmaxCrossEntropy function(options);
      function.forward({x, t});
      const auto between = gpu::stats();
      CHECK(between.launches - before.launches == forward_launches);
      for (int i = 0; i < 2; ++i) function.backward({x, t}, {gy});
      const auto after = gpu::stats();
      CHECK(after.launches - between.launches == 2);
      CHECK(after.synchronizations == before.synchronizations);
    };
    const Array weight = Array{1.f, 2.f}.to(device);
    check(1, Array{0, 1}, {.class_weight = weight});
    check(1, Array{0, 1}, {.cache_score = false});
    check(1, Array::ones({2, 2}));
    // Above 4096 numbers the targets are counted by a launch of their own, if the divisor is made of them.
    check(1, Array::zeros({4096}, Dtype::int32));
    check(2, Array::zeros({4097}, Dtype::int32));
    check(2, Array::ones({2049, 2}), {.normalize = Normalize::weight_sum});
    check(1, Array::zeros({4097}, Dtype::int32), {.normalize = Normalize::batch_size});
    check(1, Array::zeros({4097}, Dtype::int32), {.reduce = Reduce::sum});
  });
}

TEST_CASE("a captured loss is multiplied with the gy of the replay", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    for (const std::size_t rows : {40, 5000}) {
      Array labels = Array::empty({rows}, Dtype::int32);
      for (std::size_t i = 0; i < rows; ++i)
        labels.data<std::int32_t>()[i] = static_cast<std::int32_t>(i * i % 4) - 1;
      const Array t = labels.to(device);
      Array gx;
      const auto scaled_step = [&](const Array& x, const Array& scale) {
        Variable scores(x);
        Variable loss =
            softmax_cross_entropy(scores, t, {.normalize = Normalize::weight_sum}) * Variable(scale, false);
        loss.backward();
        gx = scores.grad();
        return loss;
      };
      CapturedStep captured(scaled_step, {.warmup = 1});
      Array captured_gx;
      int run = 0;
      for (const double scale : {1., 0.5, 1., 1., 3., 0., 1., -1e20, 1.}) {
        CAPTURE(rows, run, scale);
        const Array x = random::Generator(static_cast<std::uint64_t>(run))
                            .normal({rows, 3}, 0, 2, Dtype::float32)
                            .to(device);
        const Array gy = Array::full({}, scale, Dtype::float32, device);
        const double loss = captured(x, gy).item();
        if (run < 2) captured_gx = gx;  // the array of the captured step
        const std::vector<double> replayed = values(captured_gx);
        CHECK(scaled_step(x, gy).data().item() == loss);
        CHECK(values(gx) == replayed);
        ++run;
      }
      CHECK(captured.is_captured());
    }
  });
}

TEST_CASE("a captured loss accepts class weights on the CPU, but not sample weights", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Array t = Array{0, 1, 2, 1}.to(device);
    Array weight{1.0, 4.0, 0.5};
    Array x = Array::zeros({4, 3}, Dtype::float32, device);
    Array loss, gx;
    const auto step = [&](const SoftmaxCrossEntropyOptions& options) {
      Variable scores(x);
      Variable y = softmax_cross_entropy(relu(relu(scores)), t, options);
      y.backward();
      loss = y.data();
      gx = scores.grad();
    };
    gpu::Graph graph(0, [&] { step({.class_weight = weight}); });
    weight = Array();
    Array captured_loss = loss, captured_gx = gx;
    for (int i = 0; i < 3; ++i) {
      x.assign(
          random::Generator(static_cast<std::uint64_t>(i)).normal({4, 3}, 0, 2, Dtype::float32).to(device));
      graph.replay();
      const auto replayed = values(captured_gx);
      const double replayed_loss = captured_loss.item();
      step({.class_weight = {1.0, 4.0, 0.5}});
      CHECK(replayed_loss == loss.item());
      CHECK(replayed == values(gx));
    }
    CHECK_THROWS_WITH(
        gpu::Graph(0,
                   [&] {
                     step({.sample_weight = {1.f, 1.f, 1.f, 1.f}});
                   }),
        "CapturedStep: a copy from the CPU in forward of softmax_cross_entropy cannot be part of "
        "a captured step: do it before or after, or make it an input or the result");
  });
}

TEST_CASE("softmax_cross_entropy reports invalid arguments") {
  const Array x = Array::zeros({4, 3}, Dtype::float64);
  const Array t = {0, 1, 2, 0};
  const auto loss = [](const Array& scores, const Array& targets,
                       const SoftmaxCrossEntropyOptions& options = {}) {
    return softmax_cross_entropy(scores, targets, options);
  };
  CHECK_THROWS_WITH(loss(x, Array{0, 1}),
                    "softmax_cross_entropy: x and t differ in length: float64(4, 3) and int32(2)");
  CHECK_THROWS_WITH(
      loss(x, Array{{0}, {1}, {2}, {0}}),
      "softmax_cross_entropy: t must be x's shape without axis 1, (4), got int32(4, 1) for float64(4, 3)");
  CHECK_THROWS_WITH(loss(Array::zeros({4}), t),
                    "softmax_cross_entropy: x must be (N, C, ...), got float32(4)");
  CHECK_THROWS_WITH(loss(Array::zeros({4, 0}), t),
                    "softmax_cross_entropy: x must have at least one class, got float32(4, 0)");
  CHECK_THROWS_WITH(loss(x.astype(Dtype::int32), t),
                    "softmax_cross_entropy: x must be float32 or float64, got int32(4, 3)");
  CHECK_THROWS_WITH(
      loss(x, t.astype(Dtype::float64)),
      "softmax_cross_entropy: t must be int32, int64 or uint8 labels, or soft targets of x's shape, got "
      "float64(4) for float64(4, 3); did you mean t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(
      loss(x, Array::zeros({4, 2}, Dtype::float64)),
      "softmax_cross_entropy: x and soft targets t differ in shape: float64(4, 3) and float64(4, 2)");
  CHECK_THROWS_WITH(loss(x, Array::zeros({4, 3}, Dtype::int32)),
                    "softmax_cross_entropy: t must be x's shape without axis 1, (4), got int32(4, 3) for "
                    "float64(4, 3); for "
                    "one-hot rows take argmax(t.astype(Dtype::float32)), or t.astype(Dtype::float64) as soft "
                    "targets");
  CHECK_THROWS_WITH(
      loss(x, Array::zeros({4, 3})),
      "softmax_cross_entropy: x and soft targets t differ in dtype: float64(4, 3) and float32(4, 3)");

  CHECK_THROWS_WITH(loss(x, t, {.class_weight = {1.0, 2.0}}),
                    "softmax_cross_entropy: class_weight must be float32 or float64 of shape (3), got "
                    "float64(2) for float64(4, 3)");
  CHECK_THROWS_WITH(loss(x, t, {.class_weight = {1.0}}),
                    "softmax_cross_entropy: class_weight must be float32 or float64 of shape (3), got "
                    "float64(1) for float64(4, 3)");
  CHECK_THROWS_WITH(loss(x, t, {.class_weight = {1, 2, 3}}),
                    "softmax_cross_entropy: class_weight must be float32 or float64 of shape (3), got "
                    "int32(3) for float64(4, 3)");
  CHECK_THROWS_WITH(loss(x, t, {.sample_weight = {1.0, 2.0, 3.0}}),
                    "softmax_cross_entropy: sample_weight must be float32 or float64 of shape (4), got "
                    "float64(3) for float64(4, 3)");
  CHECK_THROWS_WITH(loss(x, t, {.label_smoothing = 1}),
                    "softmax_cross_entropy: label_smoothing must be in [0, 1), got 1");
  CHECK_THROWS_WITH(loss(x, t, {.label_smoothing = not_a_number}),
                    "softmax_cross_entropy: label_smoothing must be in [0, 1), got nan");
  CHECK_NOTHROW(loss(Array::zeros({2, 1}), Array{0, 0}, {.class_weight = {3.f}}));

  Variable scores(x);
  Variable each = softmax_cross_entropy(scores, t, {.reduce = Reduce::no});
  CHECK_THROWS_WITH(
      each.backward(),
      "backward: variable float64(4) has no gradient to start from; only a variable of one element "
      "starts from 1: call set_grad");
}

TEST_CASE("softmax_cross_entropy takes labels of every integer dtype", "[gpu]") {
  on_every_device([](Device device) {
    for (const double smoothing : {0., 0.1}) {
      const Array x = random::Generator(4).normal({5, 3}).to(device), t{0, 2, 1, 255, 2};
      const SoftmaxCrossEntropyOptions options{.ignore_label = 255, .label_smoothing = smoothing};
      std::vector<double> first;
      for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
        Variable scores(x);
        Variable loss = softmax_cross_entropy(scores, t.astype(dtype).to(device), options);
        loss.backward();
        std::vector<double> results = values(scores.grad());
        results.push_back(loss.item());
        if (first.empty()) first = results;
        CHECK(results == first);
      }
      CHECK_THROWS_WITH(softmax_cross_entropy(x, t.astype(Dtype::uint8).to(device)).item(),
                        "softmax_cross_entropy: t[3] is 255, expected a label in [0, 3) or ignore_label -1");
    }
  });
}

TEST_CASE("an ignore_label beyond the dtype of the labels ignores nothing", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = random::Generator(4).normal({4, 3}).to(device), t{0, 1, 2, 1};
    const double expected = softmax_cross_entropy(x, t.astype(Dtype::int32).to(device)).item();
    for (const std::int64_t ignore_label :
         {(std::int64_t{1} << 32) + 1, std::int64_t{257}, std::int64_t{-255}})
      for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8})
        CHECK(softmax_cross_entropy(x, t.astype(dtype).to(device), {.ignore_label = ignore_label}).item() ==
              expected);
  });
}

TEST_CASE("the last labels of uint8 are classes of 256 or more", "[gpu]") {
  on_every_device([](Device device) {
    for (const std::size_t n_class : {256u, 300u}) {
      const Array x = Array::zeros({2, n_class}).to(device);
      const Array t = Array{255, 254}.astype(Dtype::uint8).to(device);
      CHECK(softmax_cross_entropy(x, t).item() == Approx(std::log(n_class)));
    }
    const Array x = Array::zeros({2, 255}).to(device), t = Array{255, 254}.astype(Dtype::uint8).to(device);
    CHECK_THROWS_WITH(softmax_cross_entropy(x, t).item(),
                      "softmax_cross_entropy: t[0] is 255, expected a label in [0, 255) or ignore_label -1");
  });
}

TEST_CASE("softmax_cross_entropy refuses labels -1 and 1, unless ignore_label is given") {
  const Array x = Array::zeros({4, 2});
  for (const Dtype dtype : {Dtype::int32, Dtype::int64}) {
    const Array signs = Array{-1, 1, 1, -1}.astype(dtype);
    CHECK_THROWS_WITH(
        softmax_cross_entropy(x, signs),
        "softmax_cross_entropy: t has the labels -1 and 1 only, and -1 is the default of ignore_label: map "
        "-1 to 0 (labels are 0 to C - 1), or pass ignore_label = -1 to ignore those rows");
    CHECK(softmax_cross_entropy(x, signs, {.ignore_label = -1}).item() == Approx(std::log(2)));
    CHECK_NOTHROW(softmax_cross_entropy(x, Array{-1, 1, 0, -1}.astype(dtype)));  // -1 is ignored by default
    CHECK_NOTHROW(softmax_cross_entropy(x, Array{1, 1, 1, 1}.astype(dtype)));
    CHECK_NOTHROW(softmax_cross_entropy(x, Array{-1, -1, -1, -1}.astype(dtype)));
    CHECK_NOTHROW(softmax_cross_entropy(Array::zeros({4, 3}), signs));
    CHECK_THROWS_WITH(softmax_cross_entropy(x, signs, {.ignore_label = 255}),
                      "softmax_cross_entropy: t[0] is -1, expected a label in [0, 2) or ignore_label 255");
  }
}

TEST_CASE("weights at the limits of their dtype", "[gpu]") {
  on_every_device([](Device device) {
    const Array t = Array{1}.to(device);
    for (const Device where : {Device::cpu(), device}) {
      const Array beyond = Array{1.0, 1e39}.to(where);
      CHECK_THROWS_WITH(
          softmax_cross_entropy(Array{{1.f, 0.f}}.to(device), t, {.class_weight = beyond}).item(),
          "softmax_cross_entropy: class_weight must be finite and not negative, got inf at 1");
    }
    // A sum of weights whose inverse overflows in float32.
    Variable scores(Array{{1.f, 0.f}}.to(device));
    Variable loss = softmax_cross_entropy(
        scores, t, {.normalize = Normalize::weight_sum, .class_weight = {1e-40f, 1e-40f}});
    loss.backward();
    CHECK(loss.item() == Approx(1.3132616));
    check_close(values(scores.grad()), {0.7310586, -0.7310586}, 0, 1e-5);
  });
}

TEST_CASE("weights whose product is beyond their dtype make no NaN of a gradient that is 0, or finite",
          "[gpu]") {
  on_every_device([](Device device) {
    const double huge = 1e30;
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      const double big = dtype == Dtype::float32 ? huge : 1e200;
      const SoftmaxCrossEntropyOptions options{
          .class_weight = Array{1.0, big}, .reduce = Reduce::sum, .sample_weight = Array{big, big, 1.0}};
      // Certain beyond any precision; certain up to about exp(-60); and a row of ordinary weight.
      const double gap = dtype == Dtype::float32 ? 60 : 400;
      Variable x(Array{{-10000., 0.}, {-gap, 0.}, {0., 0.}}.astype(dtype).to(device));
      Variable loss = softmax_cross_entropy(x, Array{1, 1, 0}.to(device), options);
      loss.backward();
      const auto gx = values(x.grad());
      CHECK(gx[0] == 0);
      CHECK(gx[1] == 0);
      const double expected = big * std::exp(-gap) * big;
      CHECK(gx[2] == Approx(expected).epsilon(1e-5));
      if (device.is_cpu()) {  // of two classes, minus the gradient of the other one
        CHECK(gx[3] == -gx[2]);
      } else {
        CHECK(gx[3] == 0);  // 1 - p is 0 after rounding
      }
      CHECK(gx[4] == -0.5);
      CHECK(gx[5] == 0.5);

      Variable soft(Array{{0.0, 1.0}}.astype(dtype).to(device));
      softmax_cross_entropy(
          Array{{-10000., 0.}}.astype(dtype).to(device), soft,
          {.class_weight = Array{1.0, big}, .reduce = Reduce::sum, .sample_weight = Array{big}})
          .backward();
      CHECK(values(soft.grad())[1] == 0);
    }
  });
}

TEST_CASE("softmax_cross_entropy alone refuses an x of another length on every device", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array::zeros({4, 2}, Dtype::float32, device);
    const Array t = Array{0, 1, 0, 1}.to(device);
    SoftmaxCrossEntropy mean;
    mean.forward({x.slice(0, 2), t.slice(0, 2)});
    CHECK_THROWS_WITH(mean.backward({x, t}, {Array::ones({}, Dtype::float32, device)}),
                      ContainsSubstring("softmax_cross_entropy: backward got another x than forward, "));
  });
}

TEST_CASE("softmax_cross_entropy alone refuses a gradient or an x that does not fit") {
  const Array x = Array::zeros({4, 2});
  const Array t = {0, 1, 0, 1};
  SoftmaxCrossEntropy each({.reduce = Reduce::no});
  each.forward({x, t});
  CHECK_THROWS_WITH(each.backward({x, t}, {Array::scalar(1)}),
                    "softmax_cross_entropy: the gradient of the loss must be float32(4), got float32()");
  SoftmaxCrossEntropy mean;
  mean.forward({x.slice(0, 2), t.slice(0, 2)});
  CHECK_THROWS_WITH(mean.backward({x, t}, {Array::scalar(1)}),
                    "softmax_cross_entropy: backward got another x than forward, float32(4, 2)");
}

namespace {

struct Trained {
  double loss;
  std::vector<double> gx, gt;
};

// gt: the gradient of soft targets.
Trained trained(const Array& x, const Array& t, const SoftmaxCrossEntropyOptions& options) {
  const bool soft = is_floating(t.dtype());
  Variable vx(x), vt(t, soft);
  Variable loss = softmax_cross_entropy(vx, vt, options);
  loss.backward();
  return {loss.item(), values(vx.grad()), soft ? values(vt.grad()) : std::vector<double>()};
}

Array times(const Array& weights, double factor) {
  return weights ? (Variable(weights, false) * factor).data() : weights;
}

}  // namespace

TEST_CASE("the mean of losses is finite where their sum is not", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      if (dtype == Dtype::float64 && !device.is_cpu()) continue;
      const double big = dtype == Dtype::float32 ? 3e38 : 1.5e308;
      const Array x = Array{{0., big}, {0., big}, {big, 0.}}.astype(dtype).to(device);
      const Array t = Array{0, 0, 1}.to(device);
      for (const bool cache_score : {true, false}) {
        const Trained mean = trained(x, t, {.cache_score = cache_score});
        CHECK(mean.loss == Approx(big));
        check_close(mean.gx, {-1. / 3, 1. / 3, -1. / 3, 1. / 3, 1. / 3, -1. / 3}, 0, 1e-6);
      }
      CHECK(softmax_cross_entropy(x, t, {.reduce = Reduce::sum}).item() == infinity);
      CHECK(trained(x, t, {.normalize = Normalize::batch_size}).loss == Approx(big));
    }
  });
}

TEST_CASE("a product of weights beyond float64 leaves a finite mean") {
  const Array x{{0., 2.}, {1., 0.}, {0., 1.}};
  const Array t{0, 1, 1};
  const SoftmaxCrossEntropyOptions plain{.class_weight = {1.5, 0.5}, .sample_weight = {1., 2., 3.}};
  SoftmaxCrossEntropyOptions large = plain;
  large.class_weight = times(plain.class_weight, 0x1p600);
  large.sample_weight = times(plain.sample_weight, 0x1p422);
  const Trained expected = trained(x, t, plain), actual = trained(x, t, large);
  REQUIRE(expected.loss * 3 * 0x1p1022 == infinity);
  CHECK(actual.loss == expected.loss * 0x1p1022);
  for (std::size_t i = 0; i < 6; ++i) CHECK(actual.gx[i] == expected.gx[i] * 0x1p1022);
}

TEST_CASE("the weighted mean does not depend on the scale of the weights") {
  const Array x{{0., 2., 1.}, {1., 0., -1.}, {0., 1., 0.5}, {3., 1., 2.}};
  const Array labels{0, 2, 1, 1};
  const Array soft{{0.5, 0.5, 0.}, {0., 1., 2.}, {0., 0., 0.}, {0.25, 0., 0.75}};
  for (const Array& t : {labels, soft}) {
    for (const double smoothing : {0., 0.125}) {
      for (const auto& [of_class, of_sample] : {std::pair<double, double>{0x1p1023, 1},
                                                {1, 0x1p1021},
                                                {0x1p1000, 0x1p1000},
                                                {0x1p-1060, 1},
                                                {0x1p-600, 0x1p-600}}) {
        CAPTURE(t, smoothing, of_class, of_sample);
        SoftmaxCrossEntropyOptions options{.normalize = Normalize::weight_sum,
                                           .class_weight = {1.5, 0.5, 1.},
                                           .sample_weight = {1., 2., 3., 1.5},
                                           .label_smoothing = smoothing};
        const Trained expected = trained(x, t, options);
        options.class_weight = times(options.class_weight, of_class);
        options.sample_weight = times(options.sample_weight, of_sample);
        const Trained actual = trained(x, t, options);
        CHECK(actual.loss == Approx(expected.loss).epsilon(1e-14));
        check_close(actual.gx, expected.gx, 1e-16, 1e-13);
        check_close(actual.gt, expected.gt, 1e-16, 1e-13);
      }
    }
  }
  // Only for soft targets.
  const SoftmaxCrossEntropyOptions options{.normalize = Normalize::weight_sum};
  const Trained expected = trained(x, soft, options), actual = trained(x, times(soft, 0x1p1022), options);
  CHECK(actual.loss == Approx(expected.loss).epsilon(1e-14));
  check_close(actual.gx, expected.gx, 1e-16, 1e-13);
}

TEST_CASE("an infinite loss stays infinite, and other rows keep their gradients") {
  const Array x{{0., -infinity}, {0., 1.}};
  const Array t{1, 0};
  for (const Normalize normalize : {Normalize::valid_count, Normalize::weight_sum}) {
    const Trained found = trained(x, t, {.normalize = normalize, .class_weight = {0x1p-1000, 1.}});
    CHECK(found.loss == infinity);
    const double divisor = normalize == Normalize::valid_count ? 2 : 1;
    const double slope = 1 / (1 + std::exp(-1.)) * 0x1p-1000 / divisor;
    check_close(found.gx, {1 / divisor, -1 / divisor, -slope, slope}, 0, 1e-14);
  }
}

TEST_CASE("a class of weight 0 has no gradient, however large everything else is", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array({{1., 2.}, {3., 1.}}).to(device));
    const Array huge = Array({1e200, 1e200}).to(device);
    Variable loss =
        softmax_cross_entropy(x, Array({0, 1}).to(device),
                              {.class_weight = Array({0., 1.}), .reduce = Reduce::no, .sample_weight = huge});
    loss.set_grad(huge);
    loss.backward();
    CHECK(values(x.grad().slice(0, 1)) == std::vector<double>{0, 0});

    Variable t(Array({{1., 0.}, {0., 1.}}).to(device));
    Variable soft = softmax_cross_entropy(
        x, t, {.class_weight = Array({0., 1.}), .reduce = Reduce::no, .sample_weight = huge});
    soft.set_grad(huge);
    soft.backward();
    CHECK(t.grad().at(0, 0) == 0);
    CHECK(t.grad().at(1, 0) == 0);
  });
}
