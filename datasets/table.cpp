#include "tenbin/datasets/table.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "tenbin/core/file.h"
#include "tenbin/cpu/gather.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/detail/class_order.h"
#include "tenbin/datasets/detail/parse_number.h"

namespace tenbin {

namespace {

using detail::listing;
using detail::recode;
using detail::row_text;

std::vector<std::string> names_of(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const Column& column : columns) names.push_back(column.name);
  return names;
}

// Rows [begin, end) of one column, one value every `stride` floats. Returns the first row with an invalid
// value.
template <class T>
std::size_t copy_values(const Array& values, std::size_t begin, std::size_t end, std::size_t stride,
                        bool keep_missing, float* out) {
  const T* const from = values.data<T>();
  for (std::size_t row = begin; row < end; ++row, out += stride) {
    *out = static_cast<float>(from[row]);
    if constexpr (std::is_integral_v<T>) {
      if (from[row] >= 0) continue;
      *out = std::numeric_limits<float>::quiet_NaN();
    }
    if (!std::isfinite(*out) && !(keep_missing && std::isnan(*out))) return row;
  }
  return end;
}

std::size_t copy_values(const Array& values, std::size_t begin, std::size_t end, std::size_t stride,
                        bool keep_missing, float* out) {
  const auto copy = [&](auto* tag) {
    return copy_values<std::remove_pointer_t<decltype(tag)>>(values, begin, end, stride, keep_missing, out);
  };
  switch (values.dtype()) {
    case Dtype::int32:
      return copy(static_cast<std::int32_t*>(nullptr));
    case Dtype::float32:
      return copy(static_cast<float*>(nullptr));
    default:
      return copy(static_cast<double*>(nullptr));
  }
}

// The value of a category that is a number.
std::optional<double> number_of(const Column& column, const std::string& category) {
  std::string buffer;
  return detail::to_number(category, {column.decimal, column.thousands}, buffer);
}

// Counts the values of a text column that are not numbers.
struct OddValues {
  explicit OddValues(const Column& column) {
    std::vector<bool> odd;
    for (const std::string& category : column.categories) odd.push_back(!number_of(column, category));
    const std::int32_t* const codes = column.values.data<std::int32_t>();
    for (std::size_t row = 0; row < column.values.size(); ++row) {
      if (codes[row] < 0) continue;
      ++present;
      if (!odd[static_cast<std::size_t>(codes[row])]) continue;
      if (count++ == 0) first = codes[row];
    }
  }

  // Whether the column was probably meant to be numeric.
  bool are_few() const { return count > 0 && count < present - count; }

  std::size_t present = 0;  // values that are not missing
  std::size_t count = 0;
  std::int32_t first = 0;  // the code of the first odd value
};

// `data.csv:17: column "age" `
std::string place_of(const std::string& source, const Column& column) {
  std::string place = source;
  if (column.text_line > 0) place += ':' + std::to_string(column.text_line);
  return place + ": column \"" + printable(column.name) + "\" ";
}

// Whether all categories that are numbers are also numbers in `format`.
bool suits(const detail::NumberFormat& format, const Column& column) {
  std::string buffer;
  return std::all_of(column.categories.begin(), column.categories.end(), [&](const std::string& category) {
    return !number_of(column, category) || detail::to_number(category, format, buffer);
  });
}

// For an error message: `; if it is the number 1200, pass `.thousands = ','``, for each number that the text
// is in a format that fits the other values.
std::string format_advice(const std::string& text, const Column& column) {
  std::string advice, buffer;
  std::vector<double> readings;
  for (const detail::NumberFormat format :
       {detail::NumberFormat{'.', ','}, detail::NumberFormat{'.', ' '}, detail::NumberFormat{'.', '\''},
        detail::NumberFormat{',', '\0'}, detail::NumberFormat{',', '.'}, detail::NumberFormat{',', ' '}}) {
    const std::optional<double> number = detail::to_number(text, format, buffer);
    if (!number || !std::isfinite(*number)) continue;
    if (std::find(readings.begin(), readings.end(), *number) != readings.end()) continue;
    if (!suits(format, column)) continue;
    readings.push_back(*number);
    advice += "; if it is the number " + detail::number_text(*number) + ", pass `";
    if (format.decimal != '.') advice += std::string(".decimal = '") + format.decimal + '\'';
    if (format.decimal != '.' && format.thousands != '\0') advice += ", ";
    if (format.thousands != '\0')
      advice +=
          std::string(".thousands = '") + (format.thousands == '\'' ? "\\" : "") + format.thousands + '\'';
    advice += '`';
  }
  return advice;
}

// `"unknown" is not a number (3 of 100 values are not); if ...`, with the possible remedies.
std::string described(const OddValues& odd, const Column& column) {
  const std::string& text = column.categories[static_cast<std::size_t>(odd.first)];
  return '"' + printable(text) + "\" is not a number (" + std::to_string(odd.count) + " of " +
         std::to_string(odd.present) + " values are not)" + format_advice(text, column) +
         "; if it stands for a missing value, add it to `missing`";
}

[[noreturn]] void refuse_text(const std::string& source, const Column& column, const OddValues& odd) {
  throw Error(place_of(source, column), "is text, since ", described(odd, column),
              "; if the column is text, ",
              odd.are_few() ? "say so in `types`" : "encode it, leave it out or ask for Categories::codes");
}

// Errors: the column is text only because of a few odd values.
void require_text(const std::string& source, const Column& column) {
  if (column.text_line == 0) return;
  const OddValues odd(column);
  if (odd.are_few()) refuse_text(source, column, odd);
}

[[noreturn]] void refuse_categorical(const std::string& source, const Column& column) {
  if (column.text_line > 0) {
    const OddValues odd(column);
    if (odd.count > 0 && odd.count < odd.present) refuse_text(source, column, odd);
  }
  throw Error(source, ": column \"", printable(column.name), "\" is categorical (",
              listing(column.categories), "); encode it, leave it out or ask for Categories::codes");
}

// Converts a column of one table to match the column of that name in another.
struct Conversion {
  const std::string& source;
  const std::string& other;
  bool is_label;
  bool unknown_is_missing;
  bool unreadable_is_missing;

  Column recoded(const Column& column, const Column& wanted) const {
    std::unordered_map<std::string, std::int32_t> known;
    const auto key = [&](const std::string& name) { return is_label ? detail::class_key(name) : name; };
    for (const std::string& category : wanted.categories)
      known.emplace(key(category), static_cast<std::int32_t>(known.size()));
    std::vector<std::int32_t> new_codes;
    for (const std::string& category : column.categories) {
      const auto found = known.find(key(category));
      new_codes.push_back(found == known.end() ? -1 : found->second);
    }
    const std::int32_t* const codes = column.values.data<std::int32_t>();
    const std::int32_t* const end = codes + column.values.size();
    const std::int32_t* const unknown = std::find_if(codes, end, [&](std::int32_t code) {
      return code >= 0 && new_codes[static_cast<std::size_t>(code)] < 0;
    });
    if (unknown != end)
      meet_unknown(column, wanted, column.categories[static_cast<std::size_t>(*unknown)],
                   static_cast<std::size_t>(unknown - codes));
    Column result = wanted;
    result.values = recode(column.values, new_codes);
    result.text_line = 0;
    return result;
  }

  // Compared by value: the digits "0815" of the file are already a number, and so is the category.
  Column to_categories(const Column& column, const Column& wanted) const {
    const bool is_float = column.values.dtype() == Dtype::float32;
    constexpr std::int32_t several = -2;
    std::unordered_map<double, std::int32_t> known;
    for (std::size_t i = 0; i < wanted.categories.size(); ++i) {
      const std::optional<double> number = number_of(wanted, wanted.categories[i]);
      if (!number) continue;
      const double value = is_float ? static_cast<double>(static_cast<float>(*number)) : *number;
      const auto [place, is_new] = known.emplace(value, static_cast<std::int32_t>(i));
      if (!is_new) place->second = several;
    }
    const double exact = is_float ? 0x1p24 : 0x1p53;  // above this limit, several integers are one number
    const std::vector<double> values = column.values.to_vector<double>();
    std::vector<std::int32_t> codes(values.size(), -1);
    std::optional<std::size_t> unknown;  // the first row with an unknown value
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (std::isnan(values[row])) continue;
      const auto found = known.find(values[row]);
      if (std::abs(values[row]) > exact || (found != known.end() && found->second == several))
        throw Error(source, ": column \"", printable(column.name), "\" is numeric, in ", other,
                    " it is categorical, and ", detail::number_text(values[row]), " in ", row_text(row),
                    " may be more than one category; say with `types` that it is categorical");
      if (found != known.end())
        codes[row] = found->second;
      else if (!unknown)
        unknown = row;
    }
    if (unknown) meet_unknown(column, wanted, detail::number_text(values[*unknown]), *unknown);
    Column result = wanted;
    result.values = Array(codes);
    result.text_line = 0;
    return result;
  }

  Column to_numbers(const Column& column, const Column& wanted) const {
    const OddValues odd(column);
    if (odd.count > 0 && !unreadable_is_missing)
      throw Error(place_of(source, column), "is numeric in ", other, ", here ", described(odd, column),
                  "; `.unreadable = Unknown::missing` makes all such values missing");
    constexpr double missing = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> numbers;
    for (const std::string& category : column.categories)
      numbers.push_back(number_of(column, category).value_or(missing));
    std::vector<double> values;
    for (const auto code : column.values.to_vector<std::int64_t>())
      values.push_back(code < 0 ? missing : numbers[static_cast<std::size_t>(code)]);
    Column result = wanted;
    result.values = Array(values).astype(wanted.values.dtype());
    return result;
  }

 private:
  // Throws that `wanted` does not have the category in `row`, unless unknown categories may be missing. If
  // `wanted` is text only because of a few odd values, most numbers are unknown: then that is the error to
  // report.
  void meet_unknown(const Column& column, const Column& wanted, const std::string& category,
                    std::size_t row) const {
    require_text(other, wanted);
    if (unknown_is_missing) return;
    throw Error(source, ": column \"", printable(column.name), "\" has the category \"", printable(category),
                "\" in ", row_text(row), ", which ", other, " does not have");
  }
};

}  // namespace

Table::Table(std::vector<Column> columns, std::optional<std::size_t> label, std::string source)
    : columns_(std::move(columns)), label_(label), source_(std::move(source)) {
  for (const Column& column : columns_) {
    const Dtype dtype = column.values.dtype();
    if (!column.values || column.values.ndim() != 1 || dtype == Dtype::int64 || dtype == Dtype::uint8 ||
        column.values.size() != size())
      throw Error(source_, ": column \"", printable(column.name), "\": expected ", size(),
                  " values, float32, float64 or int32, got ", column.values);
  }
  if (label_ && *label_ >= columns_.size())
    throw Error(source_, ": the label is column ", *label_, ", there are ", columns_.size());
  if (label_ && !columns_[*label_].is_categorical())
    throw Error(source_, ": the label \"", printable(columns_[*label_].name), "\" must be categorical, got ",
                columns_[*label_].values);
}

std::size_t Table::find(const std::string& name) const {
  const auto is_it = [&](const Column& column) { return column.name == name; };
  const auto found = std::find_if(columns_.begin(), columns_.end(), is_it);
  if (found == columns_.end())
    throw Error(source_, ": no column is named \"", printable(name), "\"; there are ",
                listing(names_of(columns_)));
  if (std::find_if(found + 1, columns_.end(), is_it) != columns_.end())
    throw Error(source_, ": more than one column is named \"", printable(name), '"');
  return static_cast<std::size_t>(found - columns_.begin());
}

bool Table::has(const std::string& name) const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [&](const Column& column) { return column.name == name; });
}

const Column& Table::operator[](const std::string& name) const { return columns_[find(name)]; }

const Column& Table::label() const {
  if (!label_) throw Error(source_, ": no column was named as the label");
  if (columns_.empty()) throw Error("Table::label: the table has been moved from");
  return columns_[*label_];
}

Table Table::rows(const std::vector<std::size_t>& indices) const {
  for (std::size_t i = 0; i < indices.size(); ++i)
    if (indices[i] >= size())
      throw Error("Table::rows: index ", indices[i], " at position ", i, " is out of range for ", size(),
                  " rows");
  std::vector<Column> columns = columns_;
  for (Column& column : columns)
    column.values = cpu::gather_rows(column.values, indices.data(), indices.size());
  return Table(std::move(columns), label_, source_);
}

Table Table::head(std::size_t n) const {
  std::vector<std::size_t> first(std::min(n, size()));
  std::iota(first.begin(), first.end(), std::size_t{0});
  return rows(first);
}

Table Table::without(const std::vector<std::string>& names) const {
  std::vector<bool> dropped(columns_.size());
  for (const std::string& name : names) dropped[find(name)] = true;
  std::vector<Column> kept;
  std::optional<std::size_t> label;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (dropped[i]) continue;
    if (i == label_) label = kept.size();
    kept.push_back(columns_[i]);
  }
  return Table(std::move(kept), label, source_);
}

Table Table::like(const Table& other, const LikeOptions& options) const {
  std::vector<Column> columns;
  std::optional<std::size_t> label;
  for (std::size_t c = 0; c < other.columns_.size(); ++c) {
    const Column& wanted = other.columns_[c];
    if (c == other.label_) {
      if (!has(wanted.name)) continue;
      label = columns.size();
    }
    const Column& column = (*this)[wanted.name];
    const Conversion conversion{source_, other.source_, c == other.label_,
                                options.unknown == Unknown::missing && c != other.label_,
                                options.unreadable == Unknown::missing};
    if (!wanted.is_categorical())
      columns.push_back(column.is_categorical() ? conversion.to_numbers(column, wanted) : column);
    else
      columns.push_back(column.is_categorical() ? conversion.recoded(column, wanted)
                                                : conversion.to_categories(column, wanted));
  }
  return Table(std::move(columns), label, source_);
}

std::vector<std::size_t> Table::features_at() const {
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (i != label_) at.push_back(i);
  return at;
}

std::vector<std::string> Table::feature_names() const {
  std::vector<std::string> names;
  for (const std::size_t i : features_at()) names.push_back(columns_[i].name);
  return names;
}

std::vector<std::size_t> Table::categorical_features() const {
  std::vector<std::size_t> positions;
  const std::vector<std::size_t> at = features_at();
  for (std::size_t i = 0; i < at.size(); ++i)
    if (columns_[at[i]].is_categorical()) positions.push_back(i);
  return positions;
}

Array Table::features(const FeaturesOptions& options) const {
  const std::vector<std::size_t> at = features_at();
  if (at.empty()) throw Error(source_, ": there are no columns but the label");
  for (const std::size_t i : at) {
    if (!columns_[i].is_categorical()) continue;
    if (options.categories == Categories::error) refuse_categorical(source_, columns_[i]);
    require_text(source_, columns_[i]);
  }

  Array x = Array::empty({size(), at.size()});
  float* const out = x.data<float>();
  constexpr std::size_t rows_at_once = 1024;  // for a few columns at once, rows that fit into the cache
  const std::size_t blocks = (size() + rows_at_once - 1) / rows_at_once;
  std::vector<std::pair<std::size_t, std::size_t>> failures(blocks, {size(), 0});  // row and column
  parallel_for(blocks, [&](std::size_t block) {
    const std::size_t begin = block * rows_at_once;
    const std::size_t end = std::min(begin + rows_at_once, size());
    for (std::size_t c = 0; c < at.size(); ++c) {
      const std::size_t row = copy_values(columns_[at[c]].values, begin, end, at.size(),
                                          options.missing == Missing::nan, out + begin * at.size() + c);
      if (row < end) failures[block] = std::min(failures[block], {row, c});
    }
  });
  for (const auto& [row, c] : failures) {
    if (row == size()) continue;
    const Column& column = columns_[at[c]];
    const bool infinite = !column.is_categorical() && !std::isnan(column.values.slice(row, row + 1).item());
    throw Error(source_, ": column \"", printable(column.name), "\" ",
                infinite ? "is infinite or beyond float32" : "is missing", " in ", row_text(row));
  }
  return x;
}

Array Table::labels() const {
  if (!label().doubt.empty())
    throw Error(source_, ": the label \"", printable(label().name), "\" has the classes ", label().doubt,
                ", which differ in case or blanks only; correct the file or list all `classes`");
  const Array& codes = label().values;
  const std::int32_t* const t = codes.data<std::int32_t>();
  for (std::size_t row = 0; row < codes.size(); ++row)
    if (t[row] < 0)
      throw Error(source_, ": the label \"", printable(label().name), "\" is missing in ", row_text(row));
  return codes;
}

namespace detail {

std::string row_text(std::size_t row) {
  return "row " + std::to_string(row) + " (counted from 0, without the header)";
}

std::string listing(const std::vector<std::string>& names) {
  constexpr std::size_t longest = 10;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), longest); ++i)
    out += (i == 0 ? "\"" : ", \"") + printable(names[i]) + '"';
  return names.size() > longest ? out + ", ..." : out;
}
Array recode(const Array& codes, const std::vector<std::int32_t>& new_codes) {
  Array out = Array::empty_like(codes);
  const std::int32_t* const from = codes.data<std::int32_t>();
  std::int32_t* const to = out.data<std::int32_t>();
  for (std::size_t i = 0; i < codes.size(); ++i)
    to[i] = from[i] < 0 ? -1 : new_codes[static_cast<std::size_t>(from[i])];
  return out;
}

void sort_categories(Column& column) {
  const std::size_t count = column.categories.size();
  std::vector<double> numbers;
  for (const std::string& category : column.categories) {
    const std::optional<double> number = number_of(column, category);
    if (!number || std::isnan(*number)) break;
    numbers.push_back(*number);
  }
  const bool numeric = numbers.size() == count;
  std::vector<std::int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int32_t left, std::int32_t right) {
    const auto a = static_cast<std::size_t>(left);
    const auto b = static_cast<std::size_t>(right);
    if (numeric && numbers[a] != numbers[b]) return numbers[a] < numbers[b];
    return column.categories[a] < column.categories[b];
  });
  std::vector<std::int32_t> new_codes(count);
  std::vector<std::string> categories(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto old = static_cast<std::size_t>(order[i]);
    new_codes[old] = static_cast<std::int32_t>(i);
    categories[i] = std::move(column.categories[old]);
  }
  column.values = recode(column.values, new_codes);
  column.categories = std::move(categories);
}

std::size_t find_label(const std::vector<std::string>& names, const std::string& label,
                       const std::string& source, const std::string& advice) {
  const auto found = std::find(names.begin(), names.end(), label);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  if (const std::optional<double> place = to_number(label)) {
    const auto count = static_cast<double>(names.size());
    const double from_start = *place < 0 ? *place + count : *place;
    if (from_start >= 0 && from_start < count && from_start == std::floor(from_start))
      return static_cast<std::size_t>(from_start);
  }
  throw Error(source, ": no column is named \"", printable(label), "\"; there are ", listing(names), advice);
}

struct Dictionary::Entries {
  std::deque<std::string> texts;  // a deque, so that the map's string views stay valid
  std::unordered_map<std::string_view, std::int32_t> codes;
};

Dictionary::Dictionary() : entries_(std::make_unique<Entries>()) {}
Dictionary::~Dictionary() = default;
Dictionary::Dictionary(Dictionary&&) noexcept = default;
Dictionary& Dictionary::operator=(Dictionary&&) noexcept = default;

std::int32_t Dictionary::code(std::string_view text) {
  const auto found = entries_->codes.find(text);
  if (found != entries_->codes.end()) return found->second;
  if (entries_->texts.size() >= std::numeric_limits<std::int32_t>::max())
    throw Error("Dictionary: there are too many different texts");
  const auto code = static_cast<std::int32_t>(entries_->texts.size());
  entries_->codes.emplace(entries_->texts.emplace_back(text), code);
  return code;
}

std::vector<std::string> Dictionary::take() {
  entries_->codes.clear();
  std::vector<std::string> texts(std::make_move_iterator(entries_->texts.begin()),
                                 std::make_move_iterator(entries_->texts.end()));
  entries_->texts.clear();
  return texts;
}

}  // namespace detail

}  // namespace tenbin
