// Exact nearest neighbours, for SMOTE and the cleaning methods.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// The k nearest rows of every query, the nearest first: `neighbors[q][0]` to `neighbors[q][k - 1]`.
struct Neighbors {
  std::size_t k = 0;
  std::vector<std::size_t> rows;  // k for every query

  /// The number of queries.
  std::size_t size() const { return k == 0 ? 0 : rows.size() / k; }
  const std::size_t* operator[](std::size_t query) const { return rows.data() + query * k; }
};

/// The k nearest other rows of every row, by Euclidean distance (scikit-learn: `NearestNeighbors`).
///
/// x: (N, ...), of any dtype; all axes but the first are the columns. Distances are compared in float64, ties
/// by index, so the result is exact and the same at any number of threads. A row is not a neighbour of
/// itself, but a duplicate of it is. Errors: k = 0 or not below N; values that are not finite or beyond
/// 1e140, named with their row and column.
///
///     const Neighbors near = nearest_neighbors(train.x, 5);
///     train.t.data<std::int32_t>()[near[0][0]];   // the label of the row nearest to row 0
Neighbors nearest_neighbors(const Array& x, std::size_t k);

/// The same for the rows `queries` only, among the rows `candidates` only; each row may be named once. k must
/// be below the number of candidates. Errors: also an index out of range.
Neighbors nearest_neighbors(const Array& x, std::size_t k, const std::vector<std::size_t>& queries,
                            const std::vector<std::size_t>& candidates);

namespace detail {

// The same for a caller that has checked k and the rows; `function` is named in errors.
Neighbors nearest_neighbors(const char* function, const Array& x, std::size_t k,
                            const std::vector<std::size_t>& queries,
                            const std::vector<std::size_t>& candidates);

}  // namespace detail

}  // namespace tenbin
