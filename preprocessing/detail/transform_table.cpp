#include "tenbin/preprocessing/detail/transform_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "tenbin/core/file.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/detail/parse_number.h"

namespace tenbin::detail {

namespace {

constexpr double missing_number = std::numeric_limits<double>::quiet_NaN();

bool is_missing(const Column& column, std::size_t row) {
  switch (column.values.dtype()) {
    case Dtype::int32:
      return column.values.data<std::int32_t>()[row] < 0;
    case Dtype::float32:
      return std::isnan(column.values.data<float>()[row]);
    default:
      return std::isnan(column.values.data<double>()[row]);
  }
}

std::string number_or_infinity(double value) {
  return std::isfinite(value) ? number_text(value) : value > 0 ? "inf" : "-inf";
}

// Of a value that is not missing.
std::string text_at(const Column& column, std::size_t row) {
  if (column.is_categorical())
    return column.categories[static_cast<std::size_t>(column.values.data<std::int32_t>()[row])];
  return number_or_infinity(column.values.slice(row, row + 1).item());
}

// The column with missing values in all rows but those.
Column masked(const Column& column, const RowSet& rows) {
  Column result = column;
  result.values = Array::full(column.values.shape(), column.is_categorical() ? -1 : missing_number,
                              column.values.dtype());
  const auto copy = [&](auto zero) {
    using T = decltype(zero);
    const T* const from = column.values.data<T>();
    T* const to = result.values.data<T>();
    for (std::size_t i = 0; i < rows.size(); ++i) to[rows[i]] = from[rows[i]];
  };
  if (column.is_categorical())
    copy(std::int32_t{});
  else if (column.values.dtype() == Dtype::float32)
    copy(float{});
  else
    copy(double{});
  return result;
}

// The values of one kind that were met in a column.
struct Met {
  std::size_t count = 0;
  std::size_t row = 0;  // the first

  void add(std::size_t at) {
    if (count++ == 0) row = at;
  }
};

}  // namespace

TransformTable::TransformTable(const FittedPipeline& fitted, const Table& table, const RowSet& rows,
                               const TransformOptions& options)
    : fitted_(fitted), table_(table), rows_(rows), options_(options) {
  for (const Column& column : table.columns())
    if (!columns_.emplace(column.name, &column).second) columns_[column.name] = nullptr;
}

const Column* TransformTable::find(const std::string& name) const {
  const auto found = columns_.find(name);
  if (found == columns_.end()) return nullptr;
  return found->second != nullptr ? found->second : &table_[name];  // Errors: more than one has that name
}

template <class... Parts>
void TransformTable::fail(const std::string& column, const Parts&... what) const {
  throw Error(table_.source(), ": column \"", printable(column), "\" ", what...);
}

void TransformTable::warn(TransformWarning::Kind kind, const std::string& column, const std::string& value,
                          std::size_t row, std::size_t count) {
  using Kind = TransformWarning::Kind;
  std::string text = table_.source() + ": column \"" + printable(column) + "\" ";
  const std::string quoted = value.empty() ? "a missing value" : '"' + printable(value) + '"';
  const std::string many =
      " in " + row_text(row) + (count > 1 ? ", the first of " + std::to_string(count) + " such values" : "");
  switch (kind) {
    case Kind::extra_column:
      text += "is ignored: " + fitted_.source + " does not have it";
      break;
    case Kind::missing_column:
      text += "is not there: its values are taken for missing";
      break;
    case Kind::unseen_category:
      text += "has " + quoted + many + "; no fitted row has it";
      break;
    case Kind::unreadable_value:
      text += "has " + quoted + many + "; taken for missing, since it is not a number that can be used";
      break;
    case Kind::invalid_date:
      text += "has " + quoted + many + "; taken for missing, since it is not a date";
      break;
  }
  warnings_.push_back({column, kind, value, row, count, std::move(text)});
}

Column TransformTable::like(const Column& column, const Column& fitted, bool is_label) const {
  // Table::like speaks of all rows, where it converts numbers to categories or the reverse.
  const bool is_converted = is_label || column.is_categorical() != fitted.is_categorical();
  const Table own({is_converted && !rows_.are_all() ? masked(column, rows_) : column}, std::nullopt,
                  table_.source());
  const Table other({fitted}, is_label ? std::optional<std::size_t>(0) : std::nullopt, fitted_.source);
  return own.like(other, {Unknown::missing, options_.unreadable}).columns()[0];
}

void TransformTable::find_extra_columns() {
  std::unordered_set<std::string> known(fitted_.ignored.begin(), fitted_.ignored.end());
  for (const FittedColumn& column : fitted_.columns) known.insert(column.name);
  if (fitted_.label) known.insert(fitted_.label->name);
  for (const Column& column : table_.columns())
    if (known.count(column.name) == 0)
      warn(TransformWarning::Kind::extra_column, column.name, "", 0, rows_.size());
}

void TransformTable::prepare(const FittedColumn& fitted) {
  const Column* const column = find(fitted.name);
  if (column == nullptr) {
    if (options_.missing_columns == Unknown::error) {
      std::vector<std::string> names;
      for (const Column& each : table_.columns()) names.push_back(each.name);
      throw Error(table_.source(), ": no column is named \"", printable(fitted.name),
                  "\", which the pipeline needs", "; there are ", listing(names),
                  "; `.missing_columns = Unknown::missing` makes it a column of missing values");
    }
    warn(TransformWarning::Kind::missing_column, fitted.name, "", 0, rows_.size());
  }
  if (const auto* const number = std::get_if<NumberMap>(&fitted.map))
    prepare_number(*number, column, fitted.name);
  else if (const auto* const category = std::get_if<CategoryMap>(&fitted.map))
    prepare_category(*category, column);
  else
    prepare_dates(std::get<DateMap>(fitted.map), column, fitted.name);
}

void TransformTable::prepare_number(const NumberMap& map, const Column* column, const std::string& name) {
  if (column == nullptr) {
    add_number(map, Array::full({table_.size()}, missing_number, Dtype::float64), name);
    return;
  }
  if (!column->is_categorical()) {
    add_number(map, numbers_of(*column), name);
    return;
  }
  const Column numeric = like(*column, {name, Array::empty({0}, Dtype::float64)}, false);
  Met unreadable;
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (is_missing(numeric, rows_[i]) && !is_missing(*column, rows_[i])) unreadable.add(rows_[i]);
  if (unreadable.count > 0)
    warn(TransformWarning::Kind::unreadable_value, name, text_at(*column, unreadable.row), unreadable.row,
         unreadable.count);
  add_number(map, numeric.values, name);
}

void TransformTable::add_number(const NumberMap& map, Array values, const std::string& column) {
  Met unusable;
  std::string first;
  const double* value = values.data<double>();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::size_t row = rows_[i];
    if (map.accepts(value[row])) continue;
    if (!std::isnan(value[row])) {
      if (options_.unreadable == Unknown::error)
        fail(map.name, "is ", number_or_infinity(value[row]), " in ", row_text(row),
             map.log1p ? ", expected a finite number above -1, for log1p" : ", expected a finite number",
             "; `.unreadable = Unknown::missing` makes all such values missing");
      unusable.add(row);
      if (first.empty()) first = number_or_infinity(value[row]);
    }
    if (!map.fill) fail(map.name, "is missing in ", row_text(row), ", and the pipeline does not impute it");
  }
  if (unusable.count > 0) {
    warn(TransformWarning::Kind::unreadable_value, column, first, unusable.row, unusable.count);
    values = values.copy();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      double& own = values.data<double>()[rows_[i]];
      if (!map.accepts(own)) own = missing_number;
    }
  }
  prepared_.push_back({&map, std::move(values), nullptr, {}, width_});
  width_ += map.width();
}

void TransformTable::prepare_category(const CategoryMap& map, const Column* column) {
  Prepared prepared{nullptr, {}, &map, std::vector<std::int32_t>(rows_.size()), width_};
  const std::string& name = map.fitted.name;
  const Array codes = column == nullptr ? Array() : like(*column, map.fitted, false).values;
  const std::int32_t* const code = column == nullptr ? nullptr : codes.data<std::int32_t>();
  Met unseen;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::size_t row = rows_[i];
    std::int32_t& slot = prepared.slots[i];
    if (code != nullptr && code[row] >= 0) {
      slot = map.feature_of[static_cast<std::size_t>(code[row])];
      continue;
    }
    const bool missing = column == nullptr || is_missing(*column, row);
    if (missing && map.missing_at >= 0) {
      slot = map.missing_at;
      continue;
    }
    if (map.unknown == UnknownCategory::error)
      fail(name, missing ? "is missing" : "has the category \"" + printable(text_at(*column, row)) + '"',
           " in ", row_text(row), ", which no fitted row of ", fitted_.source,
           " has; `unknown` of `one_hot` and `ordinal` can tolerate it");
    slot = map.unknown_at();
    unseen.add(row);
  }
  if (unseen.count > 0 && column != nullptr)
    warn(TransformWarning::Kind::unseen_category, name,
         is_missing(*column, unseen.row) ? "" : text_at(*column, unseen.row), unseen.row, unseen.count);
  width_ += map.width();
  prepared_.push_back(std::move(prepared));
}

void TransformTable::prepare_dates(const DateMap& map, const Column* column, const std::string& name) {
  if (column == nullptr) {
    for (const NumberMap& number : map.numbers) prepare_number(number, nullptr, name);
    return;
  }
  const DateColumn dates(*column, map.format);
  Met invalid;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::size_t row = rows_[i];
    if (dates.is_valid(row) || dates.is_missing(row)) continue;
    if (options_.invalid_dates == Unknown::error)
      fail(name, "has \"", printable(dates.text(row)), "\" in ", row_text(row), ", which is not a date",
           map.format.empty() ? "" : " of the format \"" + printable(map.format) + '"',
           "; `.invalid_dates = Unknown::missing` makes all such values missing");
    invalid.add(row);
  }
  if (invalid.count > 0)
    warn(TransformWarning::Kind::invalid_date, name, dates.text(invalid.row), invalid.row, invalid.count);
  for (std::size_t i = 0; i < map.parts.size(); ++i)
    add_number(map.numbers[i], dates.part(map.parts[i]), name);
}

Array TransformTable::labels() const {
  const Column* const column = fitted_.label ? find(fitted_.label->name) : nullptr;
  if (column == nullptr) return {};
  std::size_t missing = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) missing += is_missing(*column, rows_[i]) ? 1 : 0;
  if (missing > 0 && missing == rows_.size()) return {};
  const Array codes = like(*column, *fitted_.label, true).values;
  Array t = Array::empty({rows_.size()}, Dtype::int32);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::int32_t code = codes.data<std::int32_t>()[rows_[i]];
    if (code < 0)
      throw Error(table_.source(), ": the label \"", printable(column->name), "\" is missing in ",
                  row_text(rows_[i]));
    t.data<std::int32_t>()[i] = code;
  }
  return t;
}

constexpr std::size_t rows_of_block = 1024;  // for a few columns at once, rows that fit into the cache

template <class BeginBlock, class Put>
void TransformTable::write_features(BeginBlock begin_block, Put put) const {
  const std::size_t blocks = (rows_.size() + rows_of_block - 1) / rows_of_block;
  std::vector<std::pair<std::size_t, std::size_t>> failures(blocks, {rows_.size(), 0});  // place and column
  tenbin::parallel_for(blocks, [&](std::size_t block) {
    const std::size_t begin = block * rows_of_block;
    const std::size_t count = std::min(rows_of_block, rows_.size() - begin);
    begin_block(block, count);
    for (std::size_t c = 0; c < prepared_.size(); ++c) {
      const Prepared& from = prepared_[c];
      if (from.category != nullptr) {
        const std::int32_t* const slot = from.slots.data() + begin;
        for (std::size_t i = 0; i < count; ++i) {
          if (!from.category->one_hot)
            put(block, i, from.at, static_cast<float>(slot[i]));
          else if (slot[i] >= 0)
            put(block, i, from.at + static_cast<std::size_t>(slot[i]), 1.f);
        }
        continue;
      }
      const NumberMap& map = *from.number;
      const double fill = map.fill.value_or(missing_number);
      const double* const value = from.values.data<double>();
      for (std::size_t i = 0; i < count; ++i) {
        const double v = value[rows_[begin + i]];
        const bool missing = std::isnan(v);
        const auto feature = static_cast<float>(map(missing ? fill : v));
        if (!std::isfinite(feature)) failures[block] = std::min(failures[block], {begin + i, c});
        put(block, i, from.at, feature);
        if (map.indicator) put(block, i, from.at + 1, missing ? 1.f : 0.f);
      }
    }
  });
  for (const auto& [i, c] : failures)
    if (i < rows_.size())
      fail(prepared_[c].number->name, "is beyond float32 after scaling in ", row_text(rows_[i]));
}

void TransformTable::features(Array& x) const {
  x = Array::zeros({rows_.size(), width_});
  float* const out = x.data<float>();
  write_features([](std::size_t, std::size_t) {},
                 [&](std::size_t block, std::size_t row, std::size_t feature, float value) {
                   out[(block * rows_of_block + row) * width_ + feature] = value;
                 });
}

void TransformTable::features(CsrMatrix& x) const {
  std::size_t most = 0;  // values of a row
  for (const Prepared& from : prepared_) most += from.number != nullptr ? from.number->width() : 1;
  // The values of a block: those of each row begin at a multiple of `most`, and are then moved together.
  struct Block {
    std::vector<float> values;
    std::vector<std::int32_t> features;
    std::vector<std::size_t> ends;
  };
  std::vector<Block> blocks((rows_.size() + rows_of_block - 1) / rows_of_block);
  const auto begin_block = [&](std::size_t index, std::size_t rows) {
    Block& block = blocks[index];
    block.values.resize(rows * most);
    block.features.resize(rows * most);
    block.ends.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) block.ends[i] = i * most;
  };
  write_features(begin_block, [&](std::size_t index, std::size_t row, std::size_t feature, float value) {
    if (value == 0) return;
    Block& block = blocks[index];
    const std::size_t at = block.ends[row]++;
    block.values[at] = value;
    block.features[at] = static_cast<std::int32_t>(feature);
  });
  Array indptr = Array::zeros({rows_.size() + 1}, Dtype::int64);
  auto* const start = indptr.data<std::int64_t>();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::size_t row = i % rows_of_block;
    start[i + 1] = start[i] + static_cast<std::int64_t>(blocks[i / rows_of_block].ends[row] - row * most);
  }
  const auto nnz = static_cast<std::size_t>(start[rows_.size()]);
  Array values = Array::empty({nnz}), features = Array::empty({nnz}, Dtype::int32);
  tenbin::parallel_for(blocks.size(), [&](std::size_t index) {
    const Block block = std::move(blocks[index]);
    for (std::size_t row = 0; row < block.ends.size(); ++row) {
      const std::int64_t to = start[index * rows_of_block + row];
      std::copy(block.values.data() + row * most, block.values.data() + block.ends[row],
                values.data<float>() + to);
      std::copy(block.features.data() + row * most, block.features.data() + block.ends[row],
                features.data<std::int32_t>() + to);
    }
  });
  x = CsrMatrix(values, features, indptr, {rows_.size(), width_});
}

}  // namespace tenbin::detail
