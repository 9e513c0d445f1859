#include "tenbin/preprocessing/detail/fitted_pipeline.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "tenbin/core/file.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/preprocessing/detail/date.h"
#include "tenbin/preprocessing/detail/quantile_map.h"

namespace tenbin::detail {

namespace {

void append_names(const NumberMap& map, std::vector<std::string>& names) {
  names.push_back(map.name);
  if (map.indicator) names.push_back(map.name + "_missing");
}

void append_names(const CategoryMap& map, std::vector<std::string>& names) {
  const std::string& name = map.fitted.name;
  if (!map.one_hot) {
    names.push_back(name);
    return;
  }
  std::vector<std::string> own(map.choices());
  for (std::size_t i = 0; i < map.feature_of.size(); ++i)
    own[static_cast<std::size_t>(map.feature_of[i])] = name + '_' + map.fitted.categories[i];
  if (map.missing_at >= 0) own[static_cast<std::size_t>(map.missing_at)] = name + "_missing";
  if (map.infrequent_at >= 0) own[static_cast<std::size_t>(map.infrequent_at)] = name + "_infrequent";
  names.insert(names.end(), own.begin(), own.end());
}

void append_names(const DateMap& map, std::vector<std::string>& names) {
  for (const NumberMap& number : map.numbers) append_names(number, names);
}

}  // namespace

RowSet::RowSet(const char* function, const Table& table, const std::vector<std::size_t>* rows)
    : rows_(rows), all_(table.size()) {
  if (rows == nullptr) return;
  for (std::size_t i = 0; i < rows->size(); ++i)
    if ((*rows)[i] >= all_)
      throw Error(function, ": rows[", i, "] = ", (*rows)[i], ", but ", table.source(), " has ", all_,
                  " rows");
}

bool NumberMap::accepts(double value) const { return std::isfinite(value) && !(log1p && value <= -1); }

double NumberMap::operator()(double value) const {
  if (log1p) value = std::log1p(value);
  return quantiles.empty() ? (value - center) / scale : quantile_place(quantiles, value, normal);
}

std::size_t CategoryMap::choices() const {
  std::int32_t last = std::max(missing_at, infrequent_at);
  for (const std::int32_t at : feature_of) last = std::max(last, at);
  return static_cast<std::size_t>(last + 1);
}

std::int32_t CategoryMap::unknown_at() const {
  if (unknown != UnknownCategory::other) return -1;
  return infrequent_at >= 0 ? infrequent_at : missing_at;
}

std::size_t FittedColumn::width() const {
  if (const auto* number = std::get_if<NumberMap>(&map)) return number->width();
  if (const auto* category = std::get_if<CategoryMap>(&map)) return category->width();
  std::size_t width = 0;
  for (const NumberMap& number : std::get<DateMap>(map).numbers) width += number.width();
  return width;
}

void FittedPipeline::name_features() {
  feature_names.clear();
  for (const FittedColumn& column : columns)
    std::visit([&](const auto& map) { append_names(map, feature_names); }, column.map);
  std::unordered_set<std::string> taken;
  for (std::string& name : feature_names)
    while (!taken.insert(name).second) name += '_';
}

Column without_rows(const Column& column) {
  Column empty = column;
  empty.values = Array::empty({0}, column.values.dtype());
  empty.text_line = 0;
  return empty;
}

Array numbers_of(const Column& column) {
  return column.values.dtype() == Dtype::float64 ? column.values : column.values.astype(Dtype::float64);
}

struct DateColumn::Parsed {
  std::optional<DateTime> time;
};

DateColumn::DateColumn(const Column& column, const std::string& format) : column_(&column) {
  std::vector<Parsed> parsed;
  if (column.is_categorical()) {
    for (const std::string& text : column.categories) parsed.push_back({parse_date(text, format)});
  } else {
    numbers_ = numbers_of(column);
    for (std::size_t row = 0; row < numbers_.size(); ++row)
      parsed.push_back({is_missing(row) ? std::nullopt : parse_date(text(row), format)});
  }
  parsed_ = std::make_shared<const std::vector<Parsed>>(std::move(parsed));
}

bool DateColumn::is_missing(std::size_t row) const {
  return numbers_ ? std::isnan(numbers_.data<double>()[row]) : column_->values.data<std::int32_t>()[row] < 0;
}

std::string DateColumn::text(std::size_t row) const {
  if (!numbers_)
    return column_->categories[static_cast<std::size_t>(column_->values.data<std::int32_t>()[row])];
  const double value = numbers_.data<double>()[row];
  return std::isfinite(value) ? number_text(value) : value > 0 ? "inf" : "-inf";
}

const DateColumn::Parsed* DateColumn::at(std::size_t row) const {
  if (is_missing(row)) return nullptr;
  const std::size_t place =
      numbers_ ? row : static_cast<std::size_t>(column_->values.data<std::int32_t>()[row]);
  return &(*parsed_)[place];
}

bool DateColumn::is_valid(std::size_t row) const {
  const Parsed* const parsed = at(row);
  return parsed != nullptr && parsed->time;
}

Array DateColumn::part(DatePart part) const {
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> numbers;
  for (const Parsed& parsed : *parsed_)
    numbers.push_back(parsed.time ? part_of(*parsed.time, part) : missing);
  if (numbers_) return Array(numbers);
  Array out = Array::empty(column_->values.shape(), Dtype::float64);
  const std::int32_t* const codes = column_->values.data<std::int32_t>();
  double* const to = out.data<double>();
  for (std::size_t row = 0; row < out.size(); ++row)
    to[row] = codes[row] < 0 ? missing : numbers[static_cast<std::size_t>(codes[row])];
  return out;
}

}  // namespace tenbin::detail
