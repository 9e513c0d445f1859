// Minibatches: a dataset cut into batches for training.
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/core/random.h"
#include "tenbin/datasets/dataset.h"
#include "tenbin/datasets/sparse_dataset.h"
#include "tenbin/datasets/tuple_dataset.h"

namespace tenbin {

/// Changes a batch: gets its arrays, in the order of the dataset, and a generator that depends on the seed,
/// the epoch and the index of the batch alone. Returns as many arrays, with equally many rows. It may run in
/// any thread: it must not use `random::default_generator()`, nor change what others use. The arrays of
/// batches that are not shuffled share the dataset's memory: make new ones.
///
///     Arrays add_noise(Arrays batch, random::Generator& rng) {
///       batch[0] = (Variable(batch[0]) + rng.normal(batch[0].shape(), 0, 0.1)).data();
///       return batch;
///     }
using BatchTransform = std::function<Arrays(Arrays batch, random::Generator& generator)>;

struct MinibatchesOptions {
  std::size_t batch_size = 128;
  std::optional<std::uint64_t> seed = {};   ///< 1, if the epoch is given
  std::optional<std::uint64_t> epoch = {};  ///< gives every epoch its own order, which depends on (seed,
                                            ///< epoch) alone
  bool shuffle = true;                      ///< false: file order, as for a test set
  bool drop_last = false;                   ///< drop the last batch if it is shorter than the others
  BatchTransform transform = {};            ///< changes each batch
};

namespace detail {

// A pass over the rows: their order, and what its random numbers depend on.
struct BatchPass {
  std::shared_ptr<const std::vector<std::size_t>> order;  // null: file order
  Array order_on_gpu;  // the same on the dataset's device, if that is a GPU
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;  // of the pass of its object, from 1
};

// What batches are made of: arrays with equally many rows, and sparse rows of the same number, if x is set.
// They are the first arrays of a batch (CsrParts).
struct Samples {
  Samples(Arrays with_equal_rows)  // NOLINT(google-explicit-constructor)
      : arrays(std::move(with_equal_rows)) {}
  Samples(CsrMatrix sparse, Arrays with_equal_rows)
      : arrays(std::move(with_equal_rows)), x(std::move(sparse)) {}

  Arrays arrays;
  CsrMatrix x;
};

// What Minibatches are for any number of arrays, without their names and types.
class BatchPlan {
 public:
  // Precondition: `require_rows`. Errors: a batch_size of 0; a row out of range; a transform of sparse rows.
  BatchPlan(Samples samples, std::optional<std::vector<std::size_t>> rows, MinibatchesOptions options);

  std::size_t size() const;  // the number of batches of a pass
  std::size_t rows() const { return count_; }
  std::size_t samples() const { return data_.arrays[0].shape()[0]; }
  std::size_t rows_before(std::size_t batch) const;  // in the batches of a pass
  const MinibatchesOptions& options() const { return options_; }
  const std::optional<std::vector<std::size_t>>& chosen_rows() const { return rows_; }
  Device device() const { return data_.arrays[0].device(); }

  // Starts a pass, the first time the one whose order was drawn at construction.
  const BatchPass& begin();
  const BatchPass& pass() const { return pass_; }
  bool has_begun() const { return begun_; }
  // Batch i of a pass. May be called by several threads, also while `begin` runs.
  Arrays batch(const BatchPass& pass, std::size_t i) const;

  // The pass of a seed and an epoch, for `restore`, which makes it the current one.
  BatchPass pass_of(std::uint64_t seed, std::uint64_t epoch) const;
  void restore(BatchPass pass, std::uint64_t passes, bool begun);
  std::uint64_t passes() const { return passes_; }

 private:
  BatchPass next_pass();
  Arrays transformed(Arrays batch, const BatchPass& pass, std::size_t i) const;

  Samples data_;
  MinibatchesOptions options_;
  std::optional<std::vector<std::size_t>> rows_;  // the rows that a sampler chose
  std::size_t count_;                             // rows per pass
  std::uint64_t passes_ = 0;                      // passes whose order was drawn
  std::uint64_t numbers_ = 0;                     // passes that were made, restored ones too
  bool begun_ = false;                            // whether the last of them was started by begin()
  BatchPass pass_;
};

// How a dataset is made of arrays.
inline Arrays arrays_of(const Dataset& data) {
  require_rows(data.x, data.t);  // the members are public and may have been assigned
  return {data.x, data.t};
}
template <std::size_t N>
Arrays arrays_of(const TupleDataset<N>& data) {
  Arrays arrays = data.arrays();
  require_rows("TupleDataset", arrays);
  return arrays;
}
inline Samples arrays_of(const SparseDataset& data) {
  require_rows(data.x, data.t);
  return {data.x, {data.t}};
}
inline void make_of(Arrays&& arrays, Dataset& made) {
  made.x = std::move(arrays[0]);
  made.t = std::move(arrays[1]);
}
inline void make_of(Arrays&& arrays, SparseDataset& made) {
  made.x = CsrParts::matrix(arrays);
  made.t = std::move(arrays[CsrParts::count]);
}
template <std::size_t N>
void make_of(Arrays&& arrays, TupleDataset<N>& made) {
  for (std::size_t i = 0; i < N; ++i) made[i] = std::move(arrays[i]);
}

// An input iterator over the batches of a pass. `Range` has `batch(pass, i)`.
template <class Range, class Data>
class BatchIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Data;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Data;

  BatchIterator() = default;
  BatchIterator(const Range& range, BatchPass pass, std::size_t i)
      : range_(&range), pass_(std::move(pass)), i_(i) {}
  Data operator*() const { return range_->batch(pass_, i_); }
  BatchIterator& operator++() {
    ++i_;
    return *this;
  }
  void operator++(int) { ++i_; }
  bool operator==(const BatchIterator& other) const { return i_ == other.i_; }
  bool operator!=(const BatchIterator& other) const { return i_ != other.i_; }

 private:
  const Range* range_ = nullptr;
  BatchPass pass_;
  std::size_t i_ = 0;
};

struct PlanOf;

}  // namespace detail

/// A dataset in batches, every sample once per pass. An input range, also for `std::views`. `Data` is
/// Dataset, TupleDataset or SparseDataset, and the type of a batch. The compiler deduces it; a parameter is a
/// `const Minibatches<>&`.
///
/// A batch has arrays (batch_size, ...) of the dataset's dtypes and device; the last batch is shorter if N is
/// not a multiple of batch_size. Shuffled batches are copies in memory from the pool, so that after the first
/// pass a loop allocates nothing from the system; without shuffling they share the dataset's memory. The
/// batches of a dataset on a GPU (`Dataset::to`) are gathered there: the order is uploaded once, a batch
/// uploads nothing. Errors: a batch_size of 0; a transform that returns another number of arrays, or of
/// sparse rows. The positions of sparse rows are found on the CPU, and uploaded for every batch.
///
/// The order of shuffled batches:
///
///     {.seed = 1, .epoch = epoch}   that of the seed and the epoch, in every pass over the object
///     {.epoch = epoch}              the same, with seed 1
///     {.seed = 1}                   epoch 0 in the first pass over the object, 1 in the second, ...
///     {}                            another in every pass: `random::default_generator()` draws it, so that
///                                   `random::seed` repeats a program (Chainer and NumPy do the same)
///
/// `begin()` starts a pass, and `batches[i]` belongs to the pass that was started last, or to the first pass
/// if none was started. An iterator keeps the order of its pass. Since the object counts its passes, it must
/// not be used from several threads.
///
///     const Dataset data = train.to(device);
///     for (std::uint64_t epoch = 0; epoch < 20; ++epoch)
///       for (auto [x, t] : Minibatches(data, {.batch_size = 128, .seed = 1, .epoch = epoch})) {
///         Variable loss = softmax_cross_entropy(model(x), t);
///         ...
///       }
template <class Data = Dataset>
class Minibatches {
 public:
  explicit Minibatches(const std::common_type_t<Data>& dataset, const MinibatchesOptions& options = {})
      : plan_(detail::arrays_of(dataset), std::nullopt, options) {}
  /// One pass over the rows that a sampler chose (resampling/): an index may occur more than once, or never.
  /// `shuffle` mixes them; without it they keep their order. Errors: also an index out of range.
  ///
  ///     Minibatches(train, random_under_sample(train.t), {.batch_size = 128, .epoch = epoch})
  Minibatches(const std::common_type_t<Data>& dataset, std::vector<std::size_t> rows,
              const MinibatchesOptions& options)
      : plan_(detail::arrays_of(dataset), std::move(rows), options) {}

  /// The number of batches.
  std::size_t size() const { return plan_.size(); }
  /// Batch i. Errors: i >= size().
  Data operator[](std::size_t i) const { return batch(plan_.pass(), i); }

  using Iterator = detail::BatchIterator<Minibatches, Data>;
  Iterator begin() const { return {*this, plan_.begin(), 0}; }
  Iterator end() const { return {*this, {}, size()}; }

 private:
  friend Iterator;
  friend detail::PlanOf;

  Data batch(const detail::BatchPass& pass, std::size_t i) const {
    Data made;
    detail::make_of(plan_.batch(pass, i), made);
    return made;
  }

  // A const range counts its passes too: otherwise it would silently repeat its order.
  mutable detail::BatchPlan plan_;
};

Minibatches(const Dataset&, const MinibatchesOptions& = {})->Minibatches<Dataset>;
Minibatches(const Dataset&, std::vector<std::size_t>, const MinibatchesOptions&)->Minibatches<Dataset>;
Minibatches(const SparseDataset&, const MinibatchesOptions& = {})->Minibatches<SparseDataset>;
Minibatches(const SparseDataset&, std::vector<std::size_t>, const MinibatchesOptions&)
    ->Minibatches<SparseDataset>;
template <std::size_t N>
Minibatches(const TupleDataset<N>&, const MinibatchesOptions& = {}) -> Minibatches<TupleDataset<N>>;
template <std::size_t N>
Minibatches(const TupleDataset<N>&, std::vector<std::size_t>, const MinibatchesOptions&)
    -> Minibatches<TupleDataset<N>>;

namespace detail {

// Takes the plan out of Minibatches.
struct PlanOf {
  template <class Data>
  static BatchPlan take(Minibatches<Data>&& batches) {
    return std::move(batches.plan_);
  }
};

}  // namespace detail

}  // namespace tenbin
