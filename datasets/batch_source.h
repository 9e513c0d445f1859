// BatchSource: batches without an end, which can be resumed within a pass.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "tenbin/datasets/minibatches.h"
#include "tenbin/datasets/prefetch.h"

namespace tenbin {

class StateReader;

/// Batches without an end: after the last batch of a pass, the next pass begins. (Chainer: `Iterator`.) Made
/// by `batch_source` or `batches_of_epoch`; a class derived from it is a source of any other kind.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;

  /// The arrays of the next batch. After an exception, the next call makes the same batch.
  virtual Arrays next() = 0;
  /// The number of completed passes.
  virtual std::int64_t epoch() const = 0;
  /// Whether the batch returned last was the last one of its pass.
  virtual bool is_new_epoch() const = 0;
  /// `epoch`, and the fraction of the rows of the current pass that have been returned.
  virtual double epoch_detail() const = 0;
  /// Whether all passes have the same shuffled order, since the batches were given an epoch.
  virtual bool repeats_order() const { return false; }
  /// The position, for a file (Checkpoint, save_npz): a source made in the same way continues there with
  /// the same bits.
  virtual NamedArrays save_state() = 0;
  /// For `load_npz`: reads and checks what `save_state` has returned, and returns a function that assigns it.
  /// Errors: the state is of another number of rows, batch size or seed.
  virtual std::function<void()> prepare_load(StateReader& reader) = 0;
};

namespace detail {

std::unique_ptr<BatchSource> batch_source(std::unique_ptr<Prefetcher> batches);
std::unique_ptr<BatchSource> batches_of_epoch(std::function<std::unique_ptr<BatchSource>(std::int64_t)> make);

}  // namespace detail

/// The batches of one pass after the other, in the orders of the loops `for (auto [x, t] : batches)`.
///
/// Its state holds the seed of the current order, also if the thread's default generator drew it; save that
/// generator too (`random::default_generator()`), from which the next passes draw. With the rows of a
/// sampler, resuming needs the same rows: give the sampler a seed. Errors: there are no batches.
///
///     auto batches = batch_source(Minibatches(train, {.batch_size = 64, .seed = 1}));
///     auto prefetched = batch_source(Prefetch(Minibatches(train, {.batch_size = 64, .seed = 1})));
///     while (batches->epoch() < 20) {
///       const Arrays batch = batches->next();
///       ...
///     }
template <class Data>
std::unique_ptr<BatchSource> batch_source(Minibatches<Data> batches) {
  return detail::batch_source(
      std::make_unique<detail::Prefetcher>(detail::PlanOf::take(std::move(batches)), 0));
}
template <class Data>
std::unique_ptr<BatchSource> batch_source(Prefetch<Data> batches) {
  return detail::batch_source(detail::PrefetcherOf::take(std::move(batches)));
}
inline std::unique_ptr<BatchSource> batch_source(std::unique_ptr<BatchSource> source) { return source; }

/// The batches of a function of the epoch: for samplers that draw other rows in every epoch. `f(epoch)`
/// returns Minibatches, a Prefetch or a BatchSource, of which one pass is used; it is called when the first
/// batch of the epoch is read, and again when a state in the middle of an epoch is loaded: what it returns
/// must depend on the epoch alone.
///
///     auto batches = batches_of_epoch([&](std::int64_t epoch) {
///       const auto e = static_cast<std::uint64_t>(epoch);
///       return Minibatches(train, random_under_sample(train.t, {.epoch = e}), {.epoch = e});
///     });
template <class F>
std::unique_ptr<BatchSource> batches_of_epoch(F f) {
  return detail::batches_of_epoch(
      [f = std::move(f)](std::int64_t epoch) mutable { return tenbin::batch_source(f(epoch)); });
}

}  // namespace tenbin
