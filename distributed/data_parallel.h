// DataParallel: one training on several processes, with the result of one.
#pragma once

#include <functional>
#include <memory>

#include "tenbin/distributed/communicator.h"
#include "tenbin/optimizers/optimizer.h"
#include "tenbin/training/updater.h"

namespace tenbin {

/// Options of DataParallel.
struct DataParallelOptions {
  /// The number of parts that every batch is cut into, and the most ranks that can share the work. It decides
  /// the bits of the result, so it stays the same when the number of ranks changes. That of `scatter`.
  std::size_t shards = 8;
};

/// A training step on a batch that is cut into shards, which the ranks share. (ChainerMN:
/// `create_multi_node_optimizer`.)
///
///     DataParallel parallel(optimizer, comm);
///     auto batches = batch_source(scatter(train, comm), {.batch_size = 4096, .seed = 1});
///     while (batches->epoch() < 20) {
///       const double loss = parallel.update(
///           [&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); },
///           batches->next());
///     }
///
/// **The result is that of the whole batch**, with the same bits on any number of ranks, and without MPI:
///
/// - A loss of this library divides by what the whole batch has: rows, labels that are not ignored, weights.
///   For losses of one's own there is `batch_mean`. (The mean of the ranks' weighted means, as elsewhere, is
///   another number.) Terms that do not depend on rows, such as `sum(W * W)`, count once.
/// - BatchNormalization takes mean and variance of the whole batch. Other functions see the rows of a shard:
///   but for BatchNormalization, each element that a loss or `batch_mean` gets must depend on its own row
///   alone.
/// - The gradients of the shards are added in a fixed order, and the optimizer's hooks see the sum: a clipped
///   norm is that of the batch.
/// - Every shard has its own random numbers, for dropout, derived from the default generator.
///
/// The loss function is called once for every shard of this rank, with the rows of the shard, of which there
/// may be none; each call runs in a thread of its own, one at a time. It must call the same functions for
/// every shard: a branch that depends on the rows is an error where it changes that. A loss that is not the
/// same in every shard, as that of `mean`, which knows a shard only, is an error.
///
/// Before the first step, rank 0 sends its parameters, persistent values and the optimizer's state to the
/// others; a parameter without a size gets it from the loss of no rows. Every rank then does every update.
/// The optimizer has been set up, and must outlive this object. Gradients of variables that are not
/// parameters of its model are those of this rank's shards. The bits are the same as long as all ranks run on
/// processors with the same instructions.
///
/// Errors: more ranks than shards; parameters that differ in name, shape or dtype between the ranks, or later
/// in their values; other hyperparameters; a parameter that the first loss gives no size;
/// `random::default_generator()` in different states. An error on one rank is an error on all.
class DataParallel {
 public:
  explicit DataParallel(Optimizer& optimizer, Communicator comm = {},
                        const DataParallelOptions& options = {});
  DataParallel(DataParallel&&) noexcept;
  ~DataParallel();

  /// One step: loss, backward, update. `batch`: the arrays of the first shard of this rank, then those of the
  /// next, as `batch_source(ShardedDataset)` returns them. Returns the loss of the whole batch.
  double update(const LossFunction& loss, const Arrays& batch);

  /// The same as a function for an Updater, which reports the loss, and what the loss function reports, as
  /// the mean over all rows of the batch.
  ///
  ///     Updater updater(batch_source(scatter(train, comm), {.batch_size = 4096}), optimizer,
  ///                     parallel.step([&](const Array& x, const Array& t) { ... }));
  ///
  /// For the Updater it is a loss that returns nothing: not with `accumulate` or `capture`, and DumpGraph
  /// does not see it.
  std::function<void(const Arrays& batch)> step(LossFunction loss);

  const Communicator& communicator() const;

 private:
  struct State;
  // Errors: moved from.
  const std::shared_ptr<State>& state(const char* call) const;

  std::shared_ptr<State> state_;
};

}  // namespace tenbin
