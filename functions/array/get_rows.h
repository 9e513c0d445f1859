// Rows picked by index.
#pragma once

#include "tenbin/core/csr_matrix.h"
#include "tenbin/core/function.h"

namespace tenbin {

class GetRows : public Function {
 public:
  std::string name() const override { return "get_rows"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // The error on both devices: at once on the CPU, at the next read on a GPU.
  [[noreturn]] static void out_of_range(std::int64_t index, std::int64_t position, std::size_t rows);

  Shape x_shape_;
};

/// Rows of the first axis, y[i, ...] = x[indices[i], ...]. Negative indices count from the end, as in NumPy.
/// A row that is picked several times gets the sum of the gradients. (Chainer:
/// `F.get_item(x, indices)`. A table of vectors: `embed_id`.)
///
/// x: at least one axis, any dtype; indices: any shape, int32 or int64; y: the shape of the indices followed
/// by that of a row.
///
/// Errors: an index outside [-rows, rows), naming its position, its value and the number of rows; for indices
/// on a GPU it is thrown by the next read from the device.
///
///     Variable vectors = get_rows(table, Array{3, 0, 3});     // float32(10, 4) to float32(3, 4)
inline Variable get_rows(const Variable& x, const Variable& indices) { return apply<GetRows>({x, indices}); }

/// The same rows of a sparse matrix, a constant: indices int32 or int64 (count), y (count, columns). Indices
/// on a GPU are read back. Errors as above, at once. (`CsrMatrix::rows` takes a vector.)
CsrMatrix get_rows(const CsrMatrix& x, const Array& indices);

}  // namespace tenbin
