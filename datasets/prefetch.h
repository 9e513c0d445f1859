// Prefetch: the next minibatches are made in another thread while one is used.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "tenbin/datasets/minibatches.h"

namespace tenbin {

struct PrefetchOptions {
  std::size_t depth = 2;  ///< the most batches that are made in advance; 0: no thread
};

namespace detail {

// Minibatches whose batches are made by a worker thread, in the order of a pass, up to `depth` in advance.
// Any other batch, and those of a dataset on a GPU, which waits for nothing, is made by the caller.
class Prefetcher {
 public:
  Prefetcher(BatchPlan plan, std::size_t depth);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  BatchPlan& plan();
  // Starts a pass of the plan.
  const BatchPass& begin();
  // From now on, the worker makes the batches from `first` on of the plan's current pass.
  void start(std::size_t first);
  Arrays batch(const BatchPass& pass, std::size_t i);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

struct PrefetcherOf;

}  // namespace detail

/// Minibatches that are gathered and transformed in another thread, while the caller uses an earlier one. The
/// order and the bits are those of the Minibatches, and random numbers are drawn at the same moments: orders
/// by the thread that starts a pass, those of a transform from its own generator. A range, as Minibatches.
///
/// The worker has the modes (`TestMode`, ...) of the thread that started the pass. An exception of a
/// transform is thrown where its batch is read. The worker makes its batches alone and leaves the library's
/// other threads to the caller. The destructor waits for the batch that is being made, and no longer. The
/// batches of a dataset on a GPU are made without the worker: gathering them takes the CPU no time. Only
/// one thread at a time may use a Prefetch. After fork, the child must not use its parent's.
///
///     const Minibatches batches(train, {.seed = 1, .transform = augment});
///     for (auto [x, t] : Prefetch(batches, {.depth = 4})) train_step(x, t);
template <class Data>
class Prefetch {
 public:
  explicit Prefetch(Minibatches<Data> batches, const PrefetchOptions& options = {})
      : prefetcher_(
            std::make_unique<detail::Prefetcher>(detail::PlanOf::take(std::move(batches)), options.depth)) {}

  /// The number of batches.
  std::size_t size() const { return prefetcher_->plan().size(); }
  /// Batch i of the pass that was started last. Errors: i >= size().
  Data operator[](std::size_t i) const { return batch(prefetcher_->plan().pass(), i); }

  using Iterator = detail::BatchIterator<Prefetch, Data>;
  Iterator begin() const { return {*this, prefetcher_->begin(), 0}; }
  Iterator end() const { return {*this, {}, size()}; }

 private:
  friend Iterator;
  friend struct detail::PrefetcherOf;

  Data batch(const detail::BatchPass& pass, std::size_t i) const {
    Data made;
    detail::make_of(prefetcher_->batch(pass, i), made);
    return made;
  }

  std::unique_ptr<detail::Prefetcher> prefetcher_;
};

namespace detail {

// Takes the prefetcher out of a Prefetch.
struct PrefetcherOf {
  template <class Data>
  static std::unique_ptr<Prefetcher> take(Prefetch<Data>&& batches) {
    return std::move(batches.prefetcher_);
  }
};

}  // namespace detail

}  // namespace tenbin
