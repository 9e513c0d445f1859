// The exact nearest rows, which SMOTE and the cleaners work with.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// For every query its k nearest rows, the nearest first: `neighbors[q][0]` to `neighbors[q][k - 1]`.
struct Neighbors {
  std::size_t k = 0;
  std::vector<std::size_t> rows;  // k of every query

  /// The number of queries.
  std::size_t size() const { return k == 0 ? 0 : rows.size() / k; }
  const std::size_t* operator[](std::size_t query) const { return rows.data() + query * k; }
};

/// The k nearest other rows of every row, by Euclidean distance (scikit-learn: `NearestNeighbors`).
///
/// x: (N, ...), of any dtype; all but the first axis are one row's columns. Distances are compared in float64
/// and equal ones by index, so the result is exact, the same at any number of threads. A row is no neighbour
/// of itself, but an equal row is. Errors: k = 0 or not below N; values that are not finite or beyond 1e140,
/// named with their row and column.
///
///     const Neighbors near = nearest_neighbors(train.x, 5);
///     train.t.data<std::int32_t>()[near[0][0]];   // the label of the row nearest to row 0
Neighbors nearest_neighbors(const Array& x, std::size_t k);

/// The same for the rows `queries` only, among the rows `candidates` only, each named once. k is below the
/// number of candidates. Errors: also a row that is not there.
Neighbors nearest_neighbors(const Array& x, std::size_t k, const std::vector<std::size_t>& queries,
                            const std::vector<std::size_t>& candidates);

namespace detail {

// The same, for a caller that has checked k and the rows, under whose name errors are reported.
Neighbors nearest_neighbors(const char* function, const Array& x, std::size_t k,
                            const std::vector<std::size_t>& queries,
                            const std::vector<std::size_t>& candidates);

}  // namespace detail

}  // namespace tenbin
