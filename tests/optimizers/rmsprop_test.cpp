#include "tenbin/optimizers/rmsprop.h"

#include <limits>

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("RMSprop with its defaults") {
  check_rule<RMSprop>(RMSpropOptions{}, {"ms"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.99 * s[0] + 0.01 * g * g;
    w -= 0.01 * g / (std::sqrt(s[0]) + 1e-8);
  });
}

TEST_CASE("RMSprop") {
  check_rule<RMSprop>(RMSpropOptions{.lr = 0.05, .alpha = 0.9, .eps = 1e-2}, {"ms"},
                      [](double& w, double g, auto& s, double) {
                        s[0] = 0.9 * s[0] + 0.1 * g * g;
                        w -= 0.05 * g / (std::sqrt(s[0]) + 1e-2);
                      });
}

TEST_CASE("RMSprop with eps inside the root") {
  check_rule<RMSprop>(RMSpropOptions{.lr = 0.05, .alpha = 0.9, .eps = 1e-2, .eps_inside_sqrt = true}, {"ms"},
                      [](double& w, double g, auto& s, double) {
                        s[0] = 0.9 * s[0] + 0.1 * g * g;
                        w -= 0.05 * g / std::sqrt(s[0] + 1e-2);
                      });
}

TEST_CASE("RMSprop refuses hyperparameters out of range, and changes nothing") {
  Bowl bowl(Dtype::float32);
  const auto before = values(bowl.W.data());
  RMSprop optimizer;
  optimizer.setup(bowl);
  bowl.set_gradients();
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.lr = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(optimizer.update(), "RMSprop: lr must be finite, got nan");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.alpha = 1;
    CHECK_THROWS_WITH(optimizer.update(), "RMSprop: alpha must be in [0, 1), got 1");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.eps = -1;
    CHECK_THROWS_WITH(optimizer.update(), "RMSprop: eps must be finite and >= 0, got -1");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.eps = 1e-40;
    CHECK_THROWS_WITH(optimizer.update(), "RMSprop: eps must be 0 or a normal float32, got 1e-40");
    optimizer.hyperparam = kept;
  }
  CHECK(values(bowl.W.data()) == before);
  CHECK(optimizer.t() == 0);
}

TEST_CASE("RMSprop with eps = 0 leaves elements without gradients unchanged") {
  check_eps_zero<RMSprop>(RMSpropOptions{.eps = 0});
  check_eps_zero<RMSprop>(RMSpropOptions{.eps = 0, .eps_inside_sqrt = true});
}
