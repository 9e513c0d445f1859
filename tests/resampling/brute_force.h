// Neighbours by comparing all rows with all rows: the reference of the resampling tests.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "tenbin/core/random.h"
#include "tenbin/datasets/dataset.h"

namespace tenbin::testing {

using Rows = std::vector<std::size_t>;

inline Rows all_rows(std::size_t n) {
  Rows rows(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

inline Rows rows_of_class(const Array& t, int c) {
  Rows rows;
  const std::vector<int> labels = t.to_vector<int>();
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] == c) rows.push_back(i);
  return rows;
}

/// The k rows nearest to `query` among `candidates`, without itself; ties by index.
inline Rows nearest(const Array& x, std::size_t query, const Rows& candidates, std::size_t k) {
  const std::vector<double> values = x.to_vector<double>();
  const std::size_t columns = x.size() / x.shape()[0];
  std::vector<std::pair<double, std::size_t>> found;
  for (const std::size_t row : candidates) {
    if (row == query) continue;
    double distance = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      const double difference = values[query * columns + c] - values[row * columns + c];
      distance += difference * difference;
    }
    found.emplace_back(distance, row);
  }
  std::sort(found.begin(), found.end());
  Rows rows;
  for (std::size_t i = 0; i < k; ++i) rows.push_back(found.at(i).second);
  return rows;
}

/// Gaussian rows, int32 labels with this many rows of each class in random order, class centres `distance`
/// apart in every column.
inline Dataset clouds(const Rows& counts, std::size_t columns, std::uint64_t seed, double distance = 1,
                      Dtype dtype = Dtype::float32) {
  std::vector<std::int32_t> labels;
  for (std::size_t c = 0; c < counts.size(); ++c)
    labels.insert(labels.end(), counts[c], static_cast<std::int32_t>(c));
  random::Generator generator(seed);
  const Rows order = generator.permutation(labels.size());
  Array t = Array::empty({labels.size()}, Dtype::int32);
  std::vector<double> values =
      generator.normal({labels.size(), columns}, 0, 1, Dtype::float64).to_vector<double>();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::int32_t label = labels[order[i]];
    t.data<std::int32_t>()[i] = label;
    for (std::size_t c = 0; c < columns; ++c) values[i * columns + c] += distance * label;
  }
  return {Array(values, {labels.size(), columns}).astype(dtype), t};
}

}  // namespace tenbin::testing
