// SoftmaxChunk: softmax along one axis, a chunk of lines at a time, for the softmax functions and losses.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tenbin/core/lines.h"
#include "tenbin/core/log_sum.h"
#include "tenbin/cpu/level.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::cpu {

/// Up to `size` neighbouring lines; entry i of the members is for line `first + i`:
///
///     SoftmaxChunk<T> chunk(lines, first);
///     chunk.log_sums(x);           // `max` and `log_sum`; the other three also write an array y:
///     chunk.log_softmax(x, y);     // log(softmax(x))
///     chunk.softmax(x, y);         // softmax(x)
///     chunk.label_gradient(x, y);  // the gradient of a cross entropy, by `factor` and `label`
///
/// x and y point to the first elements of the whole arrays. The bits depend on their shape only, not on the
/// division into chunks, if `first` is a multiple of `softmax_lines_per_chunk`.
template <class T>
class SoftmaxChunk {
 public:
  static constexpr std::size_t size = 512;
  // Elements from which a contiguous line is processed along itself.
  static constexpr std::size_t long_line = 64;
  using Label = std::conditional_t<std::is_same_v<T, float>, std::int32_t, std::int64_t>;

  /// Up to `count` lines, at most `size`; fewer at the end.
  SoftmaxChunk(const Lines& lines, std::size_t first, std::size_t count = size);

  std::size_t first() const { return first_; }
  std::size_t count() const { return count_; }
  detail::LogSum<T> operator[](std::size_t i) const { return {max[i], log_sum[i]}; }

  /// Computes `max` and `log_sum`, which is also accurate near 0, where one class has a probability near 1.
  void log_sums(const T* x);
  /// The same, and y := log(softmax(x)), which keeps its digits near 0.
  void log_softmax(const T* x, T* y);
  /// The same, and y := softmax(x).
  void softmax(const T* x, T* y);
  /// The same, and y := factor (softmax(x)[c] - [c = label]).
  void label_gradient(const T* x, T* y);

  T max[size];
  T log_sum[size];  // log(sum of exp(x - max))
  T factor[size];
  Label label[size];

 private:
  Lines lines_;
  std::size_t first_;
  std::size_t count_;
};

// Lines per task of `for_each_softmax_chunk`: about 2^15 elements, which are worth waking a thread. It
// depends on the shape only.
template <class T>
std::size_t softmax_lines_per_task(const Lines& lines) {
  constexpr std::size_t worthwhile = std::size_t{1} << 15, least = 256;
  return std::max<std::size_t>(worthwhile / std::max<std::size_t>(lines.length, 1) / least, 1) * least;
}

// Lines per chunk: as many elements as stay in the cache between the steps.
template <class T>
std::size_t softmax_lines_per_chunk(const Lines& lines) {
  constexpr std::size_t elements = std::size_t{1} << 13, most = SoftmaxChunk<T>::size;
  if (lines.inner > 1) return most;
  const std::size_t least = lines.length < SoftmaxChunk<T>::long_line ? 32 : 8;  // whole tiles
  return std::clamp(elements / std::max<std::size_t>(lines.length, 1) / least * least, least, most);
}

template <class T>
std::size_t softmax_task_count(const Lines& lines) {
  const std::size_t step = softmax_lines_per_task<T>(lines);
  return (lines.count() + step - 1) / step;
}

/// Calls `f(chunk, task)` for every chunk of lines, on several threads if there are many. The chunks of one
/// `task` in [0, softmax_task_count) are processed in order.
///
///     for_each_softmax_chunk<T>(lines, [&](SoftmaxChunk<T>& chunk, std::size_t) { ... });
template <class T, class F>
void for_each_softmax_chunk(const Lines& lines, F f) {
  const std::size_t step = softmax_lines_per_task<T>(lines);
  parallel_for(softmax_task_count<T>(lines), [&](std::size_t task) {
    const std::size_t end = std::min((task + 1) * step, lines.count());
    const std::size_t together = softmax_lines_per_chunk<T>(lines);
    at_level([&] {
      for (std::size_t first = task * step; first < end; first += together) {
        SoftmaxChunk<T> chunk(lines, first, std::min(together, end - first));
        f(chunk, task);
      }
    });
  });
}

}  // namespace tenbin::cpu
