#include "tenbin/optimizers/momentum_sgd.h"

#include <limits>

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("MomentumSGD") {
  check_rule<MomentumSGD>(MomentumSGDOptions{.lr = 0.05, .momentum = 0.8}, {"v"},
                          [](double& w, double g, auto& s, double) {
                            s[0] = 0.8 * s[0] - 0.05 * g;
                            w += s[0];
                          });
}

TEST_CASE("MomentumSGD with its defaults") {
  check_rule<MomentumSGD>(MomentumSGDOptions{}, {"v"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.9 * s[0] - 0.01 * g;
    w += s[0];
  });
}

TEST_CASE("MomentumSGD refuses hyperparameters out of range, and changes nothing") {
  Bowl bowl(Dtype::float32);
  const auto before = values(bowl.W.data());
  MomentumSGD optimizer;
  optimizer.setup(bowl);
  bowl.set_gradients();
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.lr = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(optimizer.update(), "MomentumSGD: lr must be finite, got nan");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.momentum = 1;
    CHECK_THROWS_WITH(optimizer.update(), "MomentumSGD: momentum must be in [0, 1), got 1");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.momentum = -0.5;
    CHECK_THROWS_WITH(optimizer.update(), "MomentumSGD: momentum must be in [0, 1), got -0.5");
    optimizer.hyperparam = kept;
  }
  CHECK(values(bowl.W.data()) == before);
  CHECK(optimizer.t() == 0);
}
