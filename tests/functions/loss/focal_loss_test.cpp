#include "tenbin/functions/loss/focal_loss.h"

#include <limits>

#include "tenbin/functions/loss/sigmoid_cross_entropy.h"
#include "tenbin/tests/functions/loss/any_gy.h"
#include "tenbin/tests/thread_count.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const double inf = std::numeric_limits<double>::infinity();

// Applies the reduction to the losses of all positions.
struct Divisors {
  double valid_count, batch_size, weight_sum;

  double of(Normalize normalize) const {
    if (normalize == Normalize::valid_count) return std::max(valid_count, 1.0);
    if (normalize == Normalize::batch_size) return std::max(batch_size, 1.0);
    return weight_sum;
  }
};

std::vector<double> reduced(const std::vector<double>& losses, Reduce reduce, double divisor) {
  if (reduce == Reduce::no) return losses;
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return {reduce == Reduce::mean ? sum / divisor : sum};
}

// -w s (1 - p)^gamma log p, as in the paper.
std::vector<double> expected_softmax(const Arrays& xs, const FocalLossOptions& options) {
  const auto x = values(xs[0]);
  const auto t = values(xs[1]);
  const std::size_t batch = xs[0].shape()[0], n_class = xs[0].shape()[1], inner = t.size() / batch;
  std::vector<double> losses;
  Divisors divisors{0, static_cast<double>(batch), 0};
  for (std::size_t i = 0; i < t.size(); ++i) {
    losses.push_back(0);
    if (t[i] == static_cast<double>(options.ignore_label.value_or(-1))) continue;
    const auto at = [&](std::size_t c) { return (i / inner * n_class + c) * inner + i % inner; };
    double sum = 0;
    for (std::size_t c = 0; c < n_class; ++c) sum += std::exp(x[at(c)]);
    const auto label = static_cast<std::size_t>(t[i]);
    const double p = std::exp(x[at(label)]) / sum;
    const double weight = (options.class_weight ? values(options.class_weight)[label] : 1) *
                          (options.sample_weight ? values(options.sample_weight)[i] : 1);
    losses.back() = -weight * std::pow(1 - p, options.gamma) * std::log(p);
    divisors.valid_count += 1;
    divisors.weight_sum += weight;
  }
  return reduced(losses, options.reduce, divisors.of(options.normalize));
}

std::vector<double> expected_sigmoid(const Arrays& xs, const FocalLossOptions& options) {
  const auto x = values(xs[0]);
  const auto t = values(xs[1]);
  std::vector<double> losses;
  Divisors divisors{0, static_cast<double>(xs[0].shape()[0]), 0};
  for (std::size_t i = 0; i < x.size(); ++i) {
    losses.push_back(0);
    if (t[i] == static_cast<double>(options.ignore_label.value_or(-1))) continue;
    const double sigmoid = 1 / (1 + std::exp(-x[i]));
    const double p = t[i] == 1 ? sigmoid : 1 - sigmoid;
    const double alpha = options.alpha.value_or(0.25);
    const double of_label = alpha < 0 ? 1 : t[i] == 1 ? alpha : 1 - alpha;
    const double weight =
        (options.class_weight ? values(options.class_weight)[static_cast<std::size_t>(t[i])] : of_label) *
        (options.sample_weight ? values(options.sample_weight)[i] : 1);
    losses.back() = -weight * std::pow(1 - p, options.gamma) * std::log(p);
    divisors.valid_count += 1;
    divisors.weight_sum += weight;
  }
  return reduced(losses, options.reduce, divisors.of(options.normalize));
}

struct Result {
  std::vector<double> loss;
  std::vector<double> gx;
};

// The losses of all positions, and the gradient of their sum.
Result run(const Variable& x, const Variable& loss) {
  Variable y = loss;
  y.set_grad(Array::ones(y.shape(), y.dtype(), y.device()));
  y.backward();
  return {values(y.data()), values(x.grad())};
}

const std::vector<double> gammas{0, 0.5, 1, 2, 5};

}  // namespace

TEST_CASE("softmax_focal_loss", "[gpu]") {
  for (const double gamma : gammas) {
    for (const Reduce reduce : {Reduce::mean, Reduce::sum, Reduce::no}) {
      for (const Normalize normalize :
           {Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum}) {
        if (reduce != Reduce::mean && normalize != Normalize::valid_count) continue;
        for (const bool weighted : {false, true}) {
          CAPTURE(gamma, reduce, normalize, weighted);
          FocalLossOptions options{.gamma = gamma, .normalize = normalize, .reduce = reduce};
          const Array sample_weight{{0.5, 2.0, 1.0}, {1.5, 1.0, 0.25}};
          if (weighted) options.class_weight = Array{0.5, 2.0, 1.25, 4.0};
          check_function({
              .inputs = {uniform({2, 4, 3}, -3, 3), Array({{0, 3, -1}, {2, 1, 1}}, Dtype::int64)},
              .forward =
                  [=](const Variables& xs) {
                    FocalLossOptions now = options;
                    if (weighted) now.sample_weight = sample_weight.slice(0, xs[0].shape()[0]);
                    return softmax_focal_loss(xs[0], xs[1], now);
                  },
              .expected =
                  [=](const Arrays& xs) {
                    FocalLossOptions now = options;
                    if (weighted) now.sample_weight = sample_weight;
                    return expected_softmax(xs, now);
                  },
          });
        }
      }
    }
  }
}

TEST_CASE("softmax_focal_loss ignores any given label", "[gpu]") {
  for (const std::int64_t ignore_label : {-1, 255, 1}) {
    CAPTURE(ignore_label);
    const FocalLossOptions options{.gamma = 1.5, .ignore_label = ignore_label};
    const int ignored = static_cast<int>(ignore_label);
    check_function({
        .inputs = {uniform({4, 3}, -3, 3), Array{0, ignored, 2, ignored}},
        .forward = [=](const Variables& xs) { return softmax_focal_loss(xs[0], xs[1], options); },
        .expected = [=](const Arrays& xs) { return expected_softmax(xs, options); },
    });
  }
}

TEST_CASE("sigmoid_focal_loss", "[gpu]") {
  for (const double gamma : gammas) {
    for (const double alpha : {0.25, -1.0, 0.875, 0.0, 1.0}) {
      for (const Reduce reduce : {Reduce::mean, Reduce::sum, Reduce::no}) {
        for (const Normalize normalize : {Normalize::valid_count, Normalize::batch_size}) {
          if (reduce != Reduce::mean && normalize != Normalize::valid_count) continue;
          CAPTURE(gamma, alpha, reduce, normalize);
          const FocalLossOptions options{
              .alpha = alpha, .gamma = gamma, .normalize = normalize, .ignore_label = 7, .reduce = reduce};
          check_function({
              .inputs = {uniform({4, 3}, -3, 3), Array{{0, 1, 1}, {7, 0, 1}, {7, 7, 0}, {1, 1, 0}}},
              .forward = [=](const Variables& xs) { return sigmoid_focal_loss(xs[0], xs[1], options); },
              .expected = [=](const Arrays& xs) { return expected_sigmoid(xs, options); },
          });
        }
      }
    }
  }
}

TEST_CASE("focal losses with gamma 0 are cross entropy to the bit", "[gpu]") {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
    const Array host_x = uniform({50, 7}, -30, 30).astype(dtype);
    Array host_t = Array::empty({50}, Dtype::int32);
    Array host_binary = Array::empty({50, 7}, Dtype::int64);
    for (int i = 0; i < 50; ++i) host_t.data<std::int32_t>()[i] = i % 8 - 1;
    for (int i = 0; i < 350; ++i) host_binary.data<std::int64_t>()[i] = i % 5 == 0 ? -1 : i % 3 == 0;
    const Array weight = uniform({7}, 0, 5), sample = uniform({50}, 0, 5);
    on_every_device([&](Device device) {
      const Array x = host_x.to(device), t = host_t.to(device), binary = host_binary.to(device);
      for (const Reduce reduce : {Reduce::mean, Reduce::sum, Reduce::no}) {
        for (const Normalize normalize :
             {Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum}) {
          Variable a(x), b(x);
          const Result focal = run(a, softmax_focal_loss(a, t,
                                                         {.gamma = 0,
                                                          .normalize = normalize,
                                                          .class_weight = weight,
                                                          .reduce = reduce,
                                                          .sample_weight = sample}));
          const Result plain = run(b, softmax_cross_entropy(b, t,
                                                            {.normalize = normalize,
                                                             .class_weight = weight,
                                                             .reduce = reduce,
                                                             .sample_weight = sample}));
          CHECK(focal.loss == plain.loss);
          CHECK(focal.gx == plain.gx);
        }
        for (const bool normalize : {true, false}) {
          Variable a(x), b(x);
          const Result focal = run(
              a, sigmoid_focal_loss(a, binary,
                                    {.alpha = -1,
                                     .gamma = 0,
                                     .normalize = normalize ? Normalize::valid_count : Normalize::batch_size,
                                     .reduce = reduce}));
          const Result plain =
              run(b, sigmoid_cross_entropy(b, binary, {.normalize = normalize, .reduce = reduce}));
          CHECK(focal.loss == plain.loss);
          CHECK(focal.gx == plain.gx);
        }
      }
    });
  }
}

TEST_CASE("focal losses are exact where p_t is 0 or 1", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      for (const double gamma : {1e-3, 0.5, 1.0, 2.0, 50.0}) {
        CAPTURE(dtype, gamma);
        Variable x(Array({{1e4, -1e4}, {-1e4, 1e4}, {-inf, 0.0}, {0.0, -inf}}, dtype).to(device));
        const Result softmax = run(
            x, softmax_focal_loss(x, Array{0, 0, 0, 0}.to(device), {.gamma = gamma, .reduce = Reduce::no}));
        CHECK(softmax.loss == std::vector<double>{0, 2e4, inf, 0});
        CHECK(softmax.gx == std::vector<double>{0, 0, -1, 1, -1, 1, 0, 0});

        Variable z(Array({1e4, -1e4, 1e4, -1e4, inf, -inf, inf, -inf}, dtype).to(device));
        const Result sigmoid =
            run(z, sigmoid_focal_loss(z, Array{1, 1, 0, 0, 1, 1, 0, 0}.to(device),
                                      {.alpha = -1, .gamma = gamma, .reduce = Reduce::no}));
        CHECK(sigmoid.loss == std::vector<double>{0, 1e4, 1e4, 0, 0, inf, inf, 0});
        CHECK(sigmoid.gx == std::vector<double>{0, -1, 1, 0, 0, -1, 1, 0});
      }
    }
  });
}

TEST_CASE("sigmoid_focal_loss with class and sample weights", "[gpu]") {
  const Array sample_weight{{0.5, 2.0, 1.0}, {1.5, 1.0, 0.25}, {1.0, 3.0, 0.0}, {0.5, 1.0, 2.0}};
  for (const double gamma : {0., 2.}) {
    for (const Normalize normalize : {Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum}) {
      for (const bool by_class : {false, true}) {
        CAPTURE(gamma, normalize, by_class);
        FocalLossOptions options{.gamma = gamma, .normalize = normalize};
        if (by_class) options.class_weight = Array{0.5, 2.0};
        check_function({
            .inputs = {uniform({4, 3}, -3, 3), Array{{0, 1, 1}, {-1, 0, 1}, {-1, -1, 0}, {1, 1, 0}}},
            .forward =
                [=](const Variables& xs) {
                  FocalLossOptions now = options;
                  now.sample_weight = sample_weight.slice(0, xs[0].shape()[0]);
                  return sigmoid_focal_loss(xs[0], xs[1], now);
                },
            .expected =
                [=](const Arrays& xs) {
                  FocalLossOptions now = options;
                  now.sample_weight = sample_weight;
                  return expected_sigmoid(xs, now);
                },
        });
      }
    }
  }
}

TEST_CASE("sigmoid_focal_loss keeps the digits of a small 1 - p_t", "[gpu]") {
  // There 1 - p = l = e, so that the loss is e^(1 + gamma) and its gradient -(1 + gamma) times that.
  const double e = std::exp(-50.0);
  on_every_device([=](Device device) {
    for (const double gamma : {0.25, 0.5}) {
      Variable x(Array{50.f}.to(device));
      const Result result = run(x, sigmoid_focal_loss(x, Array{1}.to(device), {.alpha = -1, .gamma = gamma}));
      check_close(result.loss, {std::pow(e, 1 + gamma)}, 0, 1e-6);
      check_close(result.gx, {-(1 + gamma) * std::pow(e, 1 + gamma)}, 0, 1e-6);
    }
  });
}

TEST_CASE("sigmoid_focal_loss with gamma 2 keeps the digits of a small 1 - p_t", "[gpu]") {
  const double e = std::exp(-25.0);
  on_every_device([=](Device device) {
    Variable x(Array{25.f}.to(device));
    const Result result = run(x, sigmoid_focal_loss(x, Array{1}.to(device), {.alpha = -1}));
    check_close(result.loss, {std::pow(e, 3)}, 0, 1e-6);
    check_close(result.gx, {-3 * std::pow(e, 3)}, 0, 1e-6);
  });
}

TEST_CASE("focal losses of many positions, on any number of threads", "[threads]") {
  const std::size_t n = 40001;
  const Array x = random::Generator(7).normal({n}, 0, 3, Dtype::float64), sample_weight = uniform({n}, 0, 2);
  Array t = Array::empty({n}, Dtype::int32);
  for (std::size_t i = 0; i < n; ++i)
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(i * i % 7 % 3) - 1;
  for (const double gamma : {1.5, 2.}) {
    const FocalLossOptions options{.gamma = gamma, .reduce = Reduce::sum, .sample_weight = sample_weight};
    std::vector<double> loss, gradient;
    for (const std::size_t count : {1, 2, 4}) {
      CAPTURE(gamma, count);
      const ThreadCount threads(count);
      Variable scores(x);
      const Result result = run(scores, sigmoid_focal_loss(scores, t, options));
      if (loss.empty()) {
        loss = result.loss;
        gradient = result.gx;
        check_close(loss, expected_sigmoid({x, t}, options), 0, 1e-11);
        // Of the losses of some positions, by differences.
        for (const std::size_t i : {std::size_t{1}, std::size_t{255}, std::size_t{257}, n - 1}) {
          const double step = 1e-5, at = values(x)[i];
          FocalLossOptions one = options;
          one.sample_weight = sample_weight.slice(i, i + 1);
          const Array label = t.slice(i, i + 1);
          const double above = expected_sigmoid({Array{at + step}, label}, one)[0];
          const double below = expected_sigmoid({Array{at - step}, label}, one)[0];
          CHECK(gradient[i] == Approx((above - below) / (2 * step)).epsilon(1e-6).margin(1e-9));
        }
      }
      CHECK(result.loss == loss);
      CHECK(result.gx == gradient);
    }
  }
}

TEST_CASE("class weights do not enter p_t", "[gpu]") {
  const Array x = uniform({6, 3}, -3, 3);
  const Array t{0, 1, 2, 2, 1, 0};
  on_every_device([&](Device device) {
    for (const Device where : {Device::cpu(), device}) {
      Variable a(x.to(device)), b(x.to(device));
      const Array eights = Array::full({3}, 8).to(where);
      const Result plain = run(a, softmax_focal_loss(a, t.to(device), {.reduce = Reduce::no}));
      const Result heavy =
          run(b, softmax_focal_loss(b, t.to(device), {.class_weight = eights, .reduce = Reduce::no}));
      for (std::size_t i = 0; i < plain.loss.size(); ++i) CHECK(heavy.loss[i] == 8 * plain.loss[i]);
      for (std::size_t i = 0; i < plain.gx.size(); ++i) CHECK(heavy.gx[i] == 8 * plain.gx[i]);
    }
  });
}

TEST_CASE("focal losses leave out ignored rows and rows of weight 0", "[gpu]") {
  const double nan = std::nan("");
  on_every_device([=](Device device) {
    const Array t = Array{-1, 0, 1, 1}.to(device);
    Variable x(Array{{nan, nan}, {0.0, 0.0}, {0.0, -inf}, {nan, 0.0}}.to(device));
    Variable loss = softmax_focal_loss(x, t, {.class_weight = Array{1.f, 0.f}});
    loss.backward();
    CHECK(loss.item() == Approx(0.25 * std::log(2) / 3));
    const double gx = 0.25 * (0.5 + std::log(2)) / 3;
    check_close(values(x.grad()), {0, 0, -gx, gx, 0, 0, 0, 0}, 0, 1e-12);

    Variable z(Array{nan, 0.0, -inf, nan}.to(device));
    loss = sigmoid_focal_loss(z, t, {.alpha = 0});
    loss.backward();
    CHECK(loss.item() == Approx(0.25 * std::log(2) / 3));
    check_close(values(z.grad()), {0, gx, 0, 0}, 0, 1e-12);
  });
}

TEST_CASE("focal losses of nothing are 0", "[gpu]") {
  on_every_device([](Device device) {
    for (const Normalize normalize : {Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum}) {
      for (const Array& t : {Array{-1, -1}, Array{0, 0}}) {
        Variable x(Array{{1.f, 2.f}, {3.f, 4.f}}.to(device));
        Variable loss =
            softmax_focal_loss(x, t.to(device), {.normalize = normalize, .class_weight = Array{0.f, 1.f}});
        loss.backward();
        CHECK(loss.item() == 0);
        CHECK(values(x.grad()) == std::vector<double>{0, 0, 0, 0});
      }
    }
  });
}

// Forward computes the gradient for gy = 1; a second backward and other gy compute it again.
TEST_CASE("the gradient of focal losses for any gy, and in a second backward", "[gpu]") {
  const auto reduce = GENERATE(Reduce::mean, Reduce::sum, Reduce::no);
  const auto normalize = GENERATE(Normalize::valid_count, Normalize::weight_sum);
  const bool softmax = GENERATE(true, false);
  for (const std::size_t rows : {5, 4500}) {
    const Array x = random::Generator(1).normal(softmax ? Shape{rows, 2} : Shape{rows}, 0, 3, Dtype::float64);
    Array t = Array::empty({rows}, Dtype::int32);
    for (std::size_t i = 0; i < t.size(); ++i)
      t.data<std::int32_t>()[i] = static_cast<std::int32_t>(i * i % 7 % 3) - 1;
    const FocalLossOptions options{
        .normalize = normalize,
        .class_weight = Array{2.5, 0.25},
        .reduce = reduce,
        .sample_weight = random::Generator(2).uniform({rows}, 0.5, 2, Dtype::float64)};
    std::vector<std::vector<double>> of_devices;
    on_every_device([&](Device device) {
      CAPTURE(rows, reduce, normalize, softmax, device);
      Variable scores(x.to(device));
      Variable loss = softmax ? softmax_focal_loss(scores, t.to(device), options)
                              : sigmoid_focal_loss(scores, t.to(device), options);
      const std::vector<double> first = check_any_gy(loss, scores);
      of_devices.push_back(first);
      check_close(first, of_devices.front(), 1e-15, 1e-12);
    });
  }
}

TEST_CASE("FocalLoss alone: backward without forward, of another l, of weight 0", "[gpu]") {
  on_every_device([](Device device) {
    const Array l = Array{0.5, 1., 2.}.to(device), t = Array{1, 0, 1}.to(device);
    const Array gy = Array::ones({}, Dtype::float64, device);
    const FocalLossOptions options{
        .gamma = 2, .class_weight = Array{0., 3.}, .sample_weight = Array{1., 1., 0.}};
    FocalLoss function("focal", options), direct("focal", options);
    function.forward({l, t});
    const std::vector<double> gl = values(direct.backward({l, t}, {gy})[0]);
    CHECK(gl[0] > 0);
    CHECK(gl[1] == 0);
    CHECK(gl[2] == 0);
    CHECK_THROWS_WITH(function.backward({l.slice(0, 2), t.slice(0, 2)}, {gy}),
                      ContainsSubstring("focal: backward got another x than forward, float64(2)"));
    CHECK(values(function.backward({l, t}, {gy})[0]) == gl);
    const Array infinite = Array::full({}, inf, Dtype::float64, device);
    CHECK(values(function.backward({l, t}, {infinite})[0]) == std::vector<double>{inf, 0, 0});
  });
}

TEST_CASE("focal losses report wrong values at the next read, or before", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array::zeros({2, 3}, Dtype::float32, device);
    const Array t = Array{0, 1}.to(device);
    const auto softmax = [&](const Array& labels, const FocalLossOptions& options = {}) {
      return softmax_focal_loss(x, labels.to(device), options).item();
    };
    CHECK_THROWS_WITH(softmax(Array{0, 3}),
                      "softmax_focal_loss: t[1] is 3, expected a label in [0, 3) or ignore_label -1");
    for (const Device where : {Device::cpu(), device}) {
      const Array three = Array{1.f, 1.f, INFINITY}.to(where), two = Array{1.f, -1.f}.to(where);
      CHECK_THROWS_WITH(softmax(Array{0, 3}, {.class_weight = three}),
                        ContainsSubstring(where.is_cpu() ? "class_weight must be" : "t[1] is 3"));
      CHECK_THROWS_WITH(softmax(t, {.class_weight = three}),
                        "softmax_focal_loss: class_weight must be finite and not negative, got inf at 2");
      CHECK_THROWS_WITH(softmax(t, {.sample_weight = two}),
                        "softmax_focal_loss: sample_weight must be finite and not negative, got -1 at 1");
    }
    CHECK_THROWS_WITH(sigmoid_focal_loss(Array{0.f}.to(device), Array{2}.to(device)).item(),
                      "sigmoid_focal_loss: t must be 0, 1 or -1 (ignore_label), got 2 at position 0");
    const Array logits = Array{0.f, 0.f}.to(device);
    for (const Device where : {Device::cpu(), device}) {
      const Array two = Array{1.f, -1.f}.to(where);
      CHECK_THROWS_WITH(sigmoid_focal_loss(logits, t, {.class_weight = two}).item(),
                        "sigmoid_focal_loss: class_weight must be finite and not negative, got -1 at 1");
      CHECK_THROWS_WITH(sigmoid_focal_loss(logits, t, {.sample_weight = two}).item(),
                        "sigmoid_focal_loss: sample_weight must be finite and not negative, got -1 at 1");
    }
    CHECK(softmax(t, {.gamma = 1}) == Approx(std::log(3) * 2 / 3));
  });
}

TEST_CASE("focal losses take labels of every integer dtype", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array{{1.f, 0.f}, {0.f, 2.f}}.to(device), t{1, 0}, each = Array{{1, 0}, {0, 1}};
    const double softmax = softmax_focal_loss(x, t.to(device)).item();
    const double sigmoid = sigmoid_focal_loss(x, each.to(device)).item();
    for (const Dtype dtype : {Dtype::int64, Dtype::uint8}) {
      CHECK(softmax_focal_loss(x, t.astype(dtype).to(device)).item() == softmax);
      CHECK(sigmoid_focal_loss(x, each.astype(dtype).to(device)).item() == sigmoid);
    }
  });
}

TEST_CASE("focal losses name themselves in errors") {
  const Array x = Array::zeros({2, 3});
  const Array t{0, 1};
  CHECK_THROWS_WITH(
      softmax_focal_loss(x, x),
      "softmax_focal_loss: t must be int32, int64 or uint8, got float32(2, 3); soft targets are not "
      "supported");
  CHECK_THROWS_WITH(softmax_focal_loss(x, Array{0.f, 1.f}),
                    "softmax_focal_loss: t must be int32, int64 or uint8, got float32(2); did you mean "
                    "t.astype(Dtype::int32)?");
  for (const double gamma : {0., 2.}) {
    CHECK_THROWS_WITH(softmax_focal_loss(Array::zeros({2, 2}), Array{-1, 1}, {.gamma = gamma}),
                      ContainsSubstring("softmax_focal_loss: t has the labels -1 and 1 only, "));
    CHECK_THROWS_WITH(sigmoid_focal_loss(Array{0.f, 0.f}, Array{-1, 1}, {.gamma = gamma}),
                      ContainsSubstring("sigmoid_focal_loss: t has the labels -1 and 1 only, "));
    CHECK_NOTHROW(
        softmax_focal_loss(Array::zeros({2, 2}), Array{-1, 1}, {.gamma = gamma, .ignore_label = -1}));
    CHECK_NOTHROW(sigmoid_focal_loss(Array{0.f, 0.f}, Array{-1, 1}, {.gamma = gamma, .ignore_label = -1}));
  }
  CHECK_THROWS_WITH(
      softmax_focal_loss(x, t, {.class_weight = Array{1.f}}),
      "softmax_focal_loss: class_weight must be float32 or float64 of shape (3), got float32(1) "
      "for float32(2, 3)");
  CHECK_THROWS_WITH(softmax_focal_loss(x, t, {.gamma = -1}),
                    "softmax_focal_loss: gamma must be finite and not negative, got -1");
  CHECK_THROWS_WITH(sigmoid_focal_loss(Array{0.f}, Array{0, 1}),
                    "sigmoid_focal_loss: x and t differ in shape: float32(1) and int32(2)");
  CHECK_THROWS_WITH(sigmoid_focal_loss(Array{0.f}, Array{0}, {.alpha = 1.5}),
                    "sigmoid_focal_loss: alpha must be in [0, 1], or -1 for none, got 1.5");
  CHECK_THROWS_WITH(sigmoid_focal_loss(Array{0.f}, Array{0}, {.alpha = 0.5, .class_weight = Array{1.f, 2.f}}),
                    "sigmoid_focal_loss: pass alpha or class_weight, not both");
  CHECK_THROWS_WITH(softmax_focal_loss(x, t, {.alpha = 0.5}),
                    "softmax_focal_loss: alpha is for sigmoid_focal_loss, pass class_weight; got 0.5");
  CHECK_THROWS_WITH(
      sigmoid_focal_loss(Array{0.f}, Array{0}, {.class_weight = Array{1.f}}),
      "sigmoid_focal_loss: class_weight must be float32 or float64 of shape (2), got float32(1) "
      "for float32(1)");
  CHECK_THROWS_WITH(sigmoid_focal_loss(Array{0.f}, Array{0}, {.sample_weight = Array{1, 2}}),
                    "sigmoid_focal_loss: sample_weight must be float32 or float64 of shape (1), got int32(2) "
                    "for float32(1)");
  CHECK_THROWS_WITH(sigmoid_focal_loss(Array{0.f}, Array{0}, {.gamma = inf}),
                    "sigmoid_focal_loss: gamma must be finite and not negative, got inf");
}

TEST_CASE("softmax_focal_loss is finite where its sums are not") {
  const Array t{0, 2, 1, -1, 1};
  const auto trained = [&](Normalize normalize, double of_class, double of_sample) {
    Variable x(Array{{0., 2., 1.}, {1., 0., -1.}, {0., 1., 0.5}, {0., 0., 0.}, {1., 2., 0.}});
    const Array w{1.5 * of_class, 0.5 * of_class, of_class};
    const Array s{of_sample, 2 * of_sample, 3 * of_sample, of_sample, 1.5 * of_sample};
    Variable loss = softmax_focal_loss(x, t, {.normalize = normalize, .class_weight = w, .sample_weight = s});
    loss.backward();
    auto all = values(x.grad());
    all.push_back(loss.item());
    return all;
  };
  const auto mean = trained(Normalize::valid_count, 1, 1);
  REQUIRE(mean.back() > 1);
  REQUIRE(mean.back() < 2);
  auto expected = mean;
  for (double& value : expected) value *= 0x1p1022;
  CHECK(trained(Normalize::valid_count, 0x1p600, 0x1p422) == expected);

  const auto average = trained(Normalize::weight_sum, 1, 1);
  check_close(trained(Normalize::weight_sum, 0x1p1023, 1), average, 0, 1e-14);
  check_close(trained(Normalize::weight_sum, 0x1p1000, 0x1p1000), average, 0, 1e-14);
  check_close(trained(Normalize::weight_sum, 0x1p-600, 0x1p-500), average, 0, 1e-14);
}

TEST_CASE("sigmoid_focal_loss is finite where its sum is not", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      if (dtype == Dtype::float64 && !device.is_cpu()) continue;
      const double big = dtype == Dtype::float32 ? 3e38 : 1.5e308;
      Variable x(Array{-big, big, -big, big}.astype(dtype).to(device));
      Variable loss = sigmoid_focal_loss(x, Array{1, 0, 1, 0}.to(device), {.alpha = -1});
      loss.backward();
      CHECK(loss.item() == Approx(big));
      check_close(values(x.grad()), {-0.25, 0.25, -0.25, 0.25}, 0, 1e-6);
    }
  });
}
