// A training on any number of ranks, for the tests in one process and for those by mpirun.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tenbin/core/hash.h"
#include "tenbin/distributed/data_parallel.h"
#include "tenbin/distributed/sharded_dataset.h"
#include "tenbin/tenbin.h"

namespace tenbin::testing {

/// Everything that a shard could do differently: batch normalization, dropout.
struct ParallelNet : Chain {
  explicit ParallelNet(double dropout_ratio = 0.3) : ratio(dropout_ratio) {}
  Linear l1 = link("l1", Linear(6, 16));
  BatchNormalization bn = link("bn", BatchNormalization(16));
  Linear l2 = link("l2", Linear(16, 3));
  double ratio;
  Variable operator()(const Variable& x) const {
    const Variable h = relu(bn(l1(x)));
    return l2(ratio > 0 ? dropout(h, ratio) : h);
  }
};

/// Three classes of 213, 70 and 18 rows by default, which differ in their first three features.
inline Dataset three_classes(std::size_t rows = 301, std::uint64_t seed = 11) {
  random::Generator rng(seed);
  Array x = rng.normal({rows, 6});
  Array t = Array::empty({rows}, Dtype::int32);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t c = i % 17 == 3 ? 2 : i % 4 == 1 ? 1 : 0;
    t.data<std::int32_t>()[i] = static_cast<std::int32_t>(c);
    x.data<float>()[6 * i + c] += 2.f;
  }
  return Dataset(x, t);
}

/// FNV-1a over the bytes of all parameters and persistent values.
inline std::uint64_t hash_of_state(const Link& model) {
  detail::Fnv1a hash;
  for (const auto& [path, array] : model.state_arrays()) hash.add(array.raw_data(), array.nbytes());
  return hash.value();
}

inline std::unique_ptr<Optimizer> make_optimizer(const std::string& name) {
  if (name == "SGD") return std::make_unique<SGD>(SGDOptions{.lr = 0.05});
  if (name == "MomentumSGD") return std::make_unique<MomentumSGD>(MomentumSGDOptions{.lr = 0.05});
  if (name == "Adam") return std::make_unique<Adam>(AdamOptions{.alpha = 0.01});
  throw Error("no optimizer ", name);
}

/// A training of some steps on batches of 64, of which the last of an epoch has 45 rows: class weights,
/// dropout, clipping, batch normalization. Only rank 0 has the data. Returns the hash of the model.
inline std::uint64_t train_in_parallel(const Communicator& comm, const std::string& optimizer_name,
                                       Normalize normalize, std::size_t steps) {
  random::seed(7);
  const ParallelNet model;
  const auto optimizer = make_optimizer(optimizer_name);
  optimizer->setup(model);
  optimizer->add_hook(GradientClipping(0.5));
  optimizer->add_hook(WeightDecay(1e-3));
  const ShardedDataset data = scatter(comm.is_first() ? three_classes() : Dataset(), comm);
  const Array weight = balanced_class_weight(data.labels(), 3);
  DataParallel parallel(*optimizer, comm);
  const auto batches = batch_source(data, {.batch_size = 64, .seed = 3});
  // One class is ignored, so that the three divisors differ.
  const LossFunction loss = [&](const Array& x, const Array& t) {
    return softmax_cross_entropy(model(x), t,
                                 {.normalize = normalize, .class_weight = weight, .ignore_label = 1});
  };
  for (std::size_t i = 0; i < steps; ++i) parallel.update(loss, batches->next());
  return hash_of_state(model);
}

}  // namespace tenbin::testing
