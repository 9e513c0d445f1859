// A dataset in pieces that training can take.
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
  std::optional<std::uint64_t> epoch = {};  ///< another order for every epoch, known from (seed, epoch) alone
  bool shuffle = true;                      ///< false: file order, as for a test set
  bool drop_last = false;                   ///< leave out the last batch if it is short
};

/// A dataset in batches, every sample once in each pass. An input range, for `std::views` as well.
///
/// The batches are arrays x (batch_size, ...) and t (batch_size, ...) of the dataset's dtypes and device, the
/// last one shorter if the size does not divide. Shuffled batches are copies in memory from the pool, so that
/// a loop asks the system for nothing once it is warm; without shuffling they share the dataset's memory. A
/// dataset on a GPU (`Dataset::to`) has its batches gathered there: the order is uploaded once, a batch then
/// uploads nothing. Errors: a batch_size of 0.
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
/// `begin()` starts a pass, and `batches[i]` belongs to the pass that was started last, or to the first
/// before that. An iterator keeps the order of its pass. Since passes are counted, one object is for one
/// thread.
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
  /// One pass over the rows that a sampler chose (resampling/): an index may come more than once, or never.
  /// `shuffle` mixes them, without it they come in their order. Errors: also a row that is not there.
  ///
  ///     Minibatches(train, random_under_sample(train.t), {.batch_size = 128, .epoch = epoch})
  Minibatches(Dataset dataset, std::vector<std::size_t> rows, const MinibatchesOptions& options);

  /// The number of batches.
  std::size_t size() const;
  /// Batch i of [0, size()). Errors: there is no such batch.
  Dataset operator[](std::size_t i) const { return batch(pass_, i); }

 private:
  // The order of the rows, if it is not that of the file.
  struct Pass {
    std::shared_ptr<const std::vector<std::size_t>> order;
    Array order_on_gpu;  // the same, where the dataset is, unless that is the CPU
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
  // The order of the pass that comes now.
  Pass next_pass() const;

  Dataset dataset_;
  MinibatchesOptions options_;
  std::optional<std::vector<std::size_t>> rows_;  // that a sampler chose
  std::size_t count_;                             // rows of a pass
  // A range that is constant counts its passes too: otherwise it would repeat its order silently.
  mutable std::uint64_t passes_ = 0;  // that have an order
  mutable bool begun_ = false;        // whether the last of them was asked for
  mutable Pass pass_;
};

}  // namespace tenbin
