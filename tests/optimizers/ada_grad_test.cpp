#include "tenbin/optimizers/ada_grad.h"

#include <limits>

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("AdaGrad") {
  check_rule<AdaGrad>(AdaGradOptions{.lr = 0.5}, {"h"}, [](double& w, double g, auto& s, double) {
    s[0] += g * g;
    w -= 0.5 * g / (std::sqrt(s[0]) + 1e-8);
  });
}

TEST_CASE("AdaGrad with another eps") {
  check_rule<AdaGrad>(AdaGradOptions{.eps = 0.1}, {"h"}, [](double& w, double g, auto& s, double) {
    s[0] += g * g;
    w -= 0.001 * g / (std::sqrt(s[0]) + 0.1);
  });
}

TEST_CASE("AdaGrad refuses hyperparameters out of range, and changes nothing") {
  Bowl bowl(Dtype::float32);
  const auto before = values(bowl.W.data());
  AdaGrad optimizer;
  optimizer.setup(bowl);
  bowl.set_gradients();
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.lr = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(optimizer.update(), "AdaGrad: lr must be finite, got nan");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.eps = -1;
    CHECK_THROWS_WITH(optimizer.update(), "AdaGrad: eps must be finite and >= 0, got -1");
    optimizer.hyperparam = kept;
  }
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.eps = 1e-40;
    CHECK_THROWS_WITH(optimizer.update(), "AdaGrad: eps must be 0 or a normal float32, got 1e-40");
    optimizer.hyperparam = kept;
  }
  CHECK(values(bowl.W.data()) == before);
  CHECK(optimizer.t() == 0);
}

TEST_CASE("AdaGrad with eps = 0 leaves elements without gradients unchanged") {
  check_eps_zero<AdaGrad>(AdaGradOptions{.eps = 0});
}
