// The floor, a lower bound of the time: the same work as bare loops over preallocated buffers, and the
// fastest GEMM that is installed. It uses no code of Tenbin for computing and is compiled for this machine
// with -O3 -ffast-math.
#pragma once

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "workloads.h"

namespace tenbin::benchmarks {

/// Memory aligned to a cache line.
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

/// One matrix product of fixed operands, C = op(A) op(B), row-major, single-threaded: times every available
/// implementation first, then calls the fastest.
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

/// The training step. If it is large enough for several threads, they divide first the rows, then the
/// parameters.
class FloorStep {
 public:
  FloorStep(const StepWorkload& workload, const Problem& problem, std::size_t n_thread);
  ~FloorStep();

  void reset();
  void run(std::size_t steps);
  double loss() const;
  /// The GEMM that was fastest for each product, one line each.
  std::string report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Two lower bounds of the loss: moving its bytes, and one exp per score.
class FloorLoss {
 public:
  FloorLoss(const LossWorkload& workload, const Problem& problem);
  /// A copy that moves as many bytes, read and written together, as forward and backward must: x read twice
  /// and its gradient written once; for every row a label read twice, and 8 bytes written and read. A loop:
  /// glibc's memcpy takes up to 40 times as long on some processors if the target starts just after the
  /// source modulo 4096 (glibc bug 30995).
  void copy();
  /// x to exp(x), by the fastest available loop.
  void exponentials();

 private:
  Floats x_, y_;
  std::size_t moved_bytes_;
};

}  // namespace tenbin::benchmarks
