// Loops compiled for the processor that runs them: for AVX-512, for AVX2 and for the instructions that every
// processor has. A portable library chooses among the three at run time; one that is compiled for a processor
// with AVX2, as by TENBIN_NATIVE, has one copy of each loop and chooses nothing.
//
// The copies are functions of their own: no function of another header is compiled for more than every
// processor has, and so none of which the linker keeps one copy for all callers.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__AVX2__) && !defined(__CUDACC__)
#define TENBIN_LEVELS
#define TENBIN_V3 "avx2,fma,bmi,bmi2"
#define TENBIN_V4 TENBIN_V3 ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#endif

#ifdef TENBIN_LEVELS

namespace tenbin::detail {

// All that `loop` calls becomes part of these functions (flatten), and is compiled for their level.
template <class Loop, class... Args>
[[gnu::target(TENBIN_V4), gnu::flatten]] void run_v4(const Loop& loop, Args... args) {
  loop(args...);
}

template <class Loop, class... Args>
[[gnu::target(TENBIN_V3), gnu::flatten]] void run_v3(const Loop& loop, Args... args) {
  loop(args...);
}

}  // namespace tenbin::detail

#endif

namespace tenbin::cpu {

/// The levels of x86-64 of which loops are compiled: v3 has AVX2, v4 has AVX-512. v2 would gain 3%.
enum class Level { v1 = 1, v3 = 3, v4 = 4 };

/// The level that loops run at: the highest that the processor has. The environment variable TENBIN_CPU_LEVEL
/// asks for another one, for tests: v1, v3 or v4. It is read when the level is first needed.
///
/// Errors: `TENBIN_CPU_LEVEL is "avx2", expected v1, v3 or v4`; a level that the processor does not have.
Level level();

#ifdef TENBIN_LEVELS

/// Calls `loop(args...)`, compiled for the level of this processor. The bits of the results may differ
/// between levels, since v3 and v4 round once where they multiply and add, but not between runs at one level.
///
///     cpu::at_level([](std::size_t n, float* y) { for (std::size_t i = 0; i < n; ++i) y[i] *= 2; }, n, y);
template <class Loop, class... Args>
void at_level(const Loop& loop, Args... args) {
  switch (level()) {
    case Level::v4:
      return detail::run_v4(loop, args...);
    case Level::v3:
      return detail::run_v3(loop, args...);
    case Level::v1:
      return loop(args...);
  }
}

#else

template <class Loop, class... Args>
void at_level(const Loop& loop, Args... args) {
  loop(args...);
}

#endif

}  // namespace tenbin::cpu
