#include "tenbin/optimizers/sgd.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("SGD", "[gpu]") {
  check_rule<SGD>(SGDOptions{.lr = 0.1}, {}, [](double& w, double g, auto&, double) { w -= 0.1 * g; });
}

TEST_CASE("SGD with its defaults", "[gpu]") {
  check_rule<SGD>(SGDOptions{}, {}, [](double& w, double g, auto&, double) { w -= 0.01 * g; });
}
