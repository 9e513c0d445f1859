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
void multiply(const Block<T>& block) {
  if (!multiply_small(block)) multiply_by_library(block);
}

// C is cut along its longer side, so that little is packed twice, into blocks of 2^22 multiplications or
// more, which are worth waking a thread. It depends on the shape only.
struct Cut {
  bool rows;
  std::size_t length;  // of a block

  Cut(std::size_t m, std::size_t n, std::size_t k) : rows(m >= n) {
    constexpr std::size_t worthwhile = std::size_t{1} << 22;
    constexpr std::size_t most_blocks = 8;
    constexpr std::size_t granularity = 64;  // a multiple of the libraries' tiles
    const std::size_t side = rows ? m : n;
    const std::size_t blocks = std::clamp<std::size_t>(m * n * k / worthwhile, 1, most_blocks);
    length = ((side + blocks - 1) / blocks + granularity - 1) / granularity * granularity;
  }
};

}  // namespace

template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const T* a,
          const T* b, T beta, T* c) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (std::size_t i = 0; i < m * n; ++i) c[i] = beta == T{0} ? T{0} : beta * c[i];
    return;
  }
  using Size = xt::blas_index_t;
  constexpr auto longest = static_cast<std::size_t>(std::numeric_limits<Size>::max());
  if (std::max({m, n, k}) > longest)
    throw Error("gemm: BLAS takes lengths up to ", longest, ", got m = ", m, ", n = ", n, ", k = ", k);
  const Block<T> whole{transpose_a, transpose_b,         m,    n, k, a, transpose_a ? m : k,
                       b,           transpose_b ? k : n, beta, c, n};
  const Cut cut(m, n, k);
  const std::size_t side = cut.rows ? m : n;
  if (cut.length >= side) return multiply(whole);
  parallel_for((side + cut.length - 1) / cut.length, [&](std::size_t index) {
    const std::size_t first = index * cut.length;
    Block<T> block = whole;
    (cut.rows ? block.m : block.n) = std::min(cut.length, side - first);
    if (cut.rows) {
      block.a += transpose_a ? first : first * k;
      block.c += first * n;
    } else {
      block.b += transpose_b ? first * k : first;
      block.c += first;
    }
    multiply(block);
  });
}

template void gemm(bool, bool, std::size_t, std::size_t, std::size_t, const float*, const float*, float,
                   float*);
template void gemm(bool, bool, std::size_t, std::size_t, std::size_t, const double*, const double*, double,
                   double*);

void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const Array& a,
          const Array& b, double beta, Array& c, std::size_t batch) {
  visit_floating(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < batch; ++i)
      gemm(transpose_a, transpose_b, m, n, k, a.data<T>() + i * m * k, b.data<T>() + i * k * n,
           static_cast<T>(beta), c.data<T>() + i * m * n);
  });
}

}  // namespace tenbin::cpu
