// The workloads: the same data and the same initial weights for Tenbin, for the floor and for every peer.
#pragma once

#include <string>
#include <vector>

#include "tenbin/core/variable.h"

namespace tenbin::benchmarks {

/// A training step: an MLP with relu between its layers, class-weighted softmax cross entropy divided by the
/// number of samples, backward without the gradient of x, Adam. A measurement is a block of `steps` steps
/// from the initial weights on one batch; the loss is read once, at the block's end.
struct StepWorkload {
  std::string name;  ///< `30-64-64-2/32`
  std::vector<std::size_t> widths;
  std::size_t batch;
  std::size_t steps;
};

/// Small, so that the loss of a block's last step is still far from 0 and differs if a participant does other
/// work.
inline constexpr double adam_alpha = 1e-4;

/// The loss alone, forward and backward, of scores (rows, classes): softmax cross entropy with class weights.
/// Of one class: sigmoid cross entropy, in which the elements with label 1 have a weight.
struct LossWorkload {
  std::string name;  ///< `4096x2`
  std::size_t rows;
  std::size_t classes;
  std::size_t repeats;
};

/// An epoch of the demo's MLP on long-tailed Fashion-MNIST: shuffled minibatches gathered from the data set,
/// momentum SGD of rate 0.05 and momentum 0.9, gradients clipped to norm 5, weight decay 5e-4.
struct EpochWorkload {
  std::string name = "fashion-mnist-lt";
  std::vector<std::size_t> widths = {784, 256, 128, 10};
  std::size_t batch_size = 128;
};

const std::vector<StepWorkload>& step_workloads();
const std::vector<LossWorkload>& loss_workloads();

struct Problem {
  Array x;                        ///< samples or scores
  Array t;                        ///< labels, int32
  Array class_weight;             ///< none for an epoch; for one class one weight, that of label 1
  Array order;                    ///< for an epoch: the samples in the order of its minibatches, int64
  std::vector<Array> parameters;  ///< W0 b0 W1 b1 ...; none for the loss alone
  /// The last loss of a block, computed in float64: a participant with another loss did other work.
  double expected_loss;
};

/// The problem of a workload, from `<directory>/<step, loss or epoch>-<name>.npz`. If the file does not
/// exist, the problem is generated from a fixed seed and written there.
Problem load(const StepWorkload& workload, const std::string& directory);
Problem load(const LossWorkload& workload, const std::string& directory);
Problem load(const EpochWorkload& workload, const std::string& directory);

/// The loss of scores x.
Variable loss_of(const LossWorkload& workload, const Problem& problem, const Variable& x);

/// The directory that `load` reads: TENBIN_BENCH_DATA, or the current directory.
std::string data_directory();

/// Throws if a loss differs from the expected one by more than float32's rounding, a thousandth; TF32 needs a
/// larger tolerance.
void require_expected(const std::string& who, double loss, const Problem& problem, double tolerance = 1e-3);

}  // namespace tenbin::benchmarks
