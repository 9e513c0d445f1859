// The loop of the update rules on the CPU.
#pragma once

#include "tenbin/core/array.h"
#include "tenbin/cpu/level.h"
#include "tenbin/cpu/parallel.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tenbin::cpu {

/// While one exists, this thread treats denormal numbers as zero. Moments that decay become denormal, and
/// arithmetic with those is a hundred times slower.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : previous_(_mm_getcsr()) { _mm_setcsr(previous_ | flush_to_zero | denormals_are_zero); }
  ~FlushDenormals() { _mm_setcsr(previous_); }
#else
  FlushDenormals() = default;
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE2__)
  static constexpr unsigned flush_to_zero = 0x8000;
  static constexpr unsigned denormals_are_zero = 0x0040;
  unsigned previous_;
#endif
};

/// The counterpart of `gpu::step_value`: what `compute` returns.
template <class Compute>
auto step_value(Compute compute) {
  return compute();
}

/// Calls `step` with a reference to element i of every array, for all i: arrays of one length and of dtype T.
/// A plain loop that the compiler vectorises, on several threads if it is long.
///
///     cpu::update_each<T>([rate](T& w, const T& g) { w -= rate * g; }, data, grad)
template <class T, class Step, class... FlatArrays>
void update_each(Step step, Array& first, FlatArrays&... rest) {
  constexpr std::size_t worthwhile = std::size_t{1} << 16;
  const auto loop = [step](std::size_t n, auto* __restrict... elements) {
    const FlushDenormals flush;
    for (std::size_t i = 0; i < n; ++i) step(elements[i]...);
  };
  parallel_ranges(first.size(), worthwhile, [&](std::size_t begin, std::size_t end) {
    at_level(loop, end - begin, first.data<T>() + begin, (rest.template data<T>() + begin)...);
  });
}

}  // namespace tenbin::cpu
