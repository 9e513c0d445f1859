// Matrix products by cuBLAS. For .cu files.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"

namespace tenbin::gpu {

/// The counterpart of `cpu::gemm`: C := op(A) op(B) + beta C for row-major matrices without gaps, in arrays
/// of one floating dtype; with a `batch`, for as many matrices, which follow one another. float32 is
/// multiplied as float32, or in TF32 (10 bits of mantissa, errors around 3e-4) while an `AllowTF32` exists.
/// Bit-reproducible: one stream, one workspace. Errors: a length beyond 31 bits; those of cuBLAS.
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const Array& a,
          const Array& b, double beta, Array& c, std::size_t batch = 1);

/// The counterpart of `cpu::gemm_with_bias`: C := op(A) op(B) + bias, with the bias as the initial rows of C.
void gemm_with_bias(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
                    const Array& a, const Array& b, const Array& bias, Array& c);

}  // namespace tenbin::gpu
