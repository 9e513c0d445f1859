// The hyperparameters that a rule refuses, one row each: rule, hyperparameter, value, error.
#include <limits>
#include <utility>

#include "tenbin/optimizers/ada_delta.h"
#include "tenbin/optimizers/ada_grad.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/optimizers/momentum_sgd.h"
#include "tenbin/optimizers/nesterov_ag.h"
#include "tenbin/optimizers/rmsprop.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/tests/optimizers/optimizer_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Sets one hyperparameter between two updates, as a schedule would: the update throws and changes neither the
// parameters nor the state, and the optimizer goes on once the hyperparameter has its old value again.
template <class Rule, auto hyperparameter>
void refused(double value, const std::string& error) {
  Bowl bowl(Dtype::float32);
  Rule optimizer;
  optimizer.setup(bowl);
  bowl.set_gradients();
  optimizer.update();
  const auto everything = [&] {
    std::vector<std::vector<double>> all = {values(bowl.W.data()), values(bowl.b.data())};
    for (const auto& named : optimizer.state_arrays()) all.push_back(values(named.second));
    return all;
  };
  const auto before = everything();

  const double good = std::exchange(optimizer.hyperparam.*hyperparameter, value);
  CHECK_THROWS_WITH(optimizer.update(), error);
  CHECK(everything() == before);
  CHECK(optimizer.t() == 1);

  optimizer.hyperparam.*hyperparameter = good;
  optimizer.update();
  CHECK(everything() != before);
  CHECK(optimizer.t() == 2);
}

struct Refusal {
  void (*check)(double value, const std::string& error);
  double value;
  const char* error;
};

}  // namespace

TEST_CASE("optimizers refuse hyperparameters out of range, and change nothing") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Refusal refusals[] = {
      {refused<SGD, &SGDOptions::lr>, nan, "SGD: lr must be finite, got nan"},
      {refused<SGD, &SGDOptions::lr>, -inf, "SGD: lr must be finite, got -inf"},

      {refused<MomentumSGD, &MomentumSGDOptions::lr>, nan, "MomentumSGD: lr must be finite, got nan"},
      {refused<MomentumSGD, &MomentumSGDOptions::momentum>, 1,
       "MomentumSGD: momentum must be in [0, 1), got 1"},
      {refused<MomentumSGD, &MomentumSGDOptions::momentum>, -0.5,
       "MomentumSGD: momentum must be in [0, 1), got -0.5"},

      {refused<NesterovAG, &NesterovAGOptions::lr>, nan, "NesterovAG: lr must be finite, got nan"},
      {refused<NesterovAG, &NesterovAGOptions::momentum>, 1, "NesterovAG: momentum must be in [0, 1), got 1"},
      {refused<NesterovAG, &NesterovAGOptions::momentum>, nan,
       "NesterovAG: momentum must be in [0, 1), got nan"},

      {refused<AdaGrad, &AdaGradOptions::lr>, nan, "AdaGrad: lr must be finite, got nan"},
      {refused<AdaGrad, &AdaGradOptions::eps>, -1, "AdaGrad: eps must be finite and >= 0, got -1"},
      {refused<AdaGrad, &AdaGradOptions::eps>, 1e-40,
       "AdaGrad: eps must be 0 or a normal float32, got 1e-40"},

      {refused<AdaDelta, &AdaDeltaOptions::rho>, 1.5, "AdaDelta: rho must be in [0, 1), got 1.5"},
      {refused<AdaDelta, &AdaDeltaOptions::eps>, -1, "AdaDelta: eps must be finite and >= 0, got -1"},
      {refused<AdaDelta, &AdaDeltaOptions::eps>, 1e-40,
       "AdaDelta: eps must be 0 or a normal float32, got 1e-40"},

      {refused<RMSprop, &RMSpropOptions::lr>, nan, "RMSprop: lr must be finite, got nan"},
      {refused<RMSprop, &RMSpropOptions::alpha>, 1, "RMSprop: alpha must be in [0, 1), got 1"},
      {refused<RMSprop, &RMSpropOptions::eps>, -1, "RMSprop: eps must be finite and >= 0, got -1"},
      {refused<RMSprop, &RMSpropOptions::eps>, 1e-40,
       "RMSprop: eps must be 0 or a normal float32, got 1e-40"},

      {refused<Adam, &AdamOptions::alpha>, inf, "Adam: alpha must be finite, got inf"},
      {refused<Adam, &AdamOptions::beta1>, 1.5, "Adam: beta1 must be in [0, 1), got 1.5"},
      {refused<Adam, &AdamOptions::beta2>, 1, "Adam: beta2 must be in [0, 1), got 1"},
      {refused<Adam, &AdamOptions::eps>, -1, "Adam: eps must be finite and >= 0, got -1"},
      {refused<Adam, &AdamOptions::eps>, inf, "Adam: eps must be finite and >= 0, got inf"},
      {refused<Adam, &AdamOptions::eps>, 1e-40, "Adam: eps must be 0 or a normal float32, got 1e-40"},
      {refused<Adam, &AdamOptions::eta>, nan, "Adam: eta must be finite, got nan"},
      {refused<Adam, &AdamOptions::weight_decay_rate>, inf,
       "Adam: weight_decay_rate must be finite, got inf"},
      {refused<AdamW, &AdamOptions::weight_decay_rate>, nan,
       "AdamW: weight_decay_rate must be finite, got nan"},
      {refused<AMSGrad, &AdamOptions::beta2>, -1, "AMSGrad: beta2 must be in [0, 1), got -1"},
      {refused<AdaBound, &AdamOptions::alpha>, nan, "AdaBound: alpha must be finite, got nan"},
      {refused<AdaBound, &AdamOptions::alpha>, -0.5,
       "AdaBound: alpha must be of the sign of the initial alpha, which must not be 0, got -0.5"},
      {refused<AdaBound, &AdamOptions::final_lr>, -1, "AdaBound: final_lr must be finite and >= 0, got -1"},
      {refused<AdaBound, &AdamOptions::gamma>, 0, "AdaBound: gamma must be finite and > 0, got 0"},
  };
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.error);
    refusal.check(refusal.value, refusal.error);
  }
}
