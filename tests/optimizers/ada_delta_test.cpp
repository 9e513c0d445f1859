#include "tenbin/optimizers/ada_delta.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("AdaDelta with its defaults") {
  check_rule<AdaDelta>(AdaDeltaOptions{}, {"msg", "msdx"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.95 * s[0] + 0.05 * g * g;
    const double dx = std::sqrt((s[1] + 1e-6) / (s[0] + 1e-6)) * g;
    s[1] = 0.95 * s[1] + 0.05 * dx * dx;
    w -= dx;
  });
}

TEST_CASE("AdaDelta") {
  check_rule<AdaDelta>(AdaDeltaOptions{.rho = 0.9, .eps = 1e-4}, {"msg", "msdx"},
                       [](double& w, double g, auto& s, double) {
                         s[0] = 0.9 * s[0] + 0.1 * g * g;
                         const double dx = std::sqrt((s[1] + 1e-4) / (s[0] + 1e-4)) * g;
                         s[1] = 0.9 * s[1] + 0.1 * dx * dx;
                         w -= dx;
                       });
}

TEST_CASE("AdaDelta refuses hyperparameters out of range, and changes nothing") {
  Bowl bowl(Dtype::float32);
  const auto before = values(bowl.W.data());
  AdaDelta optimizer;
  optimizer.setup(bowl);
  bowl.set_gradients();
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.rho = 1.5;
    CHECK_THROWS_WITH(optimizer.update(), "AdaDelta: rho must be in [0, 1), got 1.5");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.eps = -1;
    CHECK_THROWS_WITH(optimizer.update(), "AdaDelta: eps must be finite and >= 0, got -1");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.eps = 1e-40;
    CHECK_THROWS_WITH(optimizer.update(), "AdaDelta: eps must be 0 or a normal float32, got 1e-40");
    optimizer.hyperparam = kept;
  }
  CHECK(values(bowl.W.data()) == before);
  CHECK(optimizer.t() == 0);
}

TEST_CASE("AdaDelta with eps = 0 leaves elements without gradients unchanged") {
  check_eps_zero<AdaDelta>(AdaDeltaOptions{.eps = 0});
}
