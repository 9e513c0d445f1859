#include "tenbin/examples/remedies/comparison_data.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tenbin/datasets/arff.h"
#include "tenbin/datasets/csv.h"
#include "tenbin/preprocessing/one_hot_encoder.h"
#include "tenbin/preprocessing/standard_scaler.h"
#include "tenbin/xtensor.h"

namespace tenbin::examples {

namespace {

constexpr std::size_t most_categories = 100;
constexpr std::size_t fewest_rows = 3;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

tenbin::Table load(const std::string& path, const std::string& label) {
  if (ends_with(path, ".arff") || ends_with(path, ".arff.gz")) return load_arff(path, {.label = label});
  return load_csv(path, {.label = label});
}

bool has_values(const Column& column) {
  const std::vector<double> values = column.values.to_vector<double>();
  const auto missing = [&](double value) { return column.is_categorical() ? value < 0 : std::isnan(value); };
  return !std::all_of(values.begin(), values.end(), missing);
}

// Why a column is useless for learning; empty if it is not.
std::string useless(const Column& column) {
  if (!has_values(column)) return "no values";
  if (column.categories.size() > most_categories)
    return std::to_string(column.categories.size()) + " categories";
  return "";
}

// Renumbers the classes so that only classes that occur remain: a file may declare more.
void drop_empty_classes(ComparisonData& data, const std::vector<std::string>& declared) {
  std::vector<std::size_t> counts(declared.size(), 0);
  std::vector<std::int32_t> labels = data.rows.t.to_vector<std::int32_t>();
  for (const std::int32_t label : labels) ++counts[static_cast<std::size_t>(label)];
  std::vector<std::int32_t> renumbered(declared.size(), -1);
  for (std::size_t c = 0; c < declared.size(); ++c) {
    if (counts[c] == 0) continue;
    renumbered[c] = static_cast<std::int32_t>(data.classes.size());
    data.classes.push_back(declared[c]);
    data.counts.push_back(counts[c]);
  }
  for (std::int32_t& label : labels) label = renumbered[static_cast<std::size_t>(label)];
  data.rows.t = Array(labels);
}

void require_enough_rows(const ComparisonData& data) {
  if (data.classes.size() < 2)
    throw Error(data.source, ": expected two or more classes, got ", data.classes.size());
  for (std::size_t c = 0; c < data.classes.size(); ++c)
    if (data.counts[c] < fewest_rows)
      throw Error(data.source, ": class \"", data.classes[c], "\" has ", data.counts[c],
                  " row(s); a training, a validation and a test part need at least ", fewest_rows);
}

Array missing_at_zero(const Array& x) {
  const auto values = adapt<float>(x);
  return from_xtensor(xt::where(xt::isnan(values), 0.f, values));
}

}  // namespace

std::size_t ComparisonData::rarest() const {
  return static_cast<std::size_t>(std::min_element(counts.begin(), counts.end()) - counts.begin());
}

ComparisonData load_comparison_data(const std::string& path, const std::string& label) {
  tenbin::Table table = load(path, label);
  ComparisonData data;
  data.source = table.source();
  std::vector<std::string> drop;
  for (const Column& column : table.columns()) {
    const std::string reason = &column == &table.label() ? "" : useless(column);
    if (reason.empty()) continue;
    drop.push_back(column.name);
    data.left_out.push_back(column.name + " (" + reason + ")");
  }
  table = table.without(drop);
  data.categorical = table.categorical_features();
  data.rows = table.dataset({.missing = Missing::nan, .categories = Categories::codes});
  drop_empty_classes(data, table.classes());
  require_enough_rows(data);
  return data;
}

Fold prepare(const Dataset& train, const Dataset& test, const std::vector<std::size_t>& categorical) {
  Array train_x = train.x, test_x = test.x;
  if (!categorical.empty()) {
    const OneHotEncoder encoder(train_x, {.columns = categorical, .handle_unknown = HandleUnknown::ignore});
    train_x = encoder.transform(train_x);
    test_x = encoder.transform(test_x);
  }
  const StandardScaler scaler(train_x);
  return {Dataset(missing_at_zero(scaler.transform(train_x)), train.t),
          Dataset(missing_at_zero(scaler.transform(test_x)), test.t)};
}

}  // namespace tenbin::examples
