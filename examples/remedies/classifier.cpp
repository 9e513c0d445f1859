#include "tenbin/examples/remedies/classifier.h"

#include "tenbin/core/config.h"
#include "tenbin/core/random.h"
#include "tenbin/datasets/minibatches.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/optimizers/optimizer_hooks.h"

namespace tenbin::examples {

Classifier::Classifier(std::size_t n_input, std::size_t n_hidden, std::size_t n_class)
    : hidden_(link("hidden", Linear(n_input, n_hidden, {.initialW = HeNormal()}))),
      output_(link("output", Linear(n_hidden, n_class))) {}

Variable Classifier::operator()(const Variable& x) const { return output_(relu(hidden_(x))); }

Array Classifier::probabilities(const Array& x) const {
  const NoBackprop off;
  return softmax((*this)(x.to(output_.b.device()))).data().to(Device::cpu());
}

Classifier train_classifier(const Dataset& rows, std::size_t n_class, const Loss& loss,
                            const TrainingOptions& training, std::size_t steps, std::uint64_t seed) {
  random::seed(seed);
  const Dataset data = rows.to(training.device);
  Classifier model(data.x.shape()[1], training.n_hidden, n_class);
  model.to(training.device);
  Adam optimizer;
  optimizer.setup(model);
  optimizer.add_hook(WeightDecay(training.weight_decay));
  std::size_t step = 0;
  for (std::uint64_t epoch = 0; step < steps; ++epoch) {
    for (auto [x, t] : Minibatches(data, {.batch_size = training.batch_size, .seed = seed, .epoch = epoch})) {
      if (step == steps) break;
      const std::size_t percent = 100 * step / steps;
      optimizer.hyperparam.alpha = training.alpha * (percent < 60 ? 1 : percent < 85 ? 0.1 : 0.01);
      Variable value = loss(model(x), t);
      model.cleargrads();
      value.backward();
      optimizer.update();
      ++step;
    }
  }
  return model;
}

}  // namespace tenbin::examples
