// A dataset in pieces that training can take.
#pragma once

#include <cstdint>
#include <iterator>
#include <vector>

#include "tenbin/datasets/dataset.h"

namespace tenbin {

struct MinibatchesOptions {
  std::size_t batch_size = 128;
  std::uint64_t seed = 1;
  std::uint64_t epoch = 0;  ///< another order for every epoch, known from (seed, epoch) alone
  bool shuffle = true;      ///< false: file order, as for a test set
  bool drop_last = false;   ///< leave out the last batch if it is short
};

/// One pass over a dataset, every sample once.
///
/// The batches are arrays x (batch_size, ...) and t (batch_size, ...) of the dataset's dtypes and device, the
/// last one shorter if the size does not divide. Shuffled batches are copies in memory from the pool, so that
/// a loop asks the system for nothing once it is warm; without shuffling they share the dataset's memory. A
/// dataset on a GPU (`Dataset::to`) has its batches gathered there: the order is uploaded once, a batch then
/// uploads nothing. Errors: a batch_size of 0.
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
  Dataset operator[](std::size_t i) const;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Dataset;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Dataset;

    Iterator(const Minibatches& batches, std::size_t i) : batches_(&batches), i_(i) {}
    Dataset operator*() const { return (*batches_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    void operator++(int) { ++i_; }
    bool operator==(const Iterator& other) const { return i_ == other.i_; }
    bool operator!=(const Iterator& other) const { return i_ != other.i_; }

   private:
    const Minibatches* batches_;
    std::size_t i_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  Dataset dataset_;
  MinibatchesOptions options_;
  std::size_t count_;               // rows of a pass
  bool gathers_;                    // false: file order, without copies
  std::vector<std::size_t> order_;  // which row comes when, if it gathers
  Array order_on_gpu_;              // the same, where the dataset is, unless that is the CPU

  void check() const;
  void upload_order();
};

}  // namespace tenbin
