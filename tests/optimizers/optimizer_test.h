// Tests an update rule by describing it once: an independent formula for one element, in double.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "tenbin/optimizers/optimizer.h"
#include "tenbin/tests/function_test.h"

namespace tenbin::testing {

/// Two parameters with the loss a (w - c)^2 / 2 per element; W starts near the minimum, b has zeros in it.
struct Bowl : Chain {
  explicit Bowl(Dtype dtype, Device device = {})
      : W(param("W", Array({{1.0, -2.0, 0.5}, {3.0, 0.25, -1.5}}, dtype).to(device))),
        b(param("b", Array({0.0, 2.0}, dtype).to(device))) {}

  Parameter W;
  Parameter b;

  // The same for both parameters: element i has curvature 0.5 + 0.3 i and its minimum at 0.1 i.
  static double gradient(double w, std::size_t i) {
    const auto x = static_cast<double>(i);
    return (0.5 + 0.3 * x) * (w - 0.1 * x);
  }
  void set_gradients() {
    for (Parameter* parameter : {&W, &b}) {
      auto g = values(parameter->data());
      for (std::size_t i = 0; i < g.size(); ++i) g[i] = gradient(g[i], i);
      parameter->set_grad(Array(g, parameter->shape()).astype(parameter->dtype()).to(parameter->device()));
    }
  }
};

/// One element, one step: updates w and the states; t counts from 1.
using ElementRule = std::function<void(double& w, double g, std::vector<double>& states, double t)>;

/// 20 steps of a new `Rule(options)` on a Bowl against the formula, on every device and in both dtypes; also
/// compares the state.
template <class Rule, class Options>
void check_rule(const Options& options, const std::vector<const char*>& state_names,
                const ElementRule& formula) {
  on_every_device([&](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      CAPTURE(dtype);
      Bowl bowl(dtype, device);
      auto w = values(bowl.W.data());
      auto b = values(bowl.b.data());
      w.insert(w.end(), b.begin(), b.end());
      std::vector<std::vector<double>> states(w.size(), std::vector<double>(state_names.size(), 0.0));

      Rule optimizer(options);
      optimizer.setup(bowl);
      for (int t = 1; t <= 20; ++t) {
        bowl.set_gradients();
        optimizer.update();
        for (std::size_t i = 0; i < w.size(); ++i)
          formula(w[i], Bowl::gradient(w[i], i < 6 ? i : i - 6), states[i], t);
      }
      CHECK(optimizer.t() == 20);
      auto actual = values(bowl.W.data());
      const auto tail = values(bowl.b.data());
      actual.insert(actual.end(), tail.begin(), tail.end());
      const double tolerance = dtype == Dtype::float32 ? 5e-6 : 1e-13;
      check_close(actual, w, tolerance, tolerance);

      const NamedArrays arrays = optimizer.state_arrays();
      const std::size_t count = state_names.size();
      REQUIRE(arrays.size() == 2 + 2 * (1 + count));
      for (std::size_t s = 0; s < count; ++s) {
        CHECK(arrays[3 + s].first == std::string("W/") + state_names[s]);
        CHECK(arrays[4 + count + s].first == std::string("b/") + state_names[s]);
        auto state = values(arrays[3 + s].second);
        const auto state_of_b = values(arrays[4 + count + s].second);
        state.insert(state.end(), state_of_b.begin(), state_of_b.end());
        std::vector<double> expected;
        for (const auto& element : states) expected.push_back(element[s]);
        check_close(state, expected, tolerance, 10 * tolerance);
      }
    }
  });
}

/// With `eps` = 0, elements without gradients do not change, and the others do.
template <class Rule, class Options>
void check_eps_zero(const Options& options) {
  on_every_device([&](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      CAPTURE(dtype);
      Chain model;
      Parameter w = model.param("w", Array({1., 2., 3.}, dtype).to(device));
      Rule optimizer(options);
      optimizer.setup(model);
      for (int t = 0; t < 3; ++t) {
        w.set_grad(Array({0., 1., -1.}, dtype).to(device));
        optimizer.update();
      }
      const auto after = values(w.data());
      CHECK(after[0] == 1);
      CHECK(std::isfinite(after[1]));
      CHECK(std::isfinite(after[2]));
      // AdaDelta's first step has the size of eps.
      if (optimizer.name() != "AdaDelta") CHECK((after[1] < 2 && after[2] > 3));
    }
  });
}

}  // namespace tenbin::testing
