// Matrix products by cuBLAS. For .cu files.
#pragma once

#include <cublas_v2.h>

#include <cstddef>

namespace tenbin::gpu {

class Context;

/// The counterpart of `cpu::gemm`: C := op(A) op(B) + beta C for row-major matrices without gaps. float32
/// is multiplied as float32, or in TF32 (10 bits of mantissa, errors around 3e-4) while an `AllowTF32` lives.
/// Bit-reproducible: one stream, one workspace. With a `batch` the same for so many matrices, one behind the
/// other. Errors: a length beyond 31 bits; what cuBLAS says.
template <class T>
void gemm(Context& context, bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
          const T* a, const T* b, T beta, T* c, std::size_t batch = 1);

/// A handle for the stream, with a workspace of its own: cuBLAS would otherwise allocate one behind the back
/// of a capture, and its bits would depend on what else runs.
cublasHandle_t create_cublas(cudaStream_t stream, void** workspace);

}  // namespace tenbin::gpu
