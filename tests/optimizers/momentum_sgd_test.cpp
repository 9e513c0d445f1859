#include "tenbin/optimizers/momentum_sgd.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("MomentumSGD", "[gpu]") {
  check_rule<MomentumSGD>(MomentumSGDOptions{.lr = 0.05, .momentum = 0.8}, {"v"},
                          [](double& w, double g, auto& s, double) {
                            s[0] = 0.8 * s[0] - 0.05 * g;
                            w += s[0];
                          });
}

TEST_CASE("MomentumSGD with its defaults", "[gpu]") {
  check_rule<MomentumSGD>(MomentumSGDOptions{}, {"v"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.9 * s[0] - 0.01 * g;
    w += s[0];
  });
}
