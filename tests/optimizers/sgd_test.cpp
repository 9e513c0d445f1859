#include "tenbin/optimizers/sgd.h"

#include <limits>

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("SGD") {
  check_rule<SGD>(SGDOptions{.lr = 0.1}, {}, [](double& w, double g, auto&, double) { w -= 0.1 * g; });
}

TEST_CASE("SGD with its defaults") {
  check_rule<SGD>(SGDOptions{}, {}, [](double& w, double g, auto&, double) { w -= 0.01 * g; });
}

TEST_CASE("SGD refuses hyperparameters out of range, and changes nothing") {
  Bowl bowl(Dtype::float32);
  const auto before = values(bowl.W.data());
  SGD optimizer;
  optimizer.setup(bowl);
  bowl.set_gradients();
  {
    const auto kept = optimizer.hyperparam;
    optimizer.hyperparam.lr = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(optimizer.update(), "SGD: lr must be finite, got nan");
    optimizer.hyperparam = kept;
  }
  CHECK(values(bowl.W.data()) == before);
  CHECK(optimizer.t() == 0);
}
