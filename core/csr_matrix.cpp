#include "tenbin/core/csr_matrix.h"

#include <cstring>
#include <limits>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/core/text.h"

namespace tenbin {

namespace {

using Index = std::int32_t;
using Position = std::int64_t;

bool is_index(const Array& array) {
  return array && array.ndim() == 1 && (array.dtype() == Dtype::int32 || array.dtype() == Dtype::int64);
}

void require_columns(std::size_t columns) {
  constexpr std::size_t most = std::numeric_limits<Index>::max();
  if (columns > most) throw Error("CsrMatrix: at most ", most, " columns, got ", columns);
}

void check_parts(const Array& data, const Array& indices, const Array& indptr, const Shape& shape) {
  if (shape.size() != 2) throw Error("CsrMatrix: the shape must be (rows, columns), got ", shape);
  require_columns(shape[1]);
  if (!data || data.ndim() != 1 || !is_floating(data.dtype()))
    throw Error("CsrMatrix: data must be float32 or float64 (nnz), got ", data);
  if (!is_index(indices)) throw Error("CsrMatrix: indices must be int32 or int64 (nnz), got ", indices);
  if (indices.size() != data.size())
    throw Error("CsrMatrix: data and indices differ in length: ", data, " and ", indices);
  if (!is_index(indptr) || indptr.size() == 0 || indptr.size() - 1 != shape[0])
    throw Error("CsrMatrix: indptr must be int32 or int64 (rows + 1) for the shape ", shape, ", got ",
                indptr);
  if (indices.device() != data.device() || indptr.device() != data.device())
    throw Error("CsrMatrix: the arrays must be on one device, got ", data, ", ", indices, " and ", indptr);
}

// Precondition: the indptr is on the CPU.
void check_starts(const Array& indptr, std::size_t nnz) {
  const Position* const start = indptr.data<Position>();
  if (start[0] != 0) throw Error("CsrMatrix: indptr must begin with 0, got ", start[0]);
  for (std::size_t row = 0; row + 1 < indptr.size(); ++row)
    if (start[row + 1] < start[row])
      throw Error("CsrMatrix: indptr must not descend: row ", row, " begins at ", start[row], " and ends at ",
                  start[row + 1]);
  const Position last = start[indptr.size() - 1];
  if (static_cast<std::size_t>(last) != nnz)
    throw Error("CsrMatrix: indptr must end with the number of values, ", nnz, ", got ", last);
}

template <class I>
void check_indices(const I* index, const Position* start, const Shape& shape) {
  for (std::size_t row = 0; row < shape[0]; ++row)
    for (Position k = start[row]; k < start[row + 1]; ++k) {
      if (index[k] < 0 || static_cast<std::uint64_t>(index[k]) >= shape[1])
        throw Error("CsrMatrix: index ", index[k], " at position ", k, ", in row ", row,
                    ", is out of range for ", shape[1], " columns");
      if (k > start[row] && index[k] <= index[k - 1])
        throw Error("CsrMatrix: the indices of a row must ascend: ", index[k], " at position ", k,
                    ", in row ", row, ", follows ", index[k - 1]);
    }
}

std::size_t size_of(Position position) { return static_cast<std::size_t>(position); }

// The positions of the values of the rows at `rows`, one row after the other.
Array positions_of(const Position* start, const std::size_t* rows, std::size_t count, std::size_t nnz) {
  Array positions = Array::empty({nnz}, Dtype::int64);
  Position* to = positions.data<Position>();
  for (std::size_t i = 0; i < count; ++i)
    for (Position k = start[rows[i]]; k < start[rows[i] + 1]; ++k) *to++ = k;
  return positions;
}

// The elements of `from` at the positions of the rows, on the CPU.
Array copied(const Array& from, const Position* start, const std::size_t* rows, std::size_t count,
             std::size_t nnz) {
  Array copy = Array::empty({nnz}, from.dtype());
  const std::size_t bytes = item_size(from.dtype());
  const char* const begin = static_cast<const char*>(from.raw_data());
  char* to = static_cast<char*>(copy.raw_data());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = size_of(start[rows[i]]) * bytes;
    const std::size_t length = size_of(start[rows[i] + 1]) * bytes - first;
    if (length > 0) std::memcpy(to, begin + first, length);
    to += length;
  }
  return copy;
}

}  // namespace

CsrMatrix::CsrMatrix(const Array& data, const Array& indices, const Array& indptr, const Shape& shape) {
  check_parts(data, indices, indptr, shape);
  const Array starts = indptr.to(Device::cpu()).astype(Dtype::int64);
  check_starts(starts, data.size());
  const Array columns = indices.to(Device::cpu());
  visit_index(columns.dtype(), [&](auto zero) {
    check_indices(columns.data<decltype(zero)>(), starts.data<Position>(), shape);
  });
  shape_ = shape;
  data_ = data;
  indices_ = indices.astype(Dtype::int32);
  indptr_ = indptr.astype(Dtype::int64);
  starts_ = starts;
}

CsrMatrix CsrMatrix::from_dense(const Array& x) {
  if (!x || x.ndim() != 2 || !is_floating(x.dtype()))
    throw Error("CsrMatrix::from_dense: expected float32 or float64 (rows, columns), got ", x);
  const std::size_t rows = x.shape()[0], columns = x.shape()[1];
  require_columns(columns);
  const Array dense = x.to(Device::cpu());
  CsrMatrix matrix;
  matrix.shape_ = x.shape();
  matrix.starts_ = Array::empty({rows + 1}, Dtype::int64);
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* const value = dense.data<T>();
    Position* const start = matrix.starts_.data<Position>();
    start[0] = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      start[row + 1] = start[row];
      for (std::size_t c = 0; c < columns; ++c) start[row + 1] += value[row * columns + c] != T(0);
    }
    matrix.data_ = Array::empty({size_of(start[rows])}, x.dtype());
    matrix.indices_ = Array::empty({size_of(start[rows])}, Dtype::int32);
    T* data = matrix.data_.data<T>();
    Index* index = matrix.indices_.data<Index>();
    for (std::size_t i = 0; i < dense.size(); ++i)
      if (value[i] != T(0)) {
        *data++ = value[i];
        *index++ = static_cast<Index>(i % columns);
      }
  });
  matrix.indptr_ = matrix.starts_;
  return matrix.to(x.device());
}

void CsrMatrix::require_some(const char* call) const {
  if (!*this) throw Error("CsrMatrix::", call, ": the matrix is empty");
}

CsrMatrix CsrMatrix::rows(const std::vector<std::size_t>& indices) const {
  return rows(indices.data(), indices.size());
}

CsrMatrix CsrMatrix::rows(const std::size_t* indices, std::size_t count) const {
  require_some("rows");
  for (std::size_t i = 0; i < count; ++i)
    if (indices[i] >= shape_[0])
      throw Error("CsrMatrix::rows: index ", indices[i], " at position ", i, " is out of range for ",
                  shape_[0], " rows");
  const Array all_starts = starts();
  const Position* const start = all_starts.data<Position>();
  CsrMatrix part;
  part.shape_ = {count, shape_[1]};
  part.starts_ = Array::empty({count + 1}, Dtype::int64);
  Position* const part_start = part.starts_.data<Position>();
  part_start[0] = 0;
  for (std::size_t i = 0; i < count; ++i)
    part_start[i + 1] = part_start[i] + start[indices[i] + 1] - start[indices[i]];
  const std::size_t nnz = size_of(part_start[count]);
  if (device().is_cpu()) {
    part.data_ = copied(data_, start, indices, count, nnz);
    part.indices_ = copied(indices_, start, indices, count, nnz);
  } else {
    const Array positions = positions_of(start, indices, count, nnz).to(device());
    part.data_ = accelerator::gather_rows(data_, positions);
    part.indices_ = accelerator::gather_rows(indices_, positions);
  }
  part.indptr_ = part.starts_.to(device());
  return part;
}

CsrMatrix CsrMatrix::slice(std::size_t begin, std::size_t end) const {
  require_some("slice");
  if (begin > end || end > shape_[0])
    throw Error("CsrMatrix::slice: no rows [", begin, ", ", end, ") in ", *this);
  if (begin == 0 && end == shape_[0]) return *this;
  const Array all_starts = starts();
  const Position* const start = all_starts.data<Position>() + begin;
  CsrMatrix part;
  part.shape_ = {end - begin, shape_[1]};
  part.data_ = data_.slice(size_of(start[0]), size_of(start[end - begin]));
  part.indices_ = indices_.slice(size_of(start[0]), size_of(start[end - begin]));
  part.starts_ = Array::empty({end - begin + 1}, Dtype::int64);
  for (std::size_t i = 0; i <= end - begin; ++i) part.starts_.data<Position>()[i] = start[i] - start[0];
  part.indptr_ = part.starts_.to(device());
  return part;
}

Array CsrMatrix::to_dense() const {
  require_some("to_dense");
  Array dense = Array::zeros(shape_, dtype());
  const CsrMatrix host = to(Device::cpu());
  const Position* const start = host.indptr_.data<Position>();
  const Index* const index = host.indices_.data<Index>();
  visit_floating(dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* const value = host.data_.data<T>();
    T* row = dense.data<T>();
    for (std::size_t i = 0; i < shape_[0]; ++i, row += shape_[1])
      for (Position k = start[i]; k < start[i + 1]; ++k) row[index[k]] = value[k];
  });
  return dense.to(device());
}

CsrMatrix CsrMatrix::to(Device device) const {
  if (!*this || device == this->device()) return *this;
  CsrMatrix moved = *this;
  moved.data_ = data_.to(device);
  moved.indices_ = indices_.to(device);
  moved.starts_ = starts();
  moved.indptr_ = device.is_cpu() ? moved.starts_ : indptr_.to(device);
  return moved;
}

CsrMatrix CsrMatrix::astype(Dtype dtype) const {
  if (!is_floating(dtype)) throw Error("CsrMatrix::astype: expected float32 or float64, got ", dtype);
  CsrMatrix converted = *this;
  converted.data_ = data_.astype(dtype);
  return converted;
}

std::ostream& operator<<(std::ostream& out, const CsrMatrix& matrix) {
  if (!matrix) return out << "none";
  detail::TextStream text;
  text << matrix.dtype() << matrix.shape();
  if (!matrix.device().is_cpu()) text << '@' << matrix.device();
  text << ", " << matrix.nnz() << " stored";
  return out << text.str();
}

Arrays detail::CsrParts::of(const CsrMatrix& matrix) {
  matrix.require_some("parts");
  return {matrix.data_, matrix.indices_, matrix.indptr_,
          Array::empty({0, matrix.shape_[1]}, Dtype::uint8, matrix.device())};
}

bool detail::CsrParts::are_in(const Arrays& parts) {
  return parts.size() >= count && parts[0] && parts[0].ndim() == 1 && is_floating(parts[0].dtype()) &&
         parts[1] && parts[1].dtype() == Dtype::int32 && parts[1].shape() == parts[0].shape() && parts[2] &&
         parts[2].dtype() == Dtype::int64 && parts[2].ndim() == 1 && parts[2].size() > 0 && parts[3] &&
         parts[3].dtype() == Dtype::uint8 && parts[3].ndim() == 2 && parts[3].shape()[0] == 0;
}

CsrMatrix detail::CsrParts::matrix(const Arrays& parts) {
  CsrMatrix matrix;
  matrix.shape_ = {parts[2].size() - 1, parts[3].shape()[1]};
  matrix.data_ = parts[0];
  matrix.indices_ = parts[1];
  matrix.indptr_ = parts[2];
  if (matrix.device().is_cpu()) matrix.starts_ = matrix.indptr_;
  return matrix;
}

}  // namespace tenbin
