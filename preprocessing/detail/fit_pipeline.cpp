#include "tenbin/preprocessing/detail/fit_pipeline.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "tenbin/core/file.h"
#include "tenbin/datasets/detail/fraction.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/preprocessing/detail/date.h"
#include "tenbin/preprocessing/detail/quantile_map.h"
#include "tenbin/preprocessing/standard_scaler.h"

namespace tenbin {

namespace {

using detail::CategoryMap;
using detail::DateMap;
using detail::FittedColumn;
using detail::NumberMap;
using detail::row_text;
using Names = std::vector<std::string>;

constexpr const char* function = "TablePipeline::fit";
constexpr std::size_t most_choices = 10000;

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The step that counts for a column: the last that names it, otherwise the last for all; nullptr: none.
template <class Step>
const Step* step_for(const std::vector<Step>& steps, const std::string& name) {
  const Step* general = nullptr;
  const Step* named = nullptr;
  for (const Step& step : steps) {
    if (step.columns.empty()) general = &step;
    if (contains(step.columns, name)) named = &step;
  }
  return named != nullptr ? named : general;
}

double median_of(std::vector<double> values) {
  const std::size_t half = values.size() / 2;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(half);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  const double below = *std::max_element(values.begin(), middle);
  const double sum = below + *middle;
  return std::isfinite(sum) ? sum / 2 : below / 2 + *middle / 2;
}

double fill_of(const ImputeOptions& options, const std::vector<double>& present) {
  switch (options.strategy) {
    case ImputeStrategy::median:
      return median_of(present);
    case ImputeStrategy::mean:
      return detail::mean(present);
    case ImputeStrategy::constant:
      break;
  }
  return options.fill_value;
}

// From values in which none is missing.
void fit_scaling(const ScaleOptions& options, const std::vector<double>& values, NumberMap& map) {
  if (options.scaling == Scaling::standard) {
    const StandardScaler scaler{Array(values)};
    map.center = scaler.mean().item();
    map.scale = scaler.scale().item();
  } else if (options.scaling == Scaling::min_max) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    map.center = *low;
    map.scale = *high > *low ? *high - *low : 1;
  } else {
    map.quantiles = detail::quantiles_of(values, options.n_quantiles);
    map.normal = options.output == QuantileOutput::normal;
  }
}

// Gives each category its feature: the frequent ones in order, the missing one, the infrequent ones together.
void place_categories(const std::vector<std::size_t>& counts, std::size_t missing, double fewest,
                      CategoryMap& map) {
  const auto is_rare = [&](std::size_t count) { return static_cast<double>(count) < fewest; };
  std::int32_t next = 0;
  bool any_rare = missing > 0 && is_rare(missing);
  for (const std::size_t count : counts) {
    map.feature_of.push_back(is_rare(count) ? -1 : next++);
    any_rare = any_rare || is_rare(count);
  }
  if (missing > 0 && !is_rare(missing)) map.missing_at = next++;
  if (!any_rare) return;
  map.infrequent_at = next;
  for (std::int32_t& at : map.feature_of)
    if (at < 0) at = next;
  if (missing > 0 && map.missing_at < 0) map.missing_at = next;
}

void refuse_nul(const std::string& text) {
  if (text.find('\0') != std::string::npos)
    throw Error(function, ": the name or category \"", printable(text), "\" has a NUL byte");
}

}  // namespace

bool FitPipeline::is_label(const Column& column) const {
  return table_.has_label() && &column == &table_.label();
}

bool FitPipeline::is_encoded(const Column& column) const {
  const auto* const encode = step_for(steps_.encodes_, column.name);
  return column.is_categorical() || (encode != nullptr && !encode->columns.empty());
}

const TablePipeline::Dates* FitPipeline::dates_of(const std::string& name) const {
  const TablePipeline::Dates* found = nullptr;
  for (const TablePipeline::Dates& dates : steps_.dates_)
    if (dates.column == name) found = &dates;
  return found;
}

void FitPipeline::check_step(const char* step, const Names& names, const Names& suitable,
                             const char* type) const {
  for (const std::string& name : names) {
    if (contains(suitable, name)) continue;
    static_cast<void>(table_[name]);  // Errors: there is no such column
    if (contains(steps_.dropped_, name))
      throw Error(function, ": ", step, " names \"", printable(name), "\", which is dropped");
    if (table_.has_label() && table_.label().name == name)
      throw Error(function, ": ", step, " names \"", printable(name), "\", which is the label");
    throw Error(function, ": ", step, " names \"", printable(name), "\", which is not ", type);
  }
}

void FitPipeline::check_names() const {
  Names all, numeric, encodable;
  std::set<std::string> seen;
  for (const Column& column : table_.columns()) {
    refuse_nul(column.name);
    if (!seen.insert(column.name).second)
      throw Error(table_.source(), ": more than one column is named \"", printable(column.name), '"');
    if (is_label(column)) continue;
    all.push_back(column.name);
    if (contains(steps_.dropped_, column.name)) continue;
    if (const auto* const dates = dates_of(column.name)) {
      for (const DatePart part : dates->parts) numeric.push_back(column.name + '_' + detail::name_of(part));
      continue;
    }
    encodable.push_back(column.name);
    if (!is_encoded(column)) numeric.push_back(column.name);
  }
  for (const std::string& name : steps_.dropped_) check_step("drop", {name}, all, "a feature");
  Names dateable;
  for (const std::string& name : all)
    if (!contains(steps_.dropped_, name)) dateable.push_back(name);
  for (const auto& dates : steps_.dates_) check_step("dates", {dates.column}, dateable, "a feature");
  for (const auto& step : steps_.imputes_) check_step("impute", step.columns, numeric, "numeric");
  for (const auto& step : steps_.log1ps_) check_step("log1p", step.columns, numeric, "numeric");
  for (const auto& step : steps_.scales_) check_step("scale", step.columns, numeric, "numeric");
  for (const auto& step : steps_.encodes_)
    check_step(step.one_hot ? "one_hot" : "ordinal", step.columns, encodable, "a category or number");
}

detail::FittedPipeline FitPipeline::run() const {
  if (rows_.size() == 0) throw Error(function, ": expected rows to fit on, got none of ", table_.source());
  check_names();
  detail::FittedPipeline fitted;
  fitted.source = table_.source();
  for (const Column& column : table_.columns()) {
    if (is_label(column)) {
      if (!column.doubt.empty()) static_cast<void>(table_.labels());  // throws
      for (const std::string& name : column.categories) refuse_nul(name);
      fitted.label = Column{column.name, Array::empty({0}, Dtype::int32), column.categories};
    } else if (contains(steps_.dropped_, column.name)) {
      fitted.ignored.push_back(column.name);
    } else if (std::optional<FittedColumn> one = fit(column)) {
      fitted.columns.push_back(std::move(*one));
    } else {
      fitted.ignored.push_back(column.name);
    }
  }
  if (fitted.columns.empty())
    throw Error(function, ": ", table_.source(), " has no columns that are features");
  fitted.name_features();
  return fitted;
}

std::optional<FittedColumn> FitPipeline::fit(const Column& column) const {
  if (const auto* const dates = dates_of(column.name)) {
    DateMap map = fit_dates(column, *dates);
    if (map.parts.empty()) return std::nullopt;
    return FittedColumn{column.name, std::move(map)};
  }
  if (is_encoded(column)) return FittedColumn{column.name, fit_categories(column)};
  std::optional<NumberMap> map = fit_numbers(column.name, detail::numbers_of(column));
  if (!map) return std::nullopt;
  return FittedColumn{column.name, std::move(*map)};
}

DateMap FitPipeline::fit_dates(const Column& column, const TablePipeline::Dates& dates) const {
  const detail::DateColumn parsed(column, dates.format);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::size_t row = rows_[i];
    if (!parsed.is_missing(row) && !parsed.is_valid(row))
      throw Error(table_.source(), ": column \"", printable(column.name), "\": \"",
                  printable(parsed.text(row)), "\" in ", row_text(row), " is not a date",
                  dates.format.empty() ? " in ISO 8601; pass `.format` for another form"
                                       : " of the format \"" + printable(dates.format) + '"');
  }
  DateMap map{dates.format, {}, {}};
  for (const DatePart part : dates.parts)
    if (auto number = fit_numbers(column.name + '_' + detail::name_of(part), parsed.part(part))) {
      map.parts.push_back(part);
      map.numbers.push_back(std::move(*number));
    }
  return map;
}

std::optional<NumberMap> FitPipeline::fit_numbers(const std::string& name, const Array& values) const {
  const auto fail = [&](const auto&... what) {
    throw Error(table_.source(), ": column \"", printable(name), "\" ", what...);
  };
  const double* const value = values.data<double>();
  NumberMap map;
  map.name = name;
  map.log1p = step_for(steps_.log1ps_, name) != nullptr;
  std::vector<double> present;
  std::optional<std::size_t> missing;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const double v = value[rows_[i]];
    if (std::isnan(v)) {
      if (!missing) missing = rows_[i];
      continue;
    }
    if (!std::isfinite(v)) fail("is infinite in ", row_text(rows_[i]));
    if (!map.accepts(v)) fail("is ", v, " in ", row_text(rows_[i]), ": log1p needs values above -1");
    present.push_back(v);
  }
  const std::size_t missing_count = rows_.size() - present.size();
  if (const ImputeOptions* const impute = step_for(steps_.imputes_, name)) {
    if (present.empty() && impute->strategy != ImputeStrategy::constant) return std::nullopt;
    map.fill = fill_of(*impute, present);
    if (!map.accepts(*map.fill)) fail("is imputed by ", *map.fill, ": log1p needs values above -1");
    map.indicator = impute->indicator && missing_count > 0;
    present.insert(present.end(), missing_count, *map.fill);
  } else if (missing) {
    fail("is missing in ", row_text(*missing), "; add `impute` to the pipeline, or drop the column");
  }
  if (map.log1p)
    for (double& v : present) v = std::log1p(v);
  if (const ScaleOptions* const scale = step_for(steps_.scales_, name)) fit_scaling(*scale, present, map);
  if (!std::isfinite(map.center) || !std::isfinite(map.scale) || map.scale <= 0)
    fail("has values that are too large to be scaled");
  return map;
}

Column FitPipeline::categories_of_numbers(const Column& column) const {
  const Array values = detail::numbers_of(column);
  const double* const value = values.data<double>();
  std::vector<double> distinct;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const double v = value[rows_[i]];
    if (std::isinf(v))
      throw Error(table_.source(), ": column \"", printable(column.name), "\" is infinite in ",
                  row_text(rows_[i]));
    if (!std::isnan(v)) distinct.push_back(v + 0.0);  // -0 is 0
  }
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<std::int32_t> codes(column.values.size(), -1);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const double v = value[rows_[i]];
    if (std::isnan(v)) continue;
    const auto found = std::lower_bound(distinct.begin(), distinct.end(), v);
    codes[rows_[i]] = static_cast<std::int32_t>(found - distinct.begin());
  }
  Column categorical{column.name, Array(codes)};
  for (const double v : distinct) categorical.categories.push_back(detail::number_text(v));
  return categorical;
}

CategoryMap FitPipeline::fit_categories(const Column& column) const {
  const auto* const encode = step_for(steps_.encodes_, column.name);
  if (encode == nullptr)
    throw Error(table_.source(), ": column \"", printable(column.name), "\" is categorical (",
                detail::listing(column.categories),
                "); add `one_hot` or `ordinal` to the pipeline, or drop it");
  const Column all = column.is_categorical() ? column : categories_of_numbers(column);

  // The categories of the fitted rows alone, in their own order.
  std::vector<std::size_t> counts(all.categories.size());
  std::size_t missing = 0;
  const std::int32_t* const codes = all.values.data<std::int32_t>();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::int32_t code = codes[rows_[i]];
    ++(code < 0 ? missing : counts[static_cast<std::size_t>(code)]);
  }
  Column seen = all;
  seen.categories.clear();
  std::vector<std::int32_t> places;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    refuse_nul(all.categories[c]);
    places.push_back(static_cast<std::int32_t>(c));
    seen.categories.push_back(all.categories[c]);
  }
  seen.values = Array(std::vector<std::int32_t>(places.size()));
  for (std::size_t i = 0; i < places.size(); ++i)
    seen.values.data<std::int32_t>()[i] = static_cast<std::int32_t>(i);
  if (encode->columns.empty() && column.text_line > 0) {
    // Refuses a column that is text because of a few odd values.
    Column fitted = all;
    std::vector<std::int32_t> own(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) own[i] = codes[rows_[i]];
    fitted.values = Array(own);
    static_cast<void>(
        Table({fitted}, std::nullopt, table_.source()).features({Missing::nan, Categories::codes}));
  }
  detail::sort_categories(seen);
  std::vector<std::size_t> sorted_counts(places.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    sorted_counts[static_cast<std::size_t>(seen.values.data<std::int32_t>()[i])] =
        counts[static_cast<std::size_t>(places[i])];

  CategoryMap map;
  map.fitted = detail::without_rows(seen);
  map.one_hot = encode->one_hot;
  map.unknown = encode->options.unknown;
  const double frequency = encode->options.min_frequency;
  // 0.29 of 100 rows is 29.
  const double fewest =
      frequency < 1 ? detail::decimal_ceil(frequency * static_cast<double>(rows_.size())) : frequency;
  place_categories(sorted_counts, missing, fewest, map);
  if (map.one_hot && map.choices() > most_choices)
    throw Error(table_.source(), ": column \"", printable(column.name), "\" would become ", map.choices(),
                " columns, more than ", most_choices, ": drop it, or use `min_frequency` or `ordinal`");
  return map;
}

}  // namespace tenbin
