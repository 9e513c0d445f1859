#include "tenbin/optimizers/rmsprop.h"

#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("RMSprop with its defaults", "[gpu]") {
  check_rule<RMSprop>(RMSpropOptions{}, {"ms"}, [](double& w, double g, auto& s, double) {
    s[0] = 0.99 * s[0] + 0.01 * g * g;
    w -= 0.01 * g / (std::sqrt(s[0]) + 1e-8);
  });
}

TEST_CASE("RMSprop", "[gpu]") {
  check_rule<RMSprop>(RMSpropOptions{.lr = 0.05, .alpha = 0.9, .eps = 1e-2}, {"ms"},
                      [](double& w, double g, auto& s, double) {
                        s[0] = 0.9 * s[0] + 0.1 * g * g;
                        w -= 0.05 * g / (std::sqrt(s[0]) + 1e-2);
                      });
}

TEST_CASE("RMSprop with eps inside the root", "[gpu]") {
  check_rule<RMSprop>(RMSpropOptions{.lr = 0.05, .alpha = 0.9, .eps = 1e-2, .eps_inside_sqrt = true}, {"ms"},
                      [](double& w, double g, auto& s, double) {
                        s[0] = 0.9 * s[0] + 0.1 * g * g;
                        w -= 0.05 * g / std::sqrt(s[0] + 1e-2);
                      });
}

TEST_CASE("RMSprop with eps = 0 leaves what has no gradients", "[gpu]") {
  check_eps_zero<RMSprop>(RMSpropOptions{.eps = 0});
  check_eps_zero<RMSprop>(RMSpropOptions{.eps = 0, .eps_inside_sqrt = true});
}
