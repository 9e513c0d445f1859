#include "tenbin/optimizers/nesterov_ag.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("NesterovAG", "[gpu]") {
  check_rule<NesterovAG>(NesterovAGOptions{.lr = 0.05, .momentum = 0.8}, {"v"},
                         [](double& w, double g, auto& s, double) {
                           s[0] = 0.8 * s[0] - 0.05 * g;
                           w += 0.8 * 0.8 * s[0] - 1.8 * 0.05 * g;
                         });
}

TEST_CASE("NesterovAG with its defaults", "[gpu]") {
  check_rule<NesterovAG>(NesterovAGOptions{}, {"v"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.9 * s[0] - 0.01 * g;
    w += 0.9 * 0.9 * s[0] - 1.9 * 0.01 * g;
  });
}
