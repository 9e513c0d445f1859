// Softmax along one axis, a block of lines at a time: what the softmax functions and losses compute with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tenbin/core/lines.h"
#include "tenbin/core/log_sum.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::cpu {

/// Up to `size` neighbouring lines of a problem, entry i for line `first + i`. An exponential costs more than
/// memory, so what softmax makes of x is computed in steps that can lie apart, forward and backward of a
/// loss:
///
///     SoftmaxBlock<T> block(lines, first);
///     block.exponentials(x, y);  // y: exp(x - max), in an order of the block's own
///     block.softmax(y);          // y: softmax(x), or by `label_gradient` the gradient of a cross entropy
///
/// x and y are the first elements of the whole problem. The bits depend on its shape alone, not on how it is
/// cut into blocks, as long as `first` is a multiple of `size`.
template <class T>
class SoftmaxBlock {
 public:
  static constexpr std::size_t size = 256;
  using Label = std::conditional_t<std::is_same_v<T, float>, std::int32_t, std::int64_t>;

  SoftmaxBlock(const Lines& lines, std::size_t first);

  std::size_t first() const { return first_; }
  std::size_t count() const { return count_; }
  detail::LogSum<T> operator[](std::size_t i) const { return {max[i], log_sum[i]}; }

  /// Finds `max`, `sum` and `log_sum`; leaves exp(x - max) in y unless that is null. `log_sum` has all its
  /// digits where it is small, too: where one class has a probability near 1.
  void exponentials(const T* x, T* y);
  /// Copies to and from an array for all lines: `sum`, (1, lines), which is what `softmax` and
  /// `label_gradient` need, or `sum`, `max` and `log_sum`, (3, lines).
  void save(T* all, bool with_norms) const;
  void load(const T* all, bool with_norms);

  /// From exp(x - max) to softmax(x) = exp(x - max) / sum, in place.
  void softmax(T* y) const;
  /// From exp(x - max) to factor (softmax(x)[c] - [c = label]), in place.
  void label_gradient(T* y) const;

  T max[size];
  T sum[size];      // of exp(x - max)
  T log_sum[size];  // its logarithm
  T factor[size];
  Label label[size];

 private:
  void exponentials_of_long_lines(const T* x, T* y, T* rest);
  template <class Op>
  void run_in_place(const Op& op, T* y) const;

  Lines lines_;
  std::size_t first_;
  std::size_t count_;
};

// Lines per task of `for_each_softmax_block`: blocks of 2^15 elements together, worth waking a thread for,
// cut by shape alone.
template <class T>
std::size_t softmax_lines_per_task(const Lines& lines) {
  constexpr std::size_t worthwhile = std::size_t{1} << 15;
  constexpr std::size_t block = SoftmaxBlock<T>::size;
  return std::max<std::size_t>(worthwhile / std::max<std::size_t>(lines.length, 1) / block, 1) * block;
}

template <class T>
std::size_t softmax_task_count(const Lines& lines) {
  const std::size_t step = softmax_lines_per_task<T>(lines);
  return (lines.count() + step - 1) / step;
}

/// Calls `f(block, task)` for all lines, a block at a time, on several threads if there are many. Blocks of
/// one `task`, of [0, softmax_task_count), come one after the other.
///
///     for_each_softmax_block<T>(lines, [&](SoftmaxBlock<T>& block, std::size_t) { ... });
template <class T, class F>
void for_each_softmax_block(const Lines& lines, F f) {
  const std::size_t step = softmax_lines_per_task<T>(lines);
  parallel_for(softmax_task_count<T>(lines), [&](std::size_t task) {
    const std::size_t end = std::min((task + 1) * step, lines.count());
    for (std::size_t first = task * step; first < end; first += SoftmaxBlock<T>::size) {
      SoftmaxBlock<T> block(lines, first);
      f(block, task);
    }
  });
}

}  // namespace tenbin::cpu
