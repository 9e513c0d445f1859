// Matrix products: which library multiplies a block, and how a product is cut into blocks.
#include "tenbin/cpu/gemm.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>
#include <thread>
#include <xtensor-blas/xblas.hpp>

#include "tenbin/core/detail/exit_gate.h"
#include "tenbin/core/memory.h"
#include "tenbin/cpu/detail/small_gemm.h"
#include "tenbin/cpu/parallel.h"

#ifdef TENBIN_WITH_ONEDNN
#include <dnnl.h>
#include <omp.h>
#include <sys/syscall.h>
#endif

// With OpenBLAS's own threads, the bits of a product depend on their number. Null in other BLAS libraries.
extern "C" void openblas_set_num_threads(int count) __attribute__((weak));

namespace tenbin::cpu {

namespace {

// Not a static local variable: a child of fork may wait forever for another thread's initialisation of it.
void use_blas_single_threaded() {
  static std::atomic<bool> done{false};
  if (done) return;
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
  done = true;
}

// ---- the end of the process ------------------------------------------------------------------------------

detail::ExitGate blas_gate;
std::atomic<std::thread::id> closed_blas{std::thread::id()};

// BLAS is destroyed after all static objects. Threads that call it then wait in `wait_for_the_end` until the
// process ends.
[[gnu::destructor]] void close_blas() {
  closed_blas = std::this_thread::get_id();
  blas_gate.close();
}

[[maybe_unused]] const bool blas_survives_fork =
    ::pthread_atfork(nullptr, nullptr, [] { blas_gate.forget_other_threads(); }) == 0;

void wait_for_the_end(const detail::ExitGate::Passage& passage) {
  if (passage || closed_blas.load() == std::this_thread::get_id()) return;
  while (true) ::pause();
}

template <class T>
void multiply_by_blas(const Block<T>& block) {
  const detail::ExitGate::Passage passage(blas_gate);
  wait_for_the_end(passage);
  use_blas_single_threaded();
  using Size = xt::blas_index_t;
  const auto size = [](std::size_t length) { return static_cast<Size>(length); };
  const auto transposition = [](bool transpose) {
    return transpose ? cxxblas::Transpose::Trans : cxxblas::Transpose::NoTrans;
  };
  cxxblas::gemm<Size>(cxxblas::StorageOrder::RowMajor, transposition(block.transpose_a),
                      transposition(block.transpose_b), size(block.m), size(block.n), size(block.k), T{1},
                      block.a, size(block.lda), block.b, size(block.ldb), block.beta, block.c,
                      size(block.ldc));
}

#ifdef TENBIN_WITH_ONEDNN

// oneDNN uses the OpenMP threads of the calling thread; this limits it to one thread.
class OneOpenMpThread {
 public:
  OneOpenMpThread() : previous_(omp_get_max_threads()) { omp_set_num_threads(1); }
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;
  ~OneOpenMpThread() { omp_set_num_threads(previous_); }

 private:
  const int previous_;
};

// Whether oneDNN is the faster one. It depends on the shape only, so that the bits are reproducible. oneDNN
// takes half the time of OpenBLAS 0.3.21 for small matrices, but 20 ms once to generate its code, which is
// too slow for tiny models.
bool is_for_onednn(const Block<float>& block) {
  constexpr std::size_t worth_generating_code = 4096;
  return block.m * block.n * block.k >= worth_generating_code;
}

// oneDNN's code is destroyed during exit, before static objects that are older than the first product; so
// from the beginning of exit on, BLAS multiplies. That is when the main thread's thread_local objects are
// destroyed or, if another thread calls exit, when the atexit function below is called.
detail::ExitGate onednn_gate;

struct ClosesOneDnn {
  ClosesOneDnn() = default;
  ClosesOneDnn(const ClosesOneDnn&) = delete;
  ClosesOneDnn& operator=(const ClosesOneDnn&) = delete;
  ~ClosesOneDnn() { onednn_gate.close(); }
};

void close_onednn_with_the_main_thread() {
  if (::getpid() != ::syscall(SYS_gettid)) return;
  thread_local const ClosesOneDnn closer;
}

void close_onednn_at_exit() {
  static std::atomic<bool> registered{false};
  if (!registered.load(std::memory_order_relaxed) && !registered.exchange(true))
    std::atexit([] { onednn_gate.close(); });
}

[[maybe_unused]] const bool survives_exit = (close_onednn_with_the_main_thread(), true);
// The thread that calls fork is the main thread of the child.
[[maybe_unused]] const bool onednn_survives_fork = ::pthread_atfork(nullptr, nullptr, [] {
                                                     onednn_gate.forget_other_threads();
                                                     close_onednn_with_the_main_thread();
                                                   }) == 0;

// False after the gate is closed.
bool multiply_by_onednn(const Block<float>& block) {
  const detail::ExitGate::Passage passage(onednn_gate);
  if (!passage) return false;
  const OneOpenMpThread one;
  const auto size = [](std::size_t length) { return static_cast<dnnl_dim_t>(length); };
  const auto status = dnnl_sgemm(block.transpose_a ? 'T' : 'N', block.transpose_b ? 'T' : 'N', size(block.m),
                                 size(block.n), size(block.k), 1, block.a, size(block.lda), block.b,
                                 size(block.ldb), block.beta, block.c, size(block.ldc));
  // Not BLAS instead: the bits would change silently.
  if (status == dnnl_out_of_memory) throw std::bad_alloc();
  if (status != dnnl_success) throw Error("gemm: oneDNN failed with status ", static_cast<int>(status));
  close_onednn_at_exit();
  return true;
}

void multiply_by_library(const Block<float>& block) {
  if (!is_for_onednn(block) || !multiply_by_onednn(block)) multiply_by_blas(block);
}

#else

void multiply_by_library(const Block<float>& block) { multiply_by_blas(block); }

#endif

void multiply_by_library(const Block<double>& block) { multiply_by_blas(block); }

template <class T>
void add_bias(const Block<T>& block) {
  const T* __restrict const bias = block.bias;
  for (std::size_t i = 0; i < block.m; ++i) {
    T* __restrict const row = block.c + i * block.ldc;
    for (std::size_t j = 0; j < block.n; ++j) row[j] += bias[j];
  }
}

template <class T>
void multiply(const Block<T>& block) {
  if (!multiply_small(block)) multiply_by_library(block);
  if (block.bias != nullptr) add_bias(block);
}

// How a product is cut into blocks of 3 million multiplications or more, which take longer than to wake a
// thread. It depends on the shape only. C is cut along its longer side, so that little is packed twice. If C
// is small, such as the gradient of a layer's W, the sums are cut. The number of blocks is a power of two, so
// that two or four threads have the same work.
class Cut {
 public:
  enum class Along { rows, columns, sums };

  template <class T>
  explicit Cut(const Block<T>& whole) {
    const std::size_t longer = std::max(whole.m, whole.n);
    along = longer < 2 * granularity ? Along::sums : longer == whole.m ? Along::rows : Along::columns;
    length_ = along == Along::sums ? whole.k : longer;
    while (blocks < most_blocks && 2 * blocks * worthwhile <= whole.m * whole.n * whole.k &&
           2 * blocks * granularity <= length_)
      blocks *= 2;
  }

  // The first row, column or term of block i.
  std::size_t begin(std::size_t i) const {
    return i == blocks ? length_ : (length_ * i / blocks + granularity / 2) / granularity * granularity;
  }

  template <class T>
  Block<T> block(std::size_t i, const Block<T>& whole) const {
    const std::size_t first = begin(i);
    Block<T> part = whole;
    (along == Along::rows ? part.m : along == Along::columns ? part.n : part.k) = begin(i + 1) - first;
    if (along != Along::columns)
      part.a += first * ((along == Along::rows) == whole.transpose_a ? 1 : whole.lda);
    if (along != Along::rows)
      part.b += first * ((along == Along::columns) == whole.transpose_b ? whole.ldb : 1);
    if (along != Along::sums) part.c += first * (along == Along::rows ? whole.ldc : 1);
    if (along == Along::columns && part.bias != nullptr) part.bias += first;
    return part;
  }

  Along along;
  std::size_t blocks = 1;

 private:
  static constexpr std::size_t worthwhile = 3 << 20;
  static constexpr std::size_t most_blocks = 8;
  static constexpr std::size_t granularity = 64;  // a multiple of the libraries' tiles

  std::size_t length_;
};

// Memory that is released at the end of the scope, from the pool.
template <class T>
class Scratch {
 public:
  explicit Scratch(std::size_t count)
      : bytes_(count * sizeof(T)), data_(static_cast<T*>(memory::allocate(bytes_))) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { memory::release(data_, bytes_); }
  T* data() const { return data_; }

 private:
  const std::size_t bytes_;
  T* const data_;
};

// Each block adds up a part of all sums; the first one in C.
template <class T>
void multiply_parts_of_sums(const Block<T>& whole, const Cut& cut) {
  const std::size_t size = whole.m * whole.n;
  const Scratch<T> others((cut.blocks - 1) * size);
  parallel_for(cut.blocks, [&](std::size_t i) {
    Block<T> part = cut.block(i, whole);
    if (i > 0) {
      part.beta = 0;
      part.bias = nullptr;
      part.c = others.data() + (i - 1) * size;
    }
    multiply(part);
  });
  for (std::size_t i = 1; i < cut.blocks; ++i) {
    const T* const sums = others.data() + (i - 1) * size;
    for (std::size_t j = 0; j < size; ++j) whole.c[j] += sums[j];
  }
}

template <class T>
void multiply_in_blocks(const Block<T>& whole) {
  if (whole.m == 0 || whole.n == 0) return;
  if (whole.k == 0) {
    T* const c = whole.c;
    for (std::size_t i = 0; i < whole.m * whole.n; ++i) c[i] = whole.beta == T{0} ? T{0} : whole.beta * c[i];
    if (whole.bias != nullptr) add_bias(whole);
    return;
  }
  constexpr auto longest = static_cast<std::size_t>(std::numeric_limits<xt::blas_index_t>::max());
  if (std::max({whole.m, whole.n, whole.k}) > longest)
    throw Error("gemm: BLAS takes lengths up to ", longest, ", got m = ", whole.m, ", n = ", whole.n,
                ", k = ", whole.k);
  const Cut cut(whole);
  if (cut.blocks == 1) return multiply(whole);
  if (cut.along == Cut::Along::sums) return multiply_parts_of_sums(whole, cut);
  parallel_for(cut.blocks, [&](std::size_t i) { multiply(cut.block(i, whole)); });
}

}  // namespace

template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const T* a,
          const T* b, T beta, T* c, const T* bias) {
  multiply_in_blocks(Block<T>{transpose_a, transpose_b, m, n, k, a, transpose_a ? m : k, b,
                              transpose_b ? k : n, beta, c, n, bias});
}

template void gemm(bool, bool, std::size_t, std::size_t, std::size_t, const float*, const float*, float,
                   float*, const float*);
template void gemm(bool, bool, std::size_t, std::size_t, std::size_t, const double*, const double*, double,
                   double*, const double*);

void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const Array& a,
          const Array& b, double beta, Array& c, std::size_t batch) {
  visit_floating(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < batch; ++i)
      gemm(transpose_a, transpose_b, m, n, k, a.data<T>() + i * m * k, b.data<T>() + i * k * n,
           static_cast<T>(beta), c.data<T>() + i * m * n);
  });
}

void gemm_with_bias(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
                    const Array& a, const Array& b, const Array& bias, Array& c) {
  visit_floating(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    gemm(transpose_a, transpose_b, m, n, k, a.data<T>(), b.data<T>(), T{0}, c.data<T>(), bias.data<T>());
  });
}

}  // namespace tenbin::cpu
