// Matrix products on the CPU. gemm.cpp is the one file that includes xtensor-blas.
#pragma once

#include "tenbin/core/array.h"

namespace tenbin::cpu {

/// C := op(A) op(B) + beta C for contiguous row-major matrices; op transposes if `transpose_a` or
/// `transpose_b` is set. op(A) is (m, k), op(B) is (k, n), C is (m, n). C is not read if beta is 0. A `bias`,
/// (n), is added to each row of C.
///
/// The bits of the result depend on the shapes only, not on the number of threads: BLAS runs single-threaded
/// on blocks that the shapes determine. Errors: a length that exceeds BLAS's 32 bits.
template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const T* a,
          const T* b, T beta, T* c, const T* bias = nullptr);

/// The same for arrays of one floating dtype; with a `batch`, for as many matrices, which follow one another.
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const Array& a,
          const Array& b, double beta, Array& c, std::size_t batch = 1);

/// C := op(A) op(B) + bias, which is added to each block of C while it is in the cache.
void gemm_with_bias(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
                    const Array& a, const Array& b, const Array& bias, Array& c);

}  // namespace tenbin::cpu
