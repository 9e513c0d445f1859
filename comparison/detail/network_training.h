// The training of the network of a comparison, pass by pass.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "tenbin/comparison/training_context.h"
#include "tenbin/optimizers/adam.h"

namespace tenbin::detail {

// The random order of the rows in each epoch, which the trainings on the same rows share. Any number of
// threads may use it.
class EpochOrders {
 public:
  EpochOrders(std::size_t n_rows, std::uint64_t seed) : n_rows_(n_rows), seed_(seed) {}

  std::size_t n_rows() const { return n_rows_; }
  std::vector<std::size_t> order(std::uint64_t epoch);

 private:
  std::size_t n_rows_;
  std::uint64_t seed_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::vector<std::uint32_t>> orders_;
};

// A network and its optimizer, between two passes over the rows.
class NetworkTraining {
 public:
  // rows: on the device of the training. `orders`: of the rows before resampling. The initial weights depend
  // on the seed and the sizes alone.
  NetworkTraining(Dataset rows, std::size_t n_class, const NetworkSettings& settings,
                  NetworkFitOptions options, std::uint64_t seed, std::shared_ptr<EpochOrders> orders);

  // One pass over the rows, or the rest of the steps.
  void run_pass();
  bool is_done() const { return step_ == steps_; }
  // On the device of the rows.
  const MLP& model() const { return model_; }

 private:
  std::vector<std::size_t> next_order();
  Variable loss_of(const Dataset& batch) const;
  double alpha() const;

  Dataset rows_;
  NetworkSettings settings_;
  NetworkFitOptions options_;
  std::shared_ptr<EpochOrders> orders_;
  MLP model_;
  Adam optimizer_;
  Adam* weights_;  // the group of the weights, which decay
  std::size_t steps_;
  std::size_t schedule_steps_;
  std::size_t step_ = 0;
  std::uint64_t pass_ = 0;
};

}  // namespace tenbin::detail
