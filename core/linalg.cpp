#include "tenbin/core/linalg.h"

#include <algorithm>
#include <limits>
#include <xtensor-blas/xblas.hpp>

#include "tenbin/core/parallel.h"

// OpenBLAS's own threads make the bits of a product depend on their number. Absent in other BLAS libraries.
extern "C" void openblas_set_num_threads(int count) __attribute__((weak));

namespace tenbin::linalg {

namespace {

void use_blas_single_threaded() {
  static const bool done = [] {
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
    return true;
  }();
  (void)done;
}

// Rows of C per task: by shape alone, at least 2^22 multiplications each, so that waking a thread pays.
std::size_t rows_per_block(std::size_t m, std::size_t n, std::size_t k) {
  constexpr std::size_t worthwhile = std::size_t{1} << 22;
  constexpr std::size_t most_blocks = 8;
  constexpr std::size_t granularity = 16;  // keeps every block but the last a multiple of BLAS's tiles
  const std::size_t blocks = std::clamp<std::size_t>(m * n * k / worthwhile, 1, most_blocks);
  return ((m + blocks - 1) / blocks + granularity - 1) / granularity * granularity;
}

cxxblas::Transpose transposition(bool transpose) {
  return transpose ? cxxblas::Transpose::Trans : cxxblas::Transpose::NoTrans;
}

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
  use_blas_single_threaded();
  const auto size = [](std::size_t length) { return static_cast<Size>(length); };
  const std::size_t rows = rows_per_block(m, n, k);
  const auto multiply_block = [&](std::size_t block) {
    const std::size_t first = block * rows;
    const std::size_t count = std::min(rows, m - first);
    cxxblas::gemm<Size>(cxxblas::StorageOrder::RowMajor, transposition(transpose_a),
                        transposition(transpose_b), size(count), size(n), size(k), T{1},
                        a + (transpose_a ? first : first * k), size(transpose_a ? m : k), b,
                        size(transpose_b ? k : n), beta, c + first * n, size(n));
  };
  if (rows >= m) {
    multiply_block(0);
  } else {
    parallel_for((m + rows - 1) / rows, multiply_block);
  }
}

template void gemm(bool, bool, std::size_t, std::size_t, std::size_t, const float*, const float*, float,
                   float*);
template void gemm(bool, bool, std::size_t, std::size_t, std::size_t, const double*, const double*, double,
                   double*);

Array matmul(const Array& a, const Array& b, bool transpose_a, bool transpose_b) {
  const std::size_t m = a.shape()[transpose_a ? 1 : 0];
  const std::size_t k = a.shape()[transpose_a ? 0 : 1];
  const std::size_t n = b.shape()[transpose_b ? 0 : 1];
  Array c = Array::empty({m, n}, a.dtype());
  visit_floating(a.dtype(), [&](auto zero) {
    using T = decltype(zero);
    gemm(transpose_a, transpose_b, m, n, k, a.data<T>(), b.data<T>(), T{0}, c.data<T>());
  });
  return c;
}

}  // namespace tenbin::linalg
