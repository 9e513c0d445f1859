#include "tenbin/resampling/smote_nc.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tenbin/datasets/statistics.h"
#include "tenbin/resampling/detail/modes.h"

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;
using Columns = std::vector<std::size_t>;

constexpr const char* function = "smote_nc";

std::vector<bool> is_categorical(const Array& x, const Columns& categorical) {
  if (x.ndim() != 2) throw Error(function, ": x must have two axes, got ", x);
  std::vector<bool> flags(x.shape()[1]);
  for (const std::size_t column : categorical) {
    if (column >= flags.size())
      throw Error(function, ": categorical column ", column, " is out of range for ", x);
    if (flags[column]) throw Error(function, ": categorical column ", column, " is named twice");
    flags[column] = true;
  }
  if (categorical.empty() || categorical.size() == flags.size())
    throw Error(function, ": expected categorical and continuous columns, got ", categorical.size(),
                " categorical of ", flags.size());
  return flags;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// The rows of one class in double, by column.
class ClassTable {
 public:
  ClassTable(const Array& x, const Rows& rows) : rows_(rows.size()), columns_(x.shape()[1]) {
    visit_floating(x.dtype(), [&](auto zero) {
      const auto* const values = x.data<decltype(zero)>();
      for (std::vector<double>& column : columns_) {
        const auto c = static_cast<std::size_t>(&column - columns_.data());
        for (const std::size_t row : rows)
          column.push_back(static_cast<double>(values[row * columns_.size() + c]));
      }
    });
  }

  const std::vector<double>& column(std::size_t c) const { return columns_[c]; }

  // Rows whose distances are those of the paper: a continuous column as it is, a categorical column as one
  // column for each of its values, m / sqrt(2) in the row's own value and 0 elsewhere.
  Array embedded(const std::vector<bool>& is_categorical) const {
    std::vector<double> deviations;
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (!is_categorical[c]) deviations.push_back(detail::standard_deviation(columns_[c], 0));
    const double mark = median(deviations) / std::sqrt(2.0);
    std::vector<std::vector<double>> wide;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (!is_categorical[c]) {
        wide.push_back(columns_[c]);
        continue;
      }
      std::map<double, std::size_t> column_of;
      for (const double value : columns_[c]) column_of.emplace(value, wide.size() + column_of.size());
      wide.resize(wide.size() + column_of.size(), std::vector<double>(rows_, 0));
      for (std::size_t i = 0; i < rows_; ++i) wide[column_of.at(columns_[c][i])][i] = mark;
    }
    Array out = Array::empty({rows_, wide.size()}, Dtype::float64);
    for (std::size_t i = 0; i < rows_; ++i)
      for (std::size_t c = 0; c < wide.size(); ++c) out.data<double>()[i * wide.size() + c] = wide[c][i];
    return out;
  }

 private:
  std::size_t rows_;
  std::vector<std::vector<double>> columns_;
};

void require_finite(const ClassTable& table, const Rows& rows, std::size_t columns) {
  for (std::size_t c = 0; c < columns; ++c)
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (!std::isfinite(table.column(c)[i]))
        throw Error(function, ": expected finite values, got x[", rows[i], ", ", c,
                    "] = ", table.column(c)[i]);
}

void add_modes(detail::Modes& modes, const ClassTable& table, const Rows& rows, const Neighbors& neighbors,
               const Columns& columns) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const std::size_t c : columns) {
      std::vector<double> values;
      for (std::size_t j = 0; j < neighbors.k; ++j) values.push_back(table.column(c)[neighbors[i][j]]);
      modes.add(rows[i], values);
    }
}

}  // namespace

Dataset smote_nc(const Dataset& train, const SmoteNCOptions& options) {
  const detail::SyntheticSource source =
      detail::synthetic_source(function, train, options.sampling_strategy, options.k_neighbors);
  const Columns& categorical = options.categorical_features;
  const std::vector<bool> flags = is_categorical(source.x, categorical);
  std::vector<Synthetic> plan;
  detail::Modes modes;
  for (const auto& [c, rows] : source.classes) {
    const std::size_t count = source.wanted.at(c) - rows.size();
    if (count == 0) continue;
    const ClassTable table(source.x, rows);
    require_finite(table, rows, flags.size());
    Neighbors neighbors = nearest_neighbors(table.embedded(flags), options.k_neighbors);
    add_modes(modes, table, rows, neighbors, categorical);
    for (std::size_t& row : neighbors.rows) row = rows[row];
    detail::draw_synthetic(plan, count, rows, neighbors, options.seed);
  }
  Dataset resampled =
      detail::append_synthetic(function, detail::part_of_dataset(source.x, train.t.to(Device::cpu())), plan);
  visit_floating(source.x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* const made = resampled.x.data<T>() + source.x.size();
    for (std::size_t i = 0; i < plan.size(); ++i) {
      const std::vector<double> values = modes.draw(plan[i].base, i, options.seed);
      for (std::size_t c = 0; c < categorical.size(); ++c)
        made[i * flags.size() + categorical[c]] = static_cast<T>(values[c]);
    }
  });
  resampled.x = resampled.x.to(train.x.device());
  resampled.t = resampled.t.to(train.t.device());
  return resampled;
}

}  // namespace tenbin
