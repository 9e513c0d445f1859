// Replaces CUDA's header of this name (see ../README.md): the environment of a kernel, and the launch. With
// this folder first on the include path, g++ compiles a .cu file unchanged.
#pragma once

#include <math.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
// Blocks run one after another, so one copy is enough.
#define __shared__ static

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
constexpr int warpSize = 32;

namespace cuda_emulator {

/// A source location in a kernel, for error texts.
struct Site {
  const char* file;
  unsigned line;
  const char* function;

  static constexpr Site here(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE(),
                             const char* function = __builtin_FUNCTION()) {
    return {file, line, function};
  }
};

/// The values that the threads of a block passed to a barrier.
struct Votes {
  int yes;
  int all;
};
Votes block_barrier(bool vote, Site site);

/// The result of a barrier of lanes for one lane: the value of the requested lane, and which lanes passed a
/// nonzero value.
struct Exchanged {
  std::uint64_t value;
  unsigned ballot;
};
Exchanged warp_barrier(unsigned mask, std::uint64_t value, unsigned source, Site site);
unsigned lane();
void check_width(int width, Site site);
[[noreturn]] void trap(Site site);

/// The dynamic shared memory of the block that runs, filled with NaN before it starts. `extern __shared__`
/// does not compile here.
void* dynamic_shared_memory();

/// Puts a kernel into its stream; `thread` is the work of one thread.
cudaError_t launch(const cudaLaunchConfig_t& config, std::function<void()> thread);

template <class T>
T shuffle(unsigned mask, T value, unsigned source, Site site) {
  static_assert(std::is_arithmetic_v<T>, "a shuffle takes numbers only");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = warp_barrier(mask, bits, source, site).value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
struct Same {
  using type = T;
};
/// Prevents deduction of T from the argument.
template <class T>
using As = typename Same<T>::type;

template <class T, class... Allowed>
using OneOf = std::enable_if_t<(std::is_same_v<T, Allowed> || ...), T>;

}  // namespace cuda_emulator

template <class... P, class... A>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(P...), A&&... arguments) {
  static_assert(sizeof...(P) == sizeof...(A), "the kernel takes another number of arguments");
  static_assert((std::is_trivially_copyable_v<P> && ...), "arguments reach the device as bytes");
  static_assert((sizeof(P) + ... + 0) <= 32764, "the arguments are larger than CUDA takes");
  return cuda_emulator::launch(*config, [kernel, values = std::tuple<P...>(std::forward<A>(arguments)...)] {
    std::apply(kernel, values);
  });
}

// ---- barriers, votes, shuffles ---------------------------------------------------------------------------

inline void __syncthreads(cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::block_barrier(false, site);
}
inline int __syncthreads_count(int vote, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return cuda_emulator::block_barrier(vote != 0, site).yes;
}
inline int __syncthreads_or(int vote, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return cuda_emulator::block_barrier(vote != 0, site).yes > 0;
}
inline int __syncthreads_and(int vote, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  const cuda_emulator::Votes votes = cuda_emulator::block_barrier(vote != 0, site);
  return votes.yes == votes.all;
}

inline void __syncwarp(unsigned mask = 0xffffffffu, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::warp_barrier(mask, 0, cuda_emulator::lane(), site);
}
inline unsigned __ballot_sync(unsigned mask, int vote,
                              cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return cuda_emulator::warp_barrier(mask, vote != 0, cuda_emulator::lane(), site).ballot;
}
inline int __any_sync(unsigned mask, int vote, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return __ballot_sync(mask, vote, site) != 0;
}
inline int __all_sync(unsigned mask, int vote, cuda_emulator::Site site = cuda_emulator::Site::here()) {
  return __ballot_sync(mask, vote, site) == mask;
}

// A lane that requests a lane beyond its segment of `width` lanes gets its own value.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::check_width(width, site);
  const unsigned within = unsigned(width) - 1;
  return cuda_emulator::shuffle(mask, value, (cuda_emulator::lane() & ~within) | (unsigned(source) & within),
                                site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::check_width(width, site);
  const unsigned lane = cuda_emulator::lane(), source = lane ^ unsigned(lanes);
  return cuda_emulator::shuffle(mask, value, source <= (lane | (unsigned(width) - 1)) ? source : lane, site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32,
                   cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::check_width(width, site);
  const unsigned lane = cuda_emulator::lane(), left = (unsigned(width) - 1) - (lane & (unsigned(width) - 1));
  return cuda_emulator::shuffle(mask, value, by <= left ? lane + by : lane, site);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32,
                 cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::check_width(width, site);
  const unsigned lane = cuda_emulator::lane();
  return cuda_emulator::shuffle(mask, value, by <= (lane & (unsigned(width) - 1)) ? lane - by : lane, site);
}

inline void __threadfence() {}
inline void __threadfence_block() {}
[[noreturn]] inline void __trap(cuda_emulator::Site site = cuda_emulator::Site::here()) {
  cuda_emulator::trap(site);
}

// ---- atomics: of integers only, a sum of floats would depend on the order ---------------------------------

namespace cuda_emulator {
template <class T>
using Summable = OneOf<T, int, unsigned, unsigned long long>;
template <class T>
using Ordered = OneOf<T, int, unsigned, long long, unsigned long long>;
template <class T>
using Exchangeable = OneOf<T, int, unsigned, unsigned long long, float>;
}  // namespace cuda_emulator

template <class T>
cuda_emulator::Summable<T> atomicAdd(T* address, cuda_emulator::As<T> value) {
  using Unsigned = std::make_unsigned_t<T>;  // wraps around
  return std::exchange(*address, T(Unsigned(*address) + Unsigned(value)));
}
template <class T>
cuda_emulator::Summable<T> atomicOr(T* address, cuda_emulator::As<T> value) {
  return std::exchange(*address, *address | value);
}
template <class T>
cuda_emulator::Summable<T> atomicAnd(T* address, cuda_emulator::As<T> value) {
  return std::exchange(*address, *address & value);
}
template <class T>
cuda_emulator::Summable<T> atomicCAS(T* address, cuda_emulator::As<T> expected, cuda_emulator::As<T> value) {
  return *address == expected ? std::exchange(*address, value) : *address;
}
template <class T>
cuda_emulator::Ordered<T> atomicMin(T* address, cuda_emulator::As<T> value) {
  return std::exchange(*address, value < *address ? value : *address);
}
template <class T>
cuda_emulator::Ordered<T> atomicMax(T* address, cuda_emulator::As<T> value) {
  return std::exchange(*address, *address < value ? value : *address);
}
template <class T>
cuda_emulator::Exchangeable<T> atomicExch(T* address, cuda_emulator::As<T> value) {
  return std::exchange(*address, value);
}
inline unsigned atomicInc(unsigned* address, unsigned limit) {
  return std::exchange(*address, *address >= limit ? 0 : *address + 1);
}
inline unsigned atomicDec(unsigned* address, unsigned limit) {
  return std::exchange(*address, *address == 0 || *address > limit ? limit : *address - 1);
}

// ---- loads and stores with a hint -------------------------------------------------------------------------

template <class T>
T __ldg(const T* address) {
  return *address;
}
template <class T>
T __ldcs(const T* address) {
  return *address;
}
template <class T>
T __ldcg(const T* address) {
  return *address;
}
template <class T>
void __stcs(T* address, cuda_emulator::As<T> value) {
  *address = value;
}
template <class T>
void __stcg(T* address, cuda_emulator::As<T> value) {
  *address = value;
}

// ---- arithmetic that <math.h> lacks -----------------------------------------------------------------------

inline int max(int a, int b) { return a < b ? b : a; }
inline int min(int a, int b) { return b < a ? b : a; }
inline unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
inline unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
inline long max(long a, long b) { return a < b ? b : a; }
inline long min(long a, long b) { return b < a ? b : a; }
inline unsigned long max(unsigned long a, unsigned long b) { return a < b ? b : a; }
inline unsigned long min(unsigned long a, unsigned long b) { return b < a ? b : a; }
inline long long max(long long a, long long b) { return a < b ? b : a; }
inline long long min(long long a, long long b) { return b < a ? b : a; }
inline unsigned long long max(unsigned long long a, unsigned long long b) { return a < b ? b : a; }
inline unsigned long long min(unsigned long long a, unsigned long long b) { return b < a ? b : a; }
// As in CUDA, returns the argument that is not NaN.
inline float max(float a, float b) { return fmaxf(a, b); }
inline float min(float a, float b) { return fminf(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(double a, double b) { return fmin(a, b); }

inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline double rsqrt(double x) { return 1 / sqrt(x); }
inline void sincospi(double x, double* sine, double* cosine) {
  *sine = sin(M_PI * x);
  *cosine = cos(M_PI * x);
}

// Not inline: the compiler must not fuse the product and a sum.
float __fmul_rn(float a, float b);
double __dmul_rn(double a, double b);
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double x) { return sqrt(x); }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(std::uint64_t(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }

namespace cuda_emulator {
template <class To, class From>
To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
}  // namespace cuda_emulator

inline int __float_as_int(float x) { return cuda_emulator::bits_as<int>(x); }
inline float __int_as_float(int x) { return cuda_emulator::bits_as<float>(x); }
inline unsigned __float_as_uint(float x) { return cuda_emulator::bits_as<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return cuda_emulator::bits_as<float>(x); }
inline long long __double_as_longlong(double x) { return cuda_emulator::bits_as<long long>(x); }
inline double __longlong_as_double(long long x) { return cuda_emulator::bits_as<double>(x); }
