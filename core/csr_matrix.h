// CsrMatrix, a matrix of which only some elements are stored, row by row.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

namespace detail {
struct CsrParts;
}

/// A sparse matrix in compressed rows: data row features of which most are 0, such as words of a text or
/// one-hot codes. (SciPy: `csr_matrix`, with the same names of the parts.)
///
///     // [[0, 2, 0],
///     //  [0, 0, 0],
///     //  [1, 0, 3]]
///     CsrMatrix x(Array{2.f, 1.f, 3.f}, Array{1, 0, 2}, Array{0, 1, 1, 3}, {3, 3});
///     Variable y = linear(x, W, b);
///
/// Row i has the values `data[indptr[i]]` to `data[indptr[i + 1] - 1]`, in the columns at the same positions
/// of `indices`. A stored value may be 0. Any number of rows and columns may be 0. A copy shares the arrays,
/// which must not be changed.
///
/// A default-constructed matrix has no arrays, and converts to false.
///
/// Threads: as for Array.
class CsrMatrix {
 public:
  CsrMatrix() = default;

  /// data: float32 or float64 (nnz); indices: int32 or int64 (nnz), the columns, ascending within a row;
  /// indptr: int32 or int64 (rows + 1); shape: (rows, columns), with fewer than 2^31 columns. The indices are
  /// kept as int32, the indptr as int64. On a GPU, the checks read both back to the CPU.
  ///
  /// Errors: another dtype, length or device; an indptr that does not begin with 0, descends, or does not end
  /// with nnz; an index outside [0, columns), or not above the one before it in its row, named with its
  /// position and row.
  CsrMatrix(const Array& data, const Array& indices, const Array& indptr, const Shape& shape);

  /// The elements of an array (rows, columns), float32 or float64, that are not 0; NaN is stored. An array on
  /// a GPU is converted on the CPU. Errors: another dtype, not two axes, 2^31 columns or more.
  static CsrMatrix from_dense(const Array& x);

  explicit operator bool() const { return static_cast<bool>(indptr_); }

  /// (rows, columns).
  const Shape& shape() const { return shape_; }
  Dtype dtype() const { return data_.dtype(); }
  Device device() const { return data_.device(); }
  /// The number of stored values.
  std::size_t nnz() const { return data_.size(); }
  /// The bytes of the three arrays.
  std::size_t nbytes() const { return data_.nbytes() + indices_.nbytes() + indptr_.nbytes(); }

  const Array& data() const { return data_; }
  const Array& indices() const { return indices_; }
  const Array& indptr() const { return indptr_; }

  /// A copy of the rows at `indices`, in that order. On a GPU their positions are computed on the CPU, and
  /// the values are copied there; the CPU does not wait. Errors: an index out of range, named with its
  /// position.
  [[nodiscard]] CsrMatrix rows(const std::vector<std::size_t>& indices) const;
  [[nodiscard]] CsrMatrix rows(const std::size_t* indices, std::size_t count) const;
  /// The rows [begin, end), which share `data` and `indices`. Errors: a range beyond the rows.
  [[nodiscard]] CsrMatrix slice(std::size_t begin, std::size_t end) const;

  /// All elements, (rows, columns). From a GPU by way of the CPU.
  [[nodiscard]] Array to_dense() const;
  /// The matrix on another device, or with values of another floating dtype. Shares the arrays if nothing
  /// would change. Errors: a dtype that is not floating.
  [[nodiscard]] CsrMatrix to(Device device) const;
  [[nodiscard]] CsrMatrix astype(Dtype dtype) const;

 private:
  friend struct detail::CsrParts;

  void require_some(const char* call) const;
  // The indptr on the CPU.
  Array starts() const { return starts_ ? starts_ : indptr_.to(Device::cpu()); }

  Shape shape_{0, 0};
  Array data_;
  Array indices_;
  Array indptr_;
  Array starts_;  // the indptr on the CPU, so that rows on a GPU are found without waiting; empty: not known
};

/// Prints dtype, shape and the number of stored values, `float32(8, 10), 23 stored`, as in error messages. A
/// matrix without arrays prints `none`.
std::ostream& operator<<(std::ostream& out, const CsrMatrix& matrix);

namespace detail {

// A matrix as arrays and back, for what passes arrays on: a batch of a BatchSource.
struct CsrParts {
  static constexpr std::size_t count = 4;
  // data, indices, indptr, and an array (0, columns) whose shape says the columns on any device.
  static Arrays of(const CsrMatrix& matrix);
  // The first `count` arrays of `parts`; they are not checked again. Precondition: `are_in(parts)`.
  static CsrMatrix matrix(const Arrays& parts);
  // Whether the dtypes and shapes of `parts` begin with those of a matrix.
  static bool are_in(const Arrays& parts);
};

}  // namespace detail

}  // namespace tenbin
