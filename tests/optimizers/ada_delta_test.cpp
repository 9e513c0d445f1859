#include "tenbin/optimizers/ada_delta.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("AdaDelta with its defaults", "[gpu]") {
  check_rule<AdaDelta>(AdaDeltaOptions{}, {"msg", "msdx"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.95 * s[0] + 0.05 * g * g;
    const double dx = std::sqrt((s[1] + 1e-6) / (s[0] + 1e-6)) * g;
    s[1] = 0.95 * s[1] + 0.05 * dx * dx;
    w -= dx;
  });
}

TEST_CASE("AdaDelta", "[gpu]") {
  check_rule<AdaDelta>(AdaDeltaOptions{.rho = 0.9, .eps = 1e-4}, {"msg", "msdx"},
                       [](double& w, double g, auto& s, double) {
                         s[0] = 0.9 * s[0] + 0.1 * g * g;
                         const double dx = std::sqrt((s[1] + 1e-4) / (s[0] + 1e-4)) * g;
                         s[1] = 0.9 * s[1] + 0.1 * dx * dx;
                         w -= dx;
                       });
}

TEST_CASE("AdaDelta with eps = 0 leaves what has no gradients", "[gpu]") {
  check_eps_zero<AdaDelta>(AdaDeltaOptions{.eps = 0});
}
