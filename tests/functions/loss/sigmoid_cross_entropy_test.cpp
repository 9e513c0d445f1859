#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include <limits>

#include "tenbin/core/config.h"
#include "tenbin/tests/functions/loss/any_gy.h"
#include "tenbin/tests/thread_count.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<double> expected_loss(const Arrays& xs, const SigmoidCrossEntropyOptions& options) {
  const auto x = values(xs[0]);
  const auto t = values(xs[1]);
  const auto ignore_label = static_cast<double>(options.ignore_label.value_or(-1));
  const auto pos_weight = options.pos_weight ? values(options.pos_weight) : std::vector<double>{1};
  const Shape& shape = xs[0].shape();
  const std::size_t inner = shape.size() < 3 ? 1 : shape[2];
  std::vector<double> losses;
  double sum = 0;
  double valid = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double probability = 1 / (1 + std::exp(-x[i]));
    const double loss = t[i] == 1 ? -pos_weight[i / inner % pos_weight.size()] * std::log(probability)
                                  : -std::log(1 - probability);
    losses.push_back(t[i] == ignore_label ? 0 : loss);
    valid += t[i] == ignore_label ? 0 : 1;
    sum += losses.back();
  }
  if (options.reduce == Reduce::no) return losses;
  if (options.reduce == Reduce::sum) return {sum};
  return {sum / (options.normalize ? valid : static_cast<double>(xs[0].shape()[0]))};
}

}  // namespace

TEST_CASE("sigmoid_cross_entropy", "[gpu]") {
  for (const Reduce reduce : {Reduce::mean, Reduce::sum, Reduce::no}) {
    for (const bool normalize : {true, false}) {
      for (const Dtype labels : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
        for (const std::int64_t ignore_label : {-1, 7, 0}) {
          CAPTURE(reduce, normalize, labels, ignore_label);
          if (labels == Dtype::uint8 && ignore_label < 0) continue;
          const int ignored = static_cast<int>(ignore_label);
          const SigmoidCrossEntropyOptions options{
              .normalize = normalize, .reduce = reduce, .ignore_label = ignore_label};
          check_function({
              .inputs = {uniform({4, 3}, -3, 3),
                         Array({{0, 1, 1}, {ignored, 0, 1}, {ignored, ignored, 0}, {1, 1, 0}}, labels)},
              .forward = [=](const Variables& xs) { return sigmoid_cross_entropy(xs[0], xs[1], options); },
              .expected = [=](const Arrays& xs) { return expected_loss(xs, options); },
          });
        }
      }
    }
  }
}

TEST_CASE("sigmoid_cross_entropy with weights of positive elements", "[gpu]") {
  for (const Reduce reduce : {Reduce::mean, Reduce::sum, Reduce::no}) {
    for (const Array& weight : {Array{2.5, 0.25}, Array{4.f}, Array::scalar(0.5), Array{0.0, 3.0}}) {
      CAPTURE(reduce, weight, weight.to_string());
      const SigmoidCrossEntropyOptions options{.reduce = reduce, .pos_weight = weight};
      const auto check = [&](const Shape& shape, const Array& t) {
        check_function({
            .inputs = {uniform(shape, -3, 3), t},
            .forward = [=](const Variables& xs) { return sigmoid_cross_entropy(xs[0], xs[1], options); },
            .expected = [=](const Arrays& xs) { return expected_loss(xs, options); },
        });
      };
      check({3, 2}, Array{{0, 1}, {1, -1}, {1, 1}});
      check({2, 2, 3}, Array{{{0, 1, 1}, {1, -1, 0}}, {{1, 1, 1}, {0, 1, 1}}});
      if (weight.size() == 1) check({4}, Array{0, 1, -1, 1});
    }
  }
}

TEST_CASE("sigmoid_cross_entropy leaves out positive elements of weight 0, for any logits", "[gpu]") {
  on_every_device([](Device device) {
    for (const Device where : {Device::cpu(), device}) {
      Variable x(Array{-INFINITY, std::nanf(""), 0.f}.to(device));
      Variable loss =
          sigmoid_cross_entropy(x, Array{1, 1, 0}.to(device), {.pos_weight = Array{0.0}.to(where)});
      loss.backward();
      CHECK(loss.item() == Approx(std::log(2) / 3));
      check_close(values(x.grad()), {0, 0, 0.5 / 3}, 0, 1e-6);
    }
  });
}

TEST_CASE("sigmoid_cross_entropy divides by the elements not ignored, or by the length of the batch") {
  const Array x = Array::zeros({2, 3}, Dtype::float64);
  const Array t{{1, 0, -1}, {-1, -1, 1}};
  const double log2 = std::log(2);
  CHECK(sigmoid_cross_entropy(x, t).item() == Approx(log2));
  CHECK(sigmoid_cross_entropy(x, t, {.normalize = false}).item() == Approx(3 * log2 / 2));
  CHECK(sigmoid_cross_entropy(x, t, {.reduce = Reduce::sum}).item() == Approx(3 * log2));
  CHECK(sigmoid_cross_entropy(x, t, {.reduce = Reduce::no}).shape() == Shape{2, 3});
  CHECK(
      sigmoid_cross_entropy(Array::scalar(0), Array::scalar(1, Dtype::int32), {.normalize = false}).item() ==
      Approx(log2));
}

TEST_CASE("sigmoid_cross_entropy of extreme logits", "[gpu]") {
  const float inf = std::numeric_limits<float>::infinity();
  on_every_device([=](Device device) {
    Variable x(Array{1e4f, -1e4f, 1e4f, -1e4f, inf, -inf, inf}.to(device));
    const Array t = Array{1, 0, 0, 1, 1, 0, 0}.to(device);
    Variable loss = sigmoid_cross_entropy(x, t, {.reduce = Reduce::no});
    CHECK(values(loss.data()) == std::vector<double>{0, 0, 1e4, 1e4, 0, 0, inf});
    loss.set_grad(Array::ones({7}, Dtype::float32, device));
    loss.backward();
    CHECK(values(x.grad()) == std::vector<double>{0, 0, 1, -1, 0, 0, 1});
  });
}

TEST_CASE("sigmoid_cross_entropy keeps the digits of a small loss and its gradient", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{50.f}.to(device));
    Variable loss = sigmoid_cross_entropy(x, Array{1}.to(device));
    loss.backward();
    check_close(values(loss.data()), {1.9287498479639178e-22}, 0, 1e-6);
    check_close(values(x.grad()), {-1.9287498479639178e-22}, 0, 1e-6);
  });
}

TEST_CASE("sigmoid_cross_entropy does not read ignored elements", "[gpu]") {
  on_every_device([](Device device) {
    for (const Reduce reduce : {Reduce::mean, Reduce::sum, Reduce::no}) {
      Variable x(Array{std::nanf(""), 0.f, INFINITY}.to(device));
      Variable loss =
          sigmoid_cross_entropy(x, Array{-1, 1, -1}.to(device), {.reduce = reduce, .ignore_label = -1});
      if (reduce == Reduce::no) loss.set_grad(Array{std::nanf(""), 1.f, INFINITY}.to(device));
      loss.backward();
      CHECK(values(x.grad()) == std::vector<double>{0, -0.5, 0});
      double sum = 0;
      for (const double v : values(loss.data())) sum += v;
      CHECK(sum == Approx(std::log(2)));
    }
  });
}

TEST_CASE("sigmoid_cross_entropy of nothing is 0", "[gpu]") {
  on_every_device([](Device device) {
    for (const bool normalize : {true, false}) {
      Variable x(Array{{1.f, std::nanf("")}}.to(device));
      Variable loss = sigmoid_cross_entropy(x, Array{{-1, -1}}.to(device), {.normalize = normalize});
      loss.backward();
      CHECK(loss.item() == 0);
      CHECK(values(x.grad()) == std::vector<double>{0, 0});

      Variable none(Array::zeros({0, 2}, Dtype::float32, device));
      loss =
          sigmoid_cross_entropy(none, Array::zeros({0, 2}, Dtype::int64, device), {.normalize = normalize});
      loss.backward();
      CHECK(loss.item() == 0);
      CHECK(none.grad().shape() == Shape{0, 2});
    }
  });
}

TEST_CASE("sigmoid_cross_entropy of more elements than one block has threads", "[gpu]") {
  const Array x = random::Generator(2).normal({130, 37}, 0, 3, Dtype::float64);
  Array t = Array::empty({130, 37}, Dtype::int64);
  for (std::size_t i = 0; i < t.size(); ++i)
    t.data<std::int64_t>()[i] = i % 11 == 0 ? -1 : static_cast<std::int64_t>(i * i % 3 == 1);
  const SigmoidCrossEntropyOptions options{.pos_weight = uniform({37}, 0, 3)};
  on_every_device([&](Device device) {
    Variable logits(x.to(device));
    Variable loss = sigmoid_cross_entropy(logits, t.to(device), options);
    loss.backward();
    check_close({loss.item()}, expected_loss({x, t}, options), 0, 1e-12);
    const auto z = values(x), labels = values(t), w = values(options.pos_weight);
    double valid = 0;
    for (const double label : labels) valid += label >= 0 ? 1 : 0;
    std::vector<double> gradient;
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double p = 1 / (1 + std::exp(-z[i]));
      gradient.push_back(labels[i] < 0 ? 0 : (labels[i] == 1 ? w[i % 37] * (p - 1) : p) / valid);
    }
    check_close(values(logits.grad()), gradient, 1e-16, 1e-11);
  });
}

TEST_CASE("sigmoid_cross_entropy and its gradient are exact to a few units in the last place") {
  const auto check = [](auto zero) {
    using T = decltype(zero);
    constexpr std::size_t n = 50000;
    Array x = random::Generator(3).normal({n}, 0, 1, dtype_of<T>);
    Array t = Array::empty({n}, Dtype::uint8);
    for (std::size_t i = 0; i < n; ++i) {
      x.data<T>()[i] *= static_cast<T>(std::pow(10, static_cast<double>(i % 8) - 6));  // 1e-6 to 10
      t.data<std::uint8_t>()[i] = i % 3 == 0 ? 1 : 0;
    }
    Variable scores(x);
    Variable loss = sigmoid_cross_entropy(scores, t, {.reduce = Reduce::no});
    loss.set_grad(Array::ones({n}, dtype_of<T>));
    loss.backward();
    const auto is_wrong = [](long double got, long double exact) {
      return !(std::abs((got - exact) / exact) < 3 * std::numeric_limits<T>::epsilon());  // also NaN
    };
    std::size_t wrong_losses = 0, wrong_gradients = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const long double sign = i % 3 == 0 ? -1 : 1, z = sign * x.data<T>()[i];
      const long double exact = std::log1p(std::exp(z)), gradient = sign / (1 + std::exp(-z));
      wrong_losses += is_wrong(loss.data().data<T>()[i], exact) ? 1 : 0;
      wrong_gradients += is_wrong(scores.grad().data<T>()[i], gradient) ? 1 : 0;
    }
    CHECK(wrong_losses == 0);
    CHECK(wrong_gradients == 0);
  };
  check(float{});
  check(double{});
}

TEST_CASE("sigmoid_cross_entropy has the same bits on any number of threads, and for any type of label",
          "[threads]") {
  for (const std::size_t n : {1, 255, 256, 257, 70001}) {
    const Array x = random::Generator(4).normal({n}, 0, 3);
    Array t = Array::empty({n}, Dtype::int32);
    for (std::size_t i = 0; i < n; ++i) t.data<std::int32_t>()[i] = i % 5 == 0 ? 1 : i % 7 == 3 ? 9 : 0;
    const SigmoidCrossEntropyOptions options{.ignore_label = 9, .pos_weight = Array{4.f}};
    double loss = 0, sum = 0;
    std::vector<double> gradient;
    for (const double value :
         expected_loss({x, t}, {.reduce = Reduce::no, .ignore_label = 9, .pos_weight = Array{4.f}}))
      sum += value;
    for (const std::size_t threads : {1, 2, 4}) {
      const ThreadCount count(threads);
      for (const Dtype labels : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
        CAPTURE(n, threads, labels);
        Variable scores(x);
        Variable mean = sigmoid_cross_entropy(scores, t.astype(labels), options);
        mean.backward();
        if (gradient.empty()) {
          loss = mean.item();
          gradient = values(scores.grad());
          std::size_t valid = 0;
          for (std::size_t i = 0; i < n; ++i) valid += t.data<std::int32_t>()[i] != 9 ? 1 : 0;
          CHECK(loss == Approx(sum / static_cast<double>(valid)));
        }
        CHECK(mean.item() == loss);
        CHECK(values(scores.grad()) == gradient);
      }
    }
  }
}

// Forward computes the gradient for gy = 1; a second backward and other gy compute it again.
TEST_CASE("sigmoid_cross_entropy's gradient for any gy, and in a second backward", "[gpu]") {
  const auto reduce = GENERATE(Reduce::mean, Reduce::sum, Reduce::no);
  const bool normalize = GENERATE(true, false);
  for (const std::size_t rows : {5, 3000}) {
    const Array x = random::Generator(1).normal({rows, 2}, 0, 3, Dtype::float64);
    Array t = Array::empty({rows, 2}, Dtype::int32);
    for (std::size_t i = 0; i < t.size(); ++i)
      t.data<std::int32_t>()[i] = static_cast<std::int32_t>(i * i % 7 % 3) - 1;
    const SigmoidCrossEntropyOptions options{
        .normalize = normalize, .reduce = reduce, .pos_weight = Array{2.5, 0.25}};
    on_every_device([&](Device device) {
      CAPTURE(rows, reduce, normalize, device);
      Variable scores(x.to(device));
      Variable loss = sigmoid_cross_entropy(scores, t.to(device), options);
      const std::vector<double> first = check_any_gy(loss, scores);
      std::vector<double> doubled = first;
      for (double& g : doubled) g *= 2;
      loss = sigmoid_cross_entropy(scores, t.to(device), options);
      CHECK(gradient_for(2, loss, scores) == doubled);  // without one for gy = 1 before it
      CHECK(gradient_for(1, loss, scores) == first);
      const NoBackprop off;
      CHECK(values(sigmoid_cross_entropy(scores, t.to(device), options).data()) == values(loss.data()));
    });
  }
}

TEST_CASE("each element of sigmoid_cross_entropy has its own gy", "[gpu]") {
  const std::size_t n = 1000;
  const Array x = random::Generator(6).normal({n}, 0, 3, Dtype::float64), gy = uniform({n}, -2, 2);
  Array t = Array::empty({n}, Dtype::int32);
  for (std::size_t i = 0; i < n; ++i)
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(i * i % 7 % 3) - 1;
  std::vector<double> expected;
  for (std::size_t i = 0; i < n; ++i) {
    const double p = 1 / (1 + std::exp(-values(x)[i])), label = values(t)[i];
    expected.push_back(label < 0 ? 0 : values(gy)[i] * (label == 1 ? 2.5 * (p - 1) : p));
  }
  on_every_device([&](Device device) {
    Variable scores(x.to(device));
    Variable losses =
        sigmoid_cross_entropy(scores, t.to(device), {.reduce = Reduce::no, .pos_weight = Array{2.5}});
    losses.set_grad(gy.to(device));
    losses.backward();
    check_close(values(scores.grad()), expected, 1e-15, 1e-12);
  });
}

TEST_CASE("the gradient of a float64 loss is finite where gy times the weight is not", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{460., 800., 1.}.to(device));  // the slope is -exp(-460) = -1.6e-200, 0, -0.27
    Variable loss = sigmoid_cross_entropy(x, Array{1, 1, 1}.to(device),
                                          {.reduce = Reduce::sum, .pos_weight = Array{1e200}.to(device)});
    loss.set_grad(Array::full({}, 1e200, Dtype::float64, device));
    loss.backward();
    check_close(values(x.grad()), {-std::exp(-460.) * 1e200 * 1e200, 0, -infinity}, 0, 1e-12);
  });
}

TEST_CASE("elements of weight 0 have no gradient, whatever gy is", "[gpu]") {
  const double gy = GENERATE(as<double>(), infinity, -infinity, not_a_number);
  on_every_device([&](Device device) {
    CAPTURE(gy, device);
    Variable x(Array{1., 2., not_a_number, -1.}.to(device));
    Variable loss =
        sigmoid_cross_entropy(x, Array{0, 1, -1, 1}.to(device), {.pos_weight = Array{0.}.to(device)});
    loss.set_grad(Array::full({}, gy, Dtype::float64, device));
    loss.backward();
    const std::vector<double> gx = values(x.grad());
    CHECK((std::isnan(gy) ? std::isnan(gx[0]) : gx[0] == gy));
    CHECK(std::vector<double>(gx.begin() + 1, gx.end()) == std::vector<double>{0, 0, 0});
  });
}

TEST_CASE("SigmoidCrossEntropy alone: backward without forward, of another x, in another dtype", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array{0.5, -1., 2.}.to(device), t = Array{1, 0, 1}.to(device);
    const Array gy = Array::ones({}, Dtype::float64, device);
    const SigmoidCrossEntropyOptions options{.pos_weight = Array{0.1}};
    SigmoidCrossEntropy function(options), direct(options);
    function.forward({x.astype(Dtype::float32), t});  // must not round the weight for the next forward
    function.forward({x, t});
    const std::vector<double> gx = values(direct.backward({x, t}, {gy})[0]);
    CHECK_THROWS_WITH(
        function.backward({x.slice(0, 2), t.slice(0, 2)}, {gy}),
        ContainsSubstring("sigmoid_cross_entropy: backward got another x than forward, float64(2)"));
    CHECK(values(function.backward({x, t}, {gy})[0]) == gx);
    CHECK(gx[0] == Approx(-0.1 / 3 / (1 + std::exp(0.5))).epsilon(1e-14));
  });
}

TEST_CASE("sigmoid_cross_entropy reports wrong values at the next read, or before", "[gpu]") {
  on_every_device([](Device device) {
    const auto read = [&](const Array& t, const SigmoidCrossEntropyOptions& options = {}) {
      return sigmoid_cross_entropy(Array::zeros({2, 2}, Dtype::float32, device), t.to(device), options)
          .item();
    };
    CHECK_THROWS_WITH(read(Array{{0, 1}, {2, 0}}),
                      "sigmoid_cross_entropy: t must be 0, 1 or -1 (ignore_label), got 2 at position 2");
    CHECK_THROWS_WITH(read(Array{{0, -1}, {5, 0}}, {.ignore_label = 9}),
                      "sigmoid_cross_entropy: t must be 0, 1 or 9 (ignore_label), got -1 at position 1");
    for (const Device where : {Device::cpu(), device})
      CHECK_THROWS_WITH(read(Array{{0, 1}, {1, 0}}, {.pos_weight = Array{1.f, -2.f}.to(where)}),
                        "sigmoid_cross_entropy: pos_weight must be finite and not negative, got -2 at 1");
    CHECK(read(Array{{0, 1}, {-1, 0}}) == Approx(std::log(2)));
  });
}

TEST_CASE("on a GPU an element with an invalid label is ignored", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    Variable x(Array{0.f, 3.f, 0.f}.to(device));
    Variable loss = sigmoid_cross_entropy(x, Array{1, 2, 0}.to(device));
    loss.backward();
    CHECK_THROWS_WITH(values(x.grad()), ContainsSubstring("got 2 at position 1"));
    CHECK(values(x.grad()) == std::vector<double>{-0.25, 0, 0.25});
    CHECK(loss.item() == Approx(std::log(2)));
  });
}

TEST_CASE("sigmoid_cross_entropy refuses labels -1 and 1, unless ignore_label is given") {
  const Array x = Array::zeros({4}), signs{-1, 1, 1, -1};
  CHECK_THROWS_WITH(
      sigmoid_cross_entropy(x, signs),
      "sigmoid_cross_entropy: t has the labels -1 and 1 only, and -1 is the default of ignore_label: map "
      "-1 to 0 (labels are 0 to C - 1), or pass ignore_label = -1 to ignore those rows");
  CHECK(sigmoid_cross_entropy(x, signs, {.ignore_label = -1}).item() == Approx(std::log(2)));
  CHECK_NOTHROW(sigmoid_cross_entropy(x, Array{-1, 1, 0, -1}));
  CHECK_NOTHROW(sigmoid_cross_entropy(x, Array{1, 1, 1, 1}));
  CHECK_NOTHROW(sigmoid_cross_entropy(x, Array{-1, -1, -1, -1}));
}

TEST_CASE("sigmoid_cross_entropy refuses what does not fit") {
  const Array x = Array::zeros({2, 2});
  CHECK_THROWS_WITH(sigmoid_cross_entropy(x, Array{0, 1}),
                    "sigmoid_cross_entropy: x and t differ in shape: float32(2, 2) and int32(2)");
  CHECK_THROWS_WITH(sigmoid_cross_entropy(x, x),
                    "sigmoid_cross_entropy: t must be int32, int64 or uint8, got float32(2, 2); did you "
                    "mean t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(sigmoid_cross_entropy(Array{1}, Array{1}),
                    "sigmoid_cross_entropy: x must be float32 or float64, got int32(1)");
  CHECK_THROWS_WITH(
      sigmoid_cross_entropy(x, Array{{0, 1}, {1, 0}}, {.pos_weight = Array{1.f, 2.f, 3.f}}),
      "sigmoid_cross_entropy: pos_weight must be float32 or float64, one number or one per class, "
      "got float32(3) for float32(2, 2)");
}

TEST_CASE("the mean of sigmoid_cross_entropy is finite where its sum is not", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      if (dtype == Dtype::float64 && !device.is_cpu()) continue;
      const double big = dtype == Dtype::float32 ? 3e38 : 1.5e308;
      const Array t = Array{1, 0, 1, 0}.to(device);
      Variable x(Array{-big, big, -big, big}.astype(dtype).to(device));
      Variable loss = sigmoid_cross_entropy(x, t);
      loss.backward();
      CHECK(loss.item() == Approx(big));
      check_close(values(x.grad()), {-0.25, 0.25, -0.25, 0.25}, 0, 1e-6);
      CHECK(sigmoid_cross_entropy(x, t, {.reduce = Reduce::sum}).item() ==
            std::numeric_limits<double>::infinity());

      Variable z(Array{0., 0., 0., 0.}.astype(dtype).to(device));  // weight times log 2, twice
      const Array weight = Array{big}.astype(dtype);
      Variable weighted = sigmoid_cross_entropy(z, Array{1, 1, 1, 0}.to(device), {.pos_weight = weight});
      weighted.backward();
      CHECK(weighted.item() == Approx(0.75 * std::log(2) * big));
      check_close(values(z.grad()), {-big / 8, -big / 8, -big / 8, 0.125}, 0, 1e-6);
    }
  });
}
