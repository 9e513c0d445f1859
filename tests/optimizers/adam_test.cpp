#include "tenbin/optimizers/adam.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("Adam with its defaults", "[gpu]") {
  check_rule<Adam>(AdamOptions{}, {"m", "v"}, [](double& w, double g, auto& s, double t) {
    s[0] = 0.9 * s[0] + (1 - 0.9) * g;
    s[1] = 0.999 * s[1] + (1 - 0.999) * g * g;
    const double corrected = 0.001 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
    const double step = corrected / (std::sqrt(s[1]) + 1e-8);
    w -= 1 * (step * s[0] + 0 * w);
  });
}

TEST_CASE("Adam", "[gpu]") {
  check_rule<Adam>(AdamOptions{.alpha = 0.1, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .eta = 0.5},
                   {"m", "v"}, [](double& w, double g, auto& s, double t) {
                     s[0] = 0.8 * s[0] + (1 - 0.8) * g;
                     s[1] = 0.95 * s[1] + (1 - 0.95) * g * g;
                     const double corrected = 0.1 * std::sqrt(1 - std::pow(0.95, t)) / (1 - std::pow(0.8, t));
                     const double step = corrected / (std::sqrt(s[1]) + 1e-3);
                     w -= 0.5 * (step * s[0] + 0 * w);
                   });
}

TEST_CASE("AdamW", "[gpu]") {
  check_rule<AdamW>(AdamOptions{.alpha = 0.1, .eta = 0.5, .weight_decay_rate = 0.05}, {"m", "v"},
                    [](double& w, double g, auto& s, double t) {
                      s[0] = 0.9 * s[0] + (1 - 0.9) * g;
                      s[1] = 0.999 * s[1] + (1 - 0.999) * g * g;
                      const double corrected =
                          0.1 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
                      const double step = corrected / (std::sqrt(s[1]) + 1e-8);
                      w -= 0.5 * (step * s[0] + 0.05 * w);
                    });
}

TEST_CASE("AMSGrad", "[gpu]") {
  check_rule<AMSGrad>(AdamOptions{.alpha = 0.1, .beta2 = 0.5}, {"m", "v", "vhat"},
                      [](double& w, double g, auto& s, double t) {
                        s[0] = 0.9 * s[0] + (1 - 0.9) * g;
                        s[1] = 0.5 * s[1] + (1 - 0.5) * g * g;
                        s[2] = std::max(s[2], s[1]);
                        const double corrected =
                            0.1 * std::sqrt(1 - std::pow(0.5, t)) / (1 - std::pow(0.9, t));
                        const double step = corrected / (std::sqrt(s[2]) + 1e-8);
                        w -= 1 * (step * s[0] + 0 * w);
                      });
}

TEST_CASE("AdaBound", "[gpu]") {
  check_rule<AdaBound>(AdamOptions{.alpha = 0.1, .final_lr = 0.05, .gamma = 0.01}, {"m", "v"},
                       [](double& w, double g, auto& s, double t) {
                         s[0] = 0.9 * s[0] + (1 - 0.9) * g;
                         s[1] = 0.999 * s[1] + (1 - 0.999) * g * g;
                         const double corrected =
                             0.1 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
                         double step = corrected / (std::sqrt(s[1]) + 1e-8);
                         step = std::max(step, 0.05 * (1 - 1 / (0.01 * t + 1)));
                         step = std::min(step, 0.05 * (1 + 1 / (0.01 * t)));
                         w -= 1 * (step * s[0] + 0 * w);
                       });
}

TEST_CASE(
    "Adam adds eps to the uncorrected root, AdamW's decay is not multiplied by alpha: Chainer's figures") {
  const auto one_step = [](Optimizer& optimizer) {
    Chain model;
    Parameter w = model.param("w", Array{1.0});
    optimizer.setup(model);
    w.set_grad(Array{0.5});
    optimizer.update();
    return w.data().item();
  };
  Adam adam({.alpha = 0.1, .eps = 0.01});
  CHECK(one_step(adam) == Approx(0.938742588672).epsilon(1e-11));
  AdamW adamw({.alpha = 0.1, .weight_decay_rate = 0.05});
  CHECK(one_step(adamw) == Approx(0.850000063246).epsilon(1e-11));
}

TEST_CASE("Adam can switch to AMSGrad between updates", "[gpu]") {
  on_every_device([](Device device) {
    Bowl bowl(Dtype::float64, device);
    Adam optimizer;
    optimizer.setup(bowl);
    bowl.set_gradients();
    optimizer.update();
    const auto v = values(optimizer.state_arrays()[4].second);
    optimizer.hyperparam.amsgrad = true;
    bowl.set_gradients();
    optimizer.update();
    const NamedArrays arrays = optimizer.state_arrays();
    CHECK(arrays[5].first == "W/vhat");
    for (std::size_t i = 0; i < v.size(); ++i) CHECK(values(arrays[5].second)[i] > v[i]);
  });
}

TEST_CASE("AdaBound's last rate follows alpha") {
  const auto run = [](double factor) {
    Bowl bowl(Dtype::float64);
    const double before = values(bowl.W.data())[0];
    AdaBound optimizer({.alpha = 100, .final_lr = 0.5, .gamma = 1});  // so large that the upper bound applies
    optimizer.setup(bowl);
    optimizer.hyperparam.alpha *= factor;
    bowl.set_gradients();
    optimizer.update();
    return values(bowl.W.data())[0] - before;
  };
  CHECK(run(0.5) == Approx(run(1) / 2));
}

TEST_CASE("AdaBound's lower bound raises the step", "[gpu]") {
  // alpha is so small that the lower bound, 0.05 (1 - 1 / (t + 1)), applies from the first update on.
  check_rule<AdaBound>(AdamOptions{.alpha = 1e-6, .final_lr = 0.05, .gamma = 1}, {"m", "v"},
                       [](double& w, double g, auto& s, double t) {
                         s[0] = 0.9 * s[0] + (1 - 0.9) * g;
                         s[1] = 0.999 * s[1] + (1 - 0.999) * g * g;
                         const double corrected =
                             1e-6 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
                         double step = corrected / (std::sqrt(s[1]) + 1e-8);
                         step = std::max(step, 0.05 * (1 - 1 / (t + 1)));
                         step = std::min(step, 0.05 * (1 + 1 / t));
                         w -= step * s[0];
                       });
}

TEST_CASE("the AdamW of the documentation trains like one without decay") {
  const auto train = [](double rate) {
    Bowl bowl(Dtype::float64);
    AdamW optimizer({.alpha = 1e-3, .weight_decay_rate = rate});
    optimizer.setup(bowl);
    for (int t = 0; t < 20000; ++t) {
      bowl.set_gradients();
      optimizer.update();
    }
    double loss = 0;
    for (const Parameter& parameter : bowl.params()) {
      const auto w = values(parameter.data());
      for (std::size_t i = 0; i < w.size(); ++i) {
        const double x = static_cast<double>(i);
        loss += (0.5 + 0.3 * x) * (w[i] - 0.1 * x) * (w[i] - 0.1 * x) / 2;
      }
    }
    return loss;
  };
  CHECK(train(0) < 1e-6);
  CHECK(train(1e-5) < 1e-3);
  CHECK(train(1e-2) > 0.1);  // PyTorch's default is different here
}

TEST_CASE("Adam with eps = 0 leaves elements without gradients unchanged", "[gpu]") {
  check_eps_zero<Adam>(AdamOptions{.eps = 0});
  check_eps_zero<Adam>(AdamOptions{.alpha = 100, .eps = 0});
  check_eps_zero<AMSGrad>(AdamOptions{.eps = 0});
  check_eps_zero<AdaBound>(AdamOptions{.eps = 0});
}
