// A small training for the tests of the trainer: everything that decides how it goes on.
#pragma once

#include <memory>

#include "tenbin/core/hash.h"
#include "tenbin/tenbin.h"

namespace tenbin::testing {

struct SmallNet : Chain {
  Linear l1 = link("l1", Linear(4, 8));
  Linear l2 = link("l2", Linear(8, 2));
  Variable operator()(const Variable& x) const { return l2(dropout(relu(l1(x)), 0.3)); }
};

/// Two classes, 1 in 4 positive; 50 rows by default: batches of 8 leave a short last one.
inline Dataset two_classes(std::size_t rows = 50, std::uint64_t seed = 5) {
  random::Generator rng(seed);
  Array x = rng.normal({rows, 4});
  Array t = Array::empty({rows}, Dtype::int32);
  for (std::size_t i = 0; i < rows; ++i) {
    t.data<std::int32_t>()[i] = i % 4 == 0 ? 1 : 0;
    x.data<float>()[4 * i] += i % 4 == 0 ? 1.f : 0.f;
  }
  return Dataset(x, t);
}

/// The model, optimizer and data of a training, and a trainer on them.
struct SmallTraining {
  explicit SmallTraining(const std::string& out, Trigger stop = Epochs(3), const UpdaterOptions& options = {})
      : train(two_classes()) {
    random::seed(1);
    model = SmallNet();
    optimizer.setup(model);
    const SmallNet net = model;
    trainer = std::make_unique<Trainer>(
        Updater(
            Minibatches(train, {.batch_size = 8, .seed = 3}), optimizer,
            [net](const Array& x, const Array& t) { return softmax_cross_entropy(net(x), t); }, options),
        TrainerOptions{std::move(stop), out});
  }

  Dataset train;
  SmallNet model;
  Adam optimizer{{.alpha = 0.01}};
  std::unique_ptr<Trainer> trainer;
};

/// All parameters of a model, one after the other.
inline std::vector<double> parameters_of(const Link& model) {
  std::vector<double> all;
  for (const Parameter& parameter : model.params())
    for (const double value : parameter.data().to_vector<double>()) all.push_back(value);
  return all;
}

/// FNV-1a over the bytes of all parameters, which are on the CPU.
inline std::uint64_t hash_of(const Link& model) {
  detail::Fnv1a hash;
  for (const Parameter& parameter : model.params())
    hash.add(parameter.data().raw_data(), parameter.data().nbytes());
  return hash.value();
}

}  // namespace tenbin::testing
