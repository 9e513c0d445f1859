// Minibatches: a dataset cut into batches for training.
#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tenbin/datasets/dataset.h"

namespace tenbin {

struct MinibatchesOptions {
  std::size_t batch_size = 128;
  std::optional<std::uint64_t> seed = {};   ///< 1, if the epoch is given
  std::optional<std::uint64_t> epoch = {};  ///< gives every epoch its own order, which depends on (seed,
                                            ///< epoch) alone
  bool shuffle = true;                      ///< false: file order, as for a test set
  bool drop_last = false;                   ///< drop the last batch if it is shorter than the others
};

/// A dataset in batches, every sample once per pass. An input range, also for `std::views`.
///
/// A batch has arrays x (batch_size, ...) and t (batch_size, ...) of the dataset's dtypes and device; the
/// last batch is shorter if N is not a multiple of batch_size. Shuffled batches are copies in memory from the
/// pool, so that after the first pass a loop allocates nothing from the system; without shuffling they share
/// the dataset's memory. The batches of a dataset on a GPU (`Dataset::to`) are gathered there: the order is
/// uploaded once, a batch uploads nothing. Errors: a batch_size of 0.
///
/// The order of shuffled batches:
///
///     {.seed = 1, .epoch = epoch}   that of the seed and the epoch, in every pass over the object
///     {.epoch = epoch}              the same, with seed 1
///     {.seed = 1}                   epoch 0 in the first pass over the object, and one more in each that
///     follows
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
class Minibatches {
 public:
  explicit Minibatches(Dataset dataset, const MinibatchesOptions& options = {});
  /// One pass over the rows that a sampler chose (resampling/): an index may occur more than once, or never.
  /// `shuffle` mixes them; without it they keep their order. Errors: also an index out of range.
  ///
  ///     Minibatches(train, random_under_sample(train.t), {.batch_size = 128, .epoch = epoch})
  Minibatches(Dataset dataset, std::vector<std::size_t> rows, const MinibatchesOptions& options);

  /// The number of batches.
  std::size_t size() const;
  /// Batch i. Errors: i >= size().
  Dataset operator[](std::size_t i) const { return batch(pass_, i); }

 private:
  // The order of the rows; unset for file order.
  struct Pass {
    std::shared_ptr<const std::vector<std::size_t>> order;
    Array order_on_gpu;  // the same on the dataset's device, if that is a GPU
  };

 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Dataset;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Dataset;

    Iterator() = default;
    Iterator(const Minibatches& batches, Pass pass, std::size_t i)
        : batches_(&batches), pass_(std::move(pass)), i_(i) {}
    Dataset operator*() const { return batches_->batch(pass_, i_); }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    void operator++(int) { ++i_; }
    bool operator==(const Iterator& other) const { return i_ == other.i_; }
    bool operator!=(const Iterator& other) const { return i_ != other.i_; }

   private:
    const Minibatches* batches_ = nullptr;
    Pass pass_;
    std::size_t i_ = 0;
  };
  Iterator begin() const;
  Iterator end() const { return {*this, {}, size()}; }

 private:
  Dataset batch(const Pass& pass, std::size_t i) const;
  // The order of the pass that starts now.
  Pass next_pass() const;

  Dataset dataset_;
  MinibatchesOptions options_;
  std::optional<std::vector<std::size_t>> rows_;  // the rows that a sampler chose
  std::size_t count_;                             // rows per pass
  // A const range counts its passes too: otherwise it would silently repeat its order.
  mutable std::uint64_t passes_ = 0;  // passes whose order was drawn
  mutable bool begun_ = false;        // whether the last of them was started by begin()
  mutable Pass pass_;
};

}  // namespace tenbin
