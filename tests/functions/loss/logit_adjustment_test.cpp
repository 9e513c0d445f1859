#include "tenbin/functions/loss/logit_adjustment.h"

#include "tenbin/datasets/class_prior.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// -w log(pi_t^tau exp(x_t) / sum of pi_c^tau exp(x_c)).
std::vector<double> expected_losses(const Arrays& xs, const std::vector<double>& prior,
                                    const std::vector<double>& weight, double tau) {
  const auto x = values(xs[0]);
  const auto t = values(xs[1]);
  const std::size_t n_class = xs[0].shape()[1], inner = t.size() / xs[0].shape()[0];
  std::vector<double> losses;
  for (std::size_t i = 0; i < t.size(); ++i) {
    losses.push_back(0);
    if (t[i] < 0) continue;
    const auto label = static_cast<std::size_t>(t[i]);
    const auto odds = [&](std::size_t c) {
      return std::pow(prior[c], tau) * std::exp(x[(i / inner * n_class + c) * inner + i % inner]);
    };
    double sum = 0;
    for (std::size_t c = 0; c < n_class; ++c) sum += odds(c);
    losses.back() = -weight[label] * std::log(odds(label) / sum);
  }
  return losses;
}

Array log_of(const std::vector<double>& prior) {
  std::vector<double> logs;
  for (const double p : prior) logs.push_back(std::log(p));
  return Array(logs);
}

const std::vector<double> prior{0.9, 0.09, 0.01};
const std::vector<double> weight{0.5, 1.0, 2.0};

}  // namespace

TEST_CASE("logit_adjusted_cross_entropy", "[gpu]") {
  for (const double tau : {1.0, 2.5, 0.0, -1.0}) {
    for (const bool is_image : {false, true}) {
      CAPTURE(tau, is_image);
      const Array t = is_image ? Array{{0, 2}, {-1, 1}, {2, 2}} : Array{0, -1, 2};
      check_function({
          .inputs = {uniform(is_image ? Shape{3, 3, 2} : Shape{3, 3}, -3, 3), t},
          .forward =
              [=](const Variables& xs) {
                return logit_adjusted_cross_entropy(
                    xs[0], xs[1], log_of(prior), {.class_weight = Array(weight), .reduce = Reduce::no}, tau);
              },
          .expected = [=](const Arrays& xs) { return expected_losses(xs, prior, weight, tau); },
      });
    }
  }
}

TEST_CASE("balanced_softmax_cross_entropy is cross entropy of x + log n_c", "[gpu]") {
  check_function({
      .inputs = {uniform({4, 3}, -3, 3), Array{0, -1, 2, 1}},
      .forward =
          [](const Variables& xs) {
            return balanced_softmax_cross_entropy(xs[0], xs[1], log_of(prior), {.reduce = Reduce::sum});
          },
      .expected =
          [](const Arrays& xs) {
            double sum = 0;
            for (const double loss : expected_losses(xs, {900, 90, 10}, {1, 1, 1}, 1)) sum += loss;
            return std::vector<double>{sum};
          },
  });
}

TEST_CASE("adjust_logits", "[gpu]") {
  for (const bool is_image : {false, true}) {
    for (const double tau : {1.0, 0.5}) {
      check_function({
          .inputs = {uniform(is_image ? Shape{2, 3, 2} : Shape{2, 3}, -3, 3)},
          .forward = [=](const Variables& xs) { return adjust_logits(xs[0], log_of(prior), tau); },
          .expected =
              [=](const Arrays& xs) {
                auto y = values(xs[0]);
                const std::size_t inner = is_image ? 2 : 1;
                for (std::size_t i = 0; i < y.size(); ++i) y[i] -= tau * std::log(prior[i / inner % 3]);
                return y;
              },
      });
    }
  }
}

TEST_CASE("adjusting logits that are the log prior makes the classes equal") {
  // Constant inputs: the best plain logits are the log prior, and after adjustment they are equal.
  const Array log_pi = log_prior({900, 90, 10});
  const auto y = values(adjust_logits(Variable(log_pi.reshape({1, 3})), log_pi).data());
  CHECK(y == std::vector<double>{0, 0, 0});
}

TEST_CASE("logit adjustment leaves ignored logits alone", "[gpu]") {
  on_every_device([](Device device) {
    for (const Device where : {Device::cpu(), device}) {
      Variable x(Array{{NAN, NAN, INFINITY}, {0.f, 0.f, 0.f}}.to(device));
      Variable loss = logit_adjusted_cross_entropy(x, Array{-1, 2}.to(device), log_of(prior).to(where));
      loss.backward();
      CHECK(loss.item() == Approx(-std::log(0.01)));
      for (std::size_t i = 0; i < 3; ++i) CHECK(values(x.grad())[i] == 0);
    }
  });
}

TEST_CASE("logit adjustment takes the options of softmax_cross_entropy") {
  const Array x = uniform({3, 3});
  const Array soft{{0.5, 0.5, 0.0}, {0.0, 1.0, 0.0}, {0.25, 0.25, 0.5}};
  const SoftmaxCrossEntropyOptions options{
      .normalize = Normalize::weight_sum, .class_weight = Array(weight), .label_smoothing = 0.1};
  Array shifted = x.copy();
  for (std::size_t i = 0; i < 9; ++i) shifted.data<double>()[i] += std::log(prior[i % 3]);
  CHECK(logit_adjusted_cross_entropy(x, soft, log_of(prior), options).item() ==
        Approx(softmax_cross_entropy(shifted, soft, options).item()));
}

TEST_CASE("logit adjustment reports wrong values at the next read, or before", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array::zeros({2, 2}, Dtype::float32, device);
    for (const Device where : {Device::cpu(), device}) {
      const Array log_pi = Array{-0.5f, -1.f}.to(where);
      CHECK_THROWS_WITH(
          logit_adjusted_cross_entropy(x, Array{0, 2}.to(device), log_pi).item(),
          "logit_adjusted_cross_entropy: t[1] is 2, expected a label in [0, 2) or ignore_label -1");
      CHECK_THROWS_WITH(values(adjust_logits(x, Array{0.f, -INFINITY}.to(where)).data()),
                        "adjust_logits: log_prior must be finite, got -inf at 1");
    }
  });
}

TEST_CASE("logit adjustment names itself in errors") {
  const Array x = Array::zeros({2, 2});
  const Array t{0, 1};
  const Array log_pi{-0.5f, -1.f};
  CHECK_THROWS_WITH(logit_adjusted_cross_entropy(Array{0.f}, t, log_pi),
                    "logit_adjusted_cross_entropy: x must be float32 or float64 of shape (N, C, ...), got "
                    "float32(1)");
  CHECK_THROWS_WITH(balanced_softmax_cross_entropy(x, t, Array{1.f}),
                    "balanced_softmax_cross_entropy: log_prior must be float32 or float64 of shape (2), got "
                    "float32(1) for float32(2, 2)");
  CHECK_THROWS_WITH(adjust_logits(x, log_pi, INFINITY), "adjust_logits: tau must be finite, got inf");
}
