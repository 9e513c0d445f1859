#include "tenbin/optimizers/nesterov_ag.h"

#include <limits>

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("NesterovAG") {
  check_rule<NesterovAG>(NesterovAGOptions{.lr = 0.05, .momentum = 0.8}, {"v"},
                         [](double& w, double g, auto& s, double) {
                           s[0] = 0.8 * s[0] - 0.05 * g;
                           w += 0.8 * 0.8 * s[0] - 1.8 * 0.05 * g;
                         });
}

TEST_CASE("NesterovAG with its defaults") {
  check_rule<NesterovAG>(NesterovAGOptions{}, {"v"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.9 * s[0] - 0.01 * g;
    w += 0.9 * 0.9 * s[0] - 1.9 * 0.01 * g;
  });
}

TEST_CASE("NesterovAG refuses hyperparameters out of range, and changes nothing") {
  Bowl bowl(Dtype::float32);
  const auto before = values(bowl.W.data());
  NesterovAG optimizer;
  optimizer.setup(bowl);
  bowl.set_gradients();
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.lr = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(optimizer.update(), "NesterovAG: lr must be finite, got nan");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.momentum = 1;
    CHECK_THROWS_WITH(optimizer.update(), "NesterovAG: momentum must be in [0, 1), got 1");
    optimizer.hyperparam = kept;
  }
  CHECK(values(bowl.W.data()) == before);
  CHECK(optimizer.t() == 0);
}
