#include "tenbin/optimizers/ada_grad.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("AdaGrad", "[gpu]") {
  check_rule<AdaGrad>(AdaGradOptions{.lr = 0.5}, {"h"}, [](double& w, double g, auto& s, double) {
    s[0] += g * g;
    w -= 0.5 * g / (std::sqrt(s[0]) + 1e-8);
  });
}

TEST_CASE("AdaGrad with another eps", "[gpu]") {
  check_rule<AdaGrad>(AdaGradOptions{.eps = 0.1}, {"h"}, [](double& w, double g, auto& s, double) {
    s[0] += g * g;
    w -= 0.001 * g / (std::sqrt(s[0]) + 0.1);
  });
}

TEST_CASE("AdaGrad with eps = 0 leaves what has no gradients", "[gpu]") {
  check_eps_zero<AdaGrad>(AdaGradOptions{.eps = 0});
}
