#include "tenbin/resampling/smote_n.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tenbin/cpu/parallel.h"
#include "tenbin/resampling/detail/modes.h"

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;

constexpr const char* function = "smote_n";

// One column: the value of every row, and the class probabilities for each value.
struct Column {
  std::vector<double> values;      // ascending
  Rows code;                       // for every row the index of its value
  std::vector<double> likelihood;  // value, class
};

// The training rows and the distances between them.
class Differences {
 public:
  explicit Differences(const detail::SyntheticSource& source) : n_class_(source.classes.size()) {
    if (source.x.ndim() != 2) throw Error(function, ": x must have two axes, got ", source.x);
    columns_.resize(source.x.shape()[1]);
    visit_floating(source.x.dtype(), [&](auto zero) {
      for (std::size_t c = 0; c < columns_.size(); ++c) read(c, source, source.x.data<decltype(zero)>());
    });
  }

  const std::vector<Column>& columns() const { return columns_; }

  double operator()(std::size_t a, std::size_t b) const {
    double sum = 0;
    for (const Column& column : columns_) {
      const double* const p = &column.likelihood[column.code[a] * n_class_];
      const double* const q = &column.likelihood[column.code[b] * n_class_];
      double difference = 0;
      for (std::size_t c = 0; c < n_class_ && p != q; ++c) difference += std::abs(p[c] - q[c]);
      sum += difference * difference;
    }
    return sum;
  }

 private:
  template <class T>
  void read(std::size_t c, const detail::SyntheticSource& source, const T* x) {
    const std::size_t n = source.x.shape()[0];
    std::vector<double> cells(n);
    for (std::size_t row = 0; row < n; ++row) {
      cells[row] = static_cast<double>(x[row * columns_.size() + c]);
      if (!std::isfinite(cells[row]))
        throw Error(function, ": expected finite values, got x[", row, ", ", c, "] = ", cells[row]);
    }
    Column& column = columns_[c];
    column.values = cells;
    std::sort(column.values.begin(), column.values.end());
    column.values.erase(std::unique(column.values.begin(), column.values.end()), column.values.end());
    for (const double cell : cells)
      column.code.push_back(static_cast<std::size_t>(
          std::lower_bound(column.values.begin(), column.values.end(), cell) - column.values.begin()));
    column.likelihood.resize(column.values.size() * n_class_);
    std::vector<double> counts(column.values.size());
    std::size_t place = 0;
    for (const auto& [label, rows] : source.classes) {
      for (const std::size_t row : rows) {
        ++column.likelihood[column.code[row] * n_class_ + place];
        ++counts[column.code[row]];
      }
      ++place;
    }
    for (std::size_t i = 0; i < column.likelihood.size(); ++i) column.likelihood[i] /= counts[i / n_class_];
  }

  std::size_t n_class_;
  std::vector<Column> columns_;
};

// Ties go to the first row.
Neighbors neighbors_of(const Differences& difference, const Rows& rows, std::size_t k) {
  Neighbors neighbors{k, Rows(rows.size() * k)};
  parallel_for(rows.size(), [&](std::size_t i) {
    std::vector<std::pair<double, std::size_t>> others;
    for (const std::size_t row : rows)
      if (row != rows[i]) others.emplace_back(difference(rows[i], row), row);
    std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(k), others.end());
    for (std::size_t j = 0; j < k; ++j) neighbors.rows[i * k + j] = others[j].second;
  });
  return neighbors;
}

std::vector<double> values_at(const Column& column, const std::size_t* rows, std::size_t k) {
  std::vector<double> values;
  for (std::size_t i = 0; i < k; ++i) values.push_back(column.values[column.code[rows[i]]]);
  return values;
}

}  // namespace

Dataset smote_n(const Dataset& train, const SmoteNOptions& options) {
  const detail::SyntheticSource source =
      detail::synthetic_source(function, train, options.sampling_strategy, options.k_neighbors);
  const Differences difference(source);
  const std::vector<Column>& columns = difference.columns();
  std::vector<Synthetic> plan;
  detail::Modes modes;
  for (const auto& [c, rows] : source.classes) {
    const std::size_t count = source.wanted.at(c) - rows.size();
    if (count == 0) continue;
    const Neighbors neighbors = neighbors_of(difference, rows, options.k_neighbors);
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (const Column& column : columns) modes.add(rows[i], values_at(column, neighbors[i], neighbors.k));
    detail::draw_synthetic(plan, count, rows, neighbors, options.seed);
  }
  Dataset resampled =
      detail::append_synthetic(function, detail::part_of_dataset(source.x, train.t.to(Device::cpu())), plan);
  visit_floating(source.x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* made = resampled.x.data<T>() + source.x.size();
    for (std::size_t i = 0; i < plan.size(); ++i)
      for (const double value : modes.draw(plan[i].base, i, options.seed)) *made++ = static_cast<T>(value);
  });
  resampled.x = resampled.x.to(train.x.device());
  resampled.t = resampled.t.to(train.t.device());
  return resampled;
}

}  // namespace tenbin
