// Small products, and those with up to four columns: the layers of small classifiers, and the last layer of
// any. Libraries for large matrices take up to five times as long for them.
#pragma once

#include <cstddef>

namespace tenbin::cpu {

/// The product C := op(A) op(B) + beta C, or one block of it. The leading dimensions are those of the stored
/// matrices.
template <class T>
struct Block {
  bool transpose_a, transpose_b;
  std::size_t m, n, k;
  const T* a;
  std::size_t lda;
  const T* b;
  std::size_t ldb;
  T beta;
  T* c;
  std::size_t ldc;
  const T* bias = nullptr;  ///< if not null, gemm.cpp adds it to each row of C
};

/// Computes the block and returns true if it is of a kind that this code computes faster than a library: x W'
/// with up to four columns; A B and A' B of few multiplications with beta = 0. Returns false for the others.
/// The limits depend on the instruction set that the code is compiled for. An element of C has the same bits
/// in every block of a product.
template <class T>
bool multiply_small(const Block<T>& block);

}  // namespace tenbin::cpu
