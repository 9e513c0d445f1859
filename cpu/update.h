// The loop of the update rules on the CPU. For their .cpp files.
#pragma once

#include <algorithm>

#include "tenbin/core/array.h"
#include "tenbin/cpu/parallel.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tenbin::cpu {

/// While one lives, this thread treats denormal numbers as zero. Moments that fade away become denormal, and
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

/// Calls `formula` with a reference to element i of every array, for all i: arrays of one length and of dtype
/// T. A plain loop that the compiler vectorises, on several threads if it is long.
///
///     cpu::for_each_element<T>([rate](T& w, const T& g) { w -= rate * g; }, data, grad)
template <class T, class F, class... FlatArrays>
void for_each_element(F formula, Array& first, FlatArrays&... rest) {
  constexpr std::size_t block = std::size_t{1} << 16;  // worth waking a thread
  const std::size_t count = first.size();
  const auto loop = [formula](std::size_t n, auto* __restrict... elements) {
    const FlushDenormals flush;
    for (std::size_t i = 0; i < n; ++i) formula(elements[i]...);
  };
  const auto run_block = [&](std::size_t index) {
    const std::size_t begin = index * block;
    loop(std::min(block, count - begin), first.data<T>() + begin, (rest.template data<T>() + begin)...);
  };
  parallel_for((count + block - 1) / block, run_block);
}

}  // namespace tenbin::cpu
