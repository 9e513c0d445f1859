// The floor: the same work as bare loops over buffers made beforehand, and the fastest GEMM that is
// installed. Nothing of Tenbin's computes here; it is compiled for this machine with -O3 -ffast-math.
#pragma once

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "workloads.h"

namespace tenbin::benchmarks {

/// Memory that begins where a cache line does.
template <class T>
struct CacheAligned {
  using value_type = T;
  CacheAligned() = default;
  template <class U>
  CacheAligned(const CacheAligned<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(64))); }
  void deallocate(T* block, std::size_t) { ::operator delete(block, std::align_val_t(64)); }
  bool operator==(const CacheAligned&) const { return true; }
};
using Floats = std::vector<float, CacheAligned<float>>;

/// One matrix product of fixed operands, C = op(A) op(B), row-major, single-threaded: measures every
/// implementation that there is on the spot, then calls the fastest.
class FastestGemm {
 public:
  FastestGemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const float* a,
              std::size_t lda, const float* b, std::size_t ldb, float* c, std::size_t ldc);
  void operator()() const { run(chosen_); }
  /// `onednn`, `openblas` or `loops`.
  const char* chosen() const;
  /// `NT 32x64x30: openblas 2.1 onednn 1.9 loops 4.0 us`.
  std::string report() const;

 private:
  void run(std::size_t implementation) const;

  bool transpose_a_, transpose_b_;
  std::size_t m_, n_, k_, lda_, ldb_, ldc_;
  const float *a_, *b_;
  float* c_;
  std::size_t chosen_ = 0;
  std::vector<double> seconds_;
};

/// The training step. Threads, where it is large enough for several, take shares of the rows, then shares of
/// the parameters.
class FloorStep {
 public:
  FloorStep(const StepWorkload& workload, const Problem& problem, std::size_t n_thread);
  ~FloorStep();

  void reset();
  void run(std::size_t steps);
  double loss() const;
  /// Which GEMM won where, one line each.
  std::string report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What bounds the loss from below: moving its bytes, and one exp for every score.
class FloorLoss {
 public:
  FloorLoss(const LossWorkload& workload, const Problem& problem);
  /// A copy that moves as many bytes, read and written together, as forward and backward must: x read twice
  /// and its gradient written once; for every row a label read twice, and 8 bytes written and read. A loop:
  /// glibc's memcpy takes up to 40 times as long on some processors where the target begins just behind the
  /// source modulo 4096 (glibc bug 30995).
  void copy();
  /// x to exp(x), by the fastest loop there is.
  void exponentials();

 private:
  Floats x_, y_;
  std::size_t moved_bytes_;
};

}  // namespace tenbin::benchmarks
