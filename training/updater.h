// Updater, the step of a training: a minibatch, the loss, backward, an update.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "tenbin/core/csr_matrix.h"
#include "tenbin/datasets/batch_source.h"
#include "tenbin/optimizers/optimizer.h"
#include "tenbin/training/observation.h"

namespace tenbin {

class Checkpoint;

/// Options of Updater.
struct UpdaterOptions {
  /// The number of minibatches per update, whose gradients are added, weighted by their rows: the update is
  /// that of the joined batch if the loss divides by the rows (`Normalize::batch_size`, or no ignored rows
  /// and no class weights in the divisor). The last update of an epoch uses the minibatches that are left.
  std::size_t accumulate = 1;
  /// On a GPU: run the step as a CapturedStep. The loss must then be one that can be captured, and the
  /// batches not sparse.
  bool capture = false;
  /// The device that the batches are copied to. Not set: they stay where they are.
  std::optional<Device> device = {};
  /// The first part of the keys: `main/loss`.
  std::string name = "main";
};

namespace detail {

template <class Loss, std::size_t... I>
constexpr bool takes_arrays(std::index_sequence<I...>) {
  return std::is_invocable_v<Loss&, decltype((void)I, std::declval<const Array&>())...>;
}

// How many arrays a loss takes: the first number that fits; 0 if there is none up to 8.
template <class Loss, std::size_t N = 1>
constexpr std::size_t array_count() {
  if constexpr (N > 8) {
    return 0;
  } else if constexpr (takes_arrays<Loss>(std::make_index_sequence<N>())) {
    return N;
  } else {
    return array_count<Loss, N + 1>();
  }
}

// Errors: `Updater: the loss takes 2 arrays, a batch has 3`.
void require_array_count(std::size_t expected, std::size_t got);

// The matrix and the labels of a batch of a SparseDataset. Errors: it is none.
std::pair<CsrMatrix, Array> sparse_batch(const Arrays& batch);

template <class Loss, std::size_t... I>
Variable call_loss(Loss& loss, const Arrays& batch, std::index_sequence<I...>) {
  require_array_count(sizeof...(I), batch.size());
  if constexpr (std::is_void_v<decltype(loss(batch[I]...))>) {
    loss(batch[I]...);
    return {};
  } else {
    return loss(batch[I]...);
  }
}

}  // namespace detail

/// Any function of the arrays of a batch, `loss(x, t)` or `loss(batch)` with all of them as Arrays, or, for
/// a SparseDataset, `loss(const CsrMatrix& x, const Array& t)`, that returns a Variable with one element, or
/// nothing.
class LossFunction {
 public:
  LossFunction() = default;
  template <class Loss, class = std::enable_if_t<!std::is_same_v<std::decay_t<Loss>, LossFunction>>>
  LossFunction(Loss loss) {  // NOLINT(google-explicit-constructor)
    if constexpr (std::is_invocable_v<Loss&, const Arrays&>) {
      if constexpr (std::is_void_v<std::invoke_result_t<Loss&, const Arrays&>>) {
        function_ = [loss = std::move(loss)](const Arrays& batch) mutable -> Variable {
          loss(batch);
          return {};
        };
      } else {
        function_ = std::move(loss);
      }
    } else {
      constexpr std::size_t count = detail::array_count<Loss>();
      constexpr bool is_sparse = count == 0 && std::is_invocable_v<Loss&, const CsrMatrix&, const Array&>;
      static_assert(count > 0 || is_sparse,
                    "the loss must be callable with the arrays of a batch: loss(x, t), each a const Array&");
      if constexpr (is_sparse)
        function_ = [loss = std::move(loss)](const Arrays& batch) mutable -> Variable {
          const auto [x, t] = detail::sparse_batch(batch);
          if constexpr (std::is_void_v<decltype(loss(x, t))>) {
            loss(x, t);
            return {};
          } else {
            return loss(x, t);
          }
        };
      if constexpr (count > 0)
        function_ = [loss = std::move(loss)](const Arrays& batch) mutable -> Variable {
          return detail::call_loss(loss, batch, std::make_index_sequence<count>());
        };
    }
  }

  explicit operator bool() const { return static_cast<bool>(function_); }
  /// Empty if the function returns nothing.
  Variable operator()(const Arrays& batch) const { return function_(batch); }

 private:
  std::function<Variable(const Arrays&)> function_;
};

/// One training step: takes a minibatch, computes the loss, clears the gradients, backward, updates.
/// (Chainer: `training.updaters.StandardUpdater`.)
///
///     Updater updater(Minibatches(train, {.batch_size = 128}), optimizer,
///                     [&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); });
///
/// The loss is a function of the arrays of a batch, and returns a Variable with one element; it is reported
/// as `main/loss`, and may report more (`report`); with `capture`, arrays only. A function that returns
/// nothing does the whole step itself, cleargrads and update included. `optimizer`, which has been set up,
/// must outlive the updater.
///
/// Errors: the loss takes another number of arrays than a batch has; an `accumulate` of 0, or together with
/// `capture`; sparse rows on a GPU with `capture`; no batches.
class Updater {
 public:
  /// batches: Minibatches, a Prefetch, or a BatchSource.
  template <class Batches>
  Updater(Batches batches, Optimizer& optimizer, LossFunction loss, const UpdaterOptions& options = {})
      : Updater(batch_source(std::move(batches)), optimizer, std::move(loss), options) {}
  Updater(std::unique_ptr<BatchSource> batches, Optimizer& optimizer, LossFunction loss,
          const UpdaterOptions& options = {});
  Updater(Updater&&) noexcept;
  Updater& operator=(Updater&&) noexcept;
  ~Updater();

  /// Calls `visit(loss)` once, in the next step, before backward.
  void on_next_loss(std::function<void(const Variable& loss)> visit);

  /// Runs one step and puts what it reports into `observation`.
  void update(Observation& observation);

  /// The number of steps.
  std::int64_t iteration() const;
  /// The number of completed epochs.
  std::int64_t epoch() const;
  /// Epochs, with the fraction of the current one.
  double epoch_detail() const;
  /// The same before the last step.
  double previous_epoch_detail() const;
  /// Whether the last step completed an epoch.
  bool is_new_epoch() const;

  Optimizer& optimizer() const;
  const std::string& name() const;
  void serialize(Checkpoint& state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenbin
