// ShardedDataset: the rows of a dataset on several ranks, and batches of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/datasets/batch_source.h"
#include "tenbin/distributed/communicator.h"

namespace tenbin {

/// Options of scatter.
struct ScatterOptions {
  std::size_t shards = 8;  ///< that of DataParallel
  /// Rows of integer labels (the last array, of one axis) are dealt class by class, so that every shard has
  /// its share of every class. Otherwise, and for other labels, in their order.
  bool stratify = true;
};

/// A dataset that is cut into shards, of which each rank has some. Which rows are in which shard does not
/// depend on the number of ranks. Made by `scatter` and `load_shards`.
class ShardedDataset {
 public:
  ShardedDataset() = default;

  /// The number of shards, on all ranks, and of their rows.
  std::size_t shards() const { return sizes_.size(); }
  std::size_t size() const { return size_; }
  const std::vector<std::size_t>& sizes() const { return sizes_; }
  /// The labels (the last array) of the rows of all shards, one shard after the other, on every rank, on the
  /// CPU: for class counts and class weights, and for samplers.
  ///
  ///     const Array w = balanced_class_weight(data.labels(), 2);
  const Array& labels() const { return labels_; }
  /// The arrays of the shards of this rank, from number `first_shard()` on.
  const std::vector<detail::Samples>& local() const { return local_; }
  std::size_t first_shard() const { return first_; }
  const Communicator& communicator() const { return comm_; }

  /// For `scatter` and `load_shards`: from the shards of this rank. Errors: shards of different kinds.
  ShardedDataset(const Communicator& comm, std::vector<detail::Samples> local, std::size_t shards);

 private:
  Communicator comm_;
  std::vector<detail::Samples> local_;
  std::size_t first_ = 0;
  std::vector<std::size_t> sizes_;
  std::size_t size_ = 0;
  Array labels_;
};

/// Cuts the dataset of rank 0, and sends each rank its shards; those of the other ranks are not used, and may
/// be empty. No row is repeated or left out. The shards are on the CPU. (ChainerMN: `scatter_dataset`, which
/// repeats rows.)
///
///     Dataset train;
///     if (comm.is_first()) train = load_csv("train.csv", {.label = "fraud"}).dataset();
///     const ShardedDataset data = scatter(train, comm);
///
/// Errors: no rows; more ranks than shards.
template <class Data = Dataset>  // a Dataset, SparseDataset or TupleDataset
ShardedDataset scatter(const Data& data, const Communicator& comm, const ScatterOptions& options = {});

/// A dataset of one file per shard, of which each rank loads its own: for data that no rank has as a whole.
/// `load(shard)` is called for every shard of this rank, 0 to shards - 1. (For one file per rank, `shards` is
/// the number of ranks.)
///
///     const ShardedDataset data = load_shards(comm, 8, [](std::size_t shard) {
///       return load_csv("train-" + std::to_string(shard) + ".csv", {.label = "fraud"}).dataset();
///     });
///
/// Errors: no rows at all; more ranks than shards; shards whose arrays differ in number, dtype or row shape.
template <class Load>
ShardedDataset load_shards(const Communicator& comm, std::size_t shards, Load load);

/// Options of batch_source for a ShardedDataset.
struct ShardedBatchesOptions {
  std::size_t batch_size = 128;            ///< of the whole batch, on all ranks together
  std::optional<std::uint64_t> seed = {};  ///< not set: `random::default_generator()` draws it
  bool shuffle = true;                     ///< false: the rows of every shard in their order
  bool drop_last = false;                  ///< drop the last batch of an epoch if it is shorter
  /// The rows of an epoch, as positions in `labels()`, in the order in which batches take them: a sampler
  /// (resampling/). It is called on every rank and must depend on the epoch alone. Not set: all rows.
  ///
  ///     .rows = [&](std::uint64_t epoch) { return weighted_sample(weight, {.epoch = epoch}); }
  std::function<std::vector<std::size_t>(std::uint64_t epoch)> rows = {};
};

/// The batches of this rank, for DataParallel: `next()` returns the arrays of its first shard, then those of
/// the next. Every row occurs once per epoch. The state that a snapshot saves does not depend on the number
/// of ranks.
///
/// Errors: a batch_size of 0; no batches; of `rows`, a position out of range.
std::unique_ptr<BatchSource> batch_source(ShardedDataset data, ShardedBatchesOptions options = {});

namespace detail {

ShardedDataset scatter(const std::optional<Samples>& samples, const Communicator& comm,
                       const ScatterOptions& options);
ShardedDataset load_shards(const Communicator& comm, std::size_t shards,
                           const std::function<Samples(std::size_t)>& load);

}  // namespace detail

template <class Data>
ShardedDataset scatter(const Data& data, const Communicator& comm, const ScatterOptions& options) {
  std::optional<detail::Samples> samples;
  if (data.size() > 0) samples = detail::arrays_of(data);
  return detail::scatter(samples, comm, options);
}

template <class Load>
ShardedDataset load_shards(const Communicator& comm, std::size_t shards, Load load) {
  return detail::load_shards(
      comm, shards, [&](std::size_t shard) -> detail::Samples { return detail::arrays_of(load(shard)); });
}

}  // namespace tenbin
