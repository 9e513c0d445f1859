// Sparse matrices in .npz files, in the layout of SciPy.
#pragma once

#include <string>

#include "tenbin/core/csr_matrix.h"

namespace tenbin {

/// Writes a matrix, from any device, to a file that `scipy.sparse.load_npz` reads: the keys `indices`,
/// `indptr`, `shape`, `data` and `format`. The file is written as by `save_npz`, with the same errors. Errors
/// also: a matrix without arrays.
///
///     save_sparse_npz("train.npz", x);
void save_sparse_npz(const std::string& path, const CsrMatrix& matrix, bool compression = true);

/// Reads a matrix of format 'csr' that `scipy.sparse.save_npz` or `save_sparse_npz` has written, to the CPU.
///
/// float32 and float64 values keep their dtype, float16, booleans and bytes become float32, other integers
/// float64. Indices that do not ascend are sorted within their row, and values of equal indices are added in
/// float64, in their order: SciPy allows both and gives them the same meaning. Other keys are ignored.
///
/// Errors: those of NpzReader; another format; arrays that are not a matrix, as `x.npz: CsrMatrix: what`.
///
///     const CsrMatrix x = load_sparse_npz("train.npz");
CsrMatrix load_sparse_npz(const std::string& path);

}  // namespace tenbin
