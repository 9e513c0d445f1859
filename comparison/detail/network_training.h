// The training of the network of a comparison, pass by pass.
#pragma once

#include <cstdint>

#include "tenbin/comparison/training_context.h"
#include "tenbin/optimizers/adam.h"

namespace tenbin::detail {

// A network and its optimizer, between two passes over the rows.
class NetworkTraining {
 public:
  // rows: on the device of the training. `steps_per_epoch`: of the rows before resampling. The initial
  // weights depend on the seed and the sizes alone.
  NetworkTraining(Dataset rows, std::size_t n_class, const NetworkSettings& settings,
                  NetworkFitOptions options, std::uint64_t seed, std::size_t steps_per_epoch);

  // One pass over the rows, or the rest of the steps.
  void run_pass();
  bool is_done() const { return step_ == steps_; }
  // On the device of the rows.
  const MLP& model() const { return model_; }

 private:
  Variable loss_of(const Dataset& batch) const;
  double alpha() const;

  Dataset rows_;
  NetworkSettings settings_;
  NetworkFitOptions options_;
  std::uint64_t seed_;
  MLP model_;
  Adam optimizer_;
  Adam* weights_;  // the group of the weights, which decay
  std::size_t steps_;
  std::size_t schedule_steps_;
  std::size_t step_ = 0;
  std::uint64_t pass_ = 0;
};

// The number of batches of n_rows rows.
std::size_t steps_per_epoch(std::size_t n_rows, const NetworkSettings& settings);

}  // namespace tenbin::detail
