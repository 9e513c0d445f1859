#include "tenbin/serializers/sparse_npz.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "tenbin/serializers/npz.h"

namespace tenbin {

namespace {

// The values of an integer array, as int64 (length).
std::vector<std::int64_t> read_integers(const NpzReader& file, const std::string& key) {
  const Array array = file.read(key);
  if (array.ndim() != 1 || is_floating(array.dtype()))
    throw Error(file.path(), ": ", key, ": expected integers with one axis, got ", array);
  return array.to_vector<std::int64_t>();
}

Array read_values(const NpzReader& file) {
  const Array data = file.read("data");
  if (is_floating(data.dtype())) return data;
  return data.astype(data.dtype() == Dtype::uint8 ? Dtype::float32 : Dtype::float64);
}

Shape read_shape(const NpzReader& file) {
  const std::vector<std::int64_t> shape = read_integers(file, "shape");
  if (shape.size() != 2 || shape[0] < 0 || shape[1] < 0)
    throw Error(file.path(), ": shape: expected (rows, columns), got ", Array(shape).to_string());
  return {static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1])};
}

// Whether `start` is the indptr of `count` values, so that the rows can be read.
bool is_indptr(const std::vector<std::int64_t>& start, std::size_t count) {
  return !start.empty() && start.front() == 0 && std::is_sorted(start.begin(), start.end()) &&
         static_cast<std::size_t>(start.back()) == count;
}

bool ascends(const std::vector<std::int64_t>& index, const std::vector<std::int64_t>& start) {
  for (std::size_t row = 0; row + 1 < start.size(); ++row)
    for (std::int64_t k = start[row] + 1; k < start[row + 1]; ++k)
      if (index[static_cast<std::size_t>(k)] <= index[static_cast<std::size_t>(k - 1)]) return false;
  return true;
}

// Sorts the indices of each row and adds the values of equal ones.
void sort_rows(std::vector<double>& values, std::vector<std::int64_t>& index,
               std::vector<std::int64_t>& start) {
  std::vector<double> sums;
  std::vector<std::int64_t> columns, ends{0};
  std::vector<std::size_t> order;
  for (std::size_t row = 0; row + 1 < start.size(); ++row) {
    order.resize(static_cast<std::size_t>(start[row + 1] - start[row]));
    std::iota(order.begin(), order.end(), static_cast<std::size_t>(start[row]));
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return index[a] < index[b]; });
    const std::size_t first = columns.size();
    for (const std::size_t k : order) {
      if (columns.size() > first && columns.back() == index[k]) {
        sums.back() += values[k];
      } else {
        columns.push_back(index[k]);
        sums.push_back(values[k]);
      }
    }
    ends.push_back(static_cast<std::int64_t>(columns.size()));
  }
  values = std::move(sums);
  index = std::move(columns);
  start = std::move(ends);
}

}  // namespace

void save_sparse_npz(const std::string& path, const CsrMatrix& matrix, bool compression) {
  if (!matrix) throw Error(path, ": the matrix is empty");
  const Array shape(
      {static_cast<std::int64_t>(matrix.shape()[0]), static_cast<std::int64_t>(matrix.shape()[1])});
  detail::save_npz(
      path,
      {{"indices", matrix.indices()}, {"indptr", matrix.indptr()}, {"shape", shape}, {"data", matrix.data()}},
      {{"format", "csr"}}, compression);
}

CsrMatrix load_sparse_npz(const std::string& path) {
  const NpzReader file(path);
  const std::string format = file.read_text("format");
  if (format != "csr")
    throw Error(path, ": format: expected 'csr', got '", printable(format),
                "': convert the matrix by its tocsr()");
  const Shape shape = read_shape(file);
  Array data = read_values(file);
  std::vector<std::int64_t> index = read_integers(file, "indices");
  std::vector<std::int64_t> start = read_integers(file, "indptr");
  const bool is_matrix = data.ndim() == 1 && index.size() == data.size() && is_indptr(start, index.size());
  if (is_matrix && !ascends(index, start)) {
    std::vector<double> values = data.to_vector<double>();
    sort_rows(values, index, start);
    data = Array(values).astype(data.dtype());
  }
  try {
    return {data, Array(index), Array(start), shape};
  } catch (const Error& error) {
    throw Error(path, ": ", error.what());
  }
}

}  // namespace tenbin
