#include "tenbin/datasets/csv_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>
#include <unordered_set>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/detail/csv_records.h"
#include "tenbin/datasets/detail/parse_number.h"

namespace tenbin {

namespace {

constexpr const char* function = "write_csv";

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

class CsvWriter {
 public:
  CsvWriter(const Table& table, const CsvWriteOptions& options)
      : table_(table),
        delimiter_(options.delimiter),
        missing_(options.missing.begin(), options.missing.end()) {
    if (!options.missing.empty()) missing_text_ = missing_.count("") != 0 ? "" : options.missing[0];
    for (const std::string& text : options.missing) {
      const std::optional<double> number = detail::to_number(text);
      some_numbers_are_missing_ = some_numbers_are_missing_ || (number && !std::isnan(*number));
    }
    require_names();
    if (missing_text_) missing_field_ = field(*missing_text_);
    for (const Column& column : table_.columns()) categories_.push_back(category_fields(column));
  }

  // `write`: gets the text in pieces.
  template <class Write>
  void write(const Write& write) {
    constexpr std::size_t piece_bytes = std::size_t{1} << 20;
    std::string text = header();
    for (std::size_t row = 0; row < table_.size(); ++row) {
      for (std::size_t c = 0; c < table_.columns().size(); ++c) {
        if (c > 0) text += delimiter_;
        append_value(c, row, text);
      }
      text += '\n';
      if (text.size() < piece_bytes) continue;
      write(text);
      text.clear();
    }
    write(text);
  }

 private:
  template <class... Parts>
  [[noreturn]] static void fail(const Column& column, const Parts&... what) {
    throw Error(function, ": column \"", printable(column.name), "\": ", what...);
  }

  void require_names() const {
    if (table_.columns().empty()) throw Error(function, ": the table has no columns");
    std::unordered_set<std::string> names;
    for (const Column& column : table_.columns()) {
      if (column.name.empty())
        throw Error(function, ": a column has no name, load_csv would call it \"Unnamed\"");
      if (!names.insert(column.name).second)
        throw Error(function, ": more than one column is named \"", printable(column.name), '"');
      if (column.name.find('\0') != std::string::npos) fail(column, "the name has a NUL byte");
    }
  }

  std::string field(const std::string& text) const {
    // A record of one empty field would be a blank line, which load_csv skips.
    const bool is_blank_line = text.empty() && table_.columns().size() == 1;
    return is_blank_line ? quoted(text) : detail::csv_field(text, delimiter_);
  }

  std::vector<std::string> category_fields(const Column& column) const {
    std::vector<std::string> fields;
    for (const std::string& category : column.categories) fields.push_back(field(category));
    return fields;
  }

  std::string header() const {
    std::string text;
    for (const Column& column : table_.columns()) {
      if (&column != &table_.columns()[0])
        text += delimiter_ + field(column.name);
      else {
        // Without the quote, the file could start with the mark of another format, as "%PDF-" is.
        const bool plain = std::all_of(column.name.begin(), column.name.end(),
                                       [](char c) { return detail::is_letter_or_digit(c) || c == '_'; });
        text += plain ? column.name : quoted(column.name);
      }
    }
    return text + '\n';
  }

  void append_value(std::size_t c, std::size_t row, std::string& text) const {
    const Column& column = table_.columns()[c];
    switch (column.values.dtype()) {
      case Dtype::int32:
        return append_category(c, row, text);
      case Dtype::float32:
        return append_number(column, column.values.data<float>()[row], row, text);
      default:
        return append_number(column, column.values.data<double>()[row], row, text);
    }
  }

  void append_category(std::size_t c, std::size_t row, std::string& text) const {
    const Column& column = table_.columns()[c];
    const std::int32_t code = column.values.data<std::int32_t>()[row];
    if (code < 0) return append_missing(column, row, text);
    if (static_cast<std::size_t>(code) >= column.categories.size())
      fail(column, "code ", code, " in ", detail::row_text(row), " is not one of ", column.categories.size(),
           " categories");
    const std::string& category = column.categories[static_cast<std::size_t>(code)];
    if (missing_.count(category) != 0) refuse(column, category, row);
    if (category.find('\0') != std::string::npos)
      fail(column, "the category \"", printable(category), "\" in ", detail::row_text(row),
           " has a NUL byte");
    text += categories_[c][static_cast<std::size_t>(code)];
  }

  template <class T>
  void append_number(const Column& column, T value, std::size_t row, std::string& text) const {
    if (std::isnan(value)) return append_missing(column, row, text);
    char digits[32];
    const T size = std::abs(value);
    const bool plain =
        size == 0 || (size >= static_cast<T>(1e-5) && size < static_cast<T>(1e15));  // 100000, not 1e+05
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    char* end = std::to_chars(digits, digits + sizeof digits, value, format).ptr;
    // load_csv rounds to float64 first. Of all float32, this is the only one whose shortest text becomes
    // another one by that.
    if (std::is_same_v<T, float> && size == static_cast<T>(0x1.5c87fap-84))
      end = std::to_chars(digits, digits + sizeof digits, static_cast<double>(value)).ptr;
    if (some_numbers_are_missing_ && missing_.count(std::string(digits, end)) != 0)
      refuse(column, std::string(digits, end), row);
    text.append(digits, static_cast<std::size_t>(end - digits));
  }

  void append_missing(const Column& column, std::size_t row, std::string& text) const {
    if (!missing_text_)
      fail(column, "the value in ", detail::row_text(row), " is missing, and `missing` lists no text for it");
    text += missing_field_;
  }

  [[noreturn]] void refuse(const Column& column, const std::string& text, std::size_t row) const {
    fail(column, '"', printable(text), "\" in ", detail::row_text(row),
         " would be read back as a missing value; give write_csv and load_csv a list `missing` without it");
  }

  const Table& table_;
  char delimiter_;
  std::unordered_set<std::string> missing_;
  std::optional<std::string> missing_text_;  // nullopt: missing values cannot be written
  std::string missing_field_;
  bool some_numbers_are_missing_ = false;
  std::vector<std::vector<std::string>> categories_;  // the fields of a column's categories
};

}  // namespace

std::string detail::csv_field(const std::string& text, char delimiter) {
  const bool has_mark = text.find_first_of(std::string("\"\r\n") + delimiter) != std::string::npos;
  const bool has_blank_end = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  return has_mark || has_blank_end ? quoted(text) : text;
}

void write_csv(const Table& table, const std::string& path, const CsvWriteOptions& options) {
  detail::require_delimiter(function, options.delimiter);
  CsvWriter writer(table, options);
  OutputFile file(path);
  writer.write([&](const std::string& text) { file.write(text.data(), text.size()); });
  file.commit();
}

void write_csv(const Table& table, std::ostream& out, const CsvWriteOptions& options) {
  detail::require_delimiter(function, options.delimiter);
  CsvWriter(table, options).write([&](const std::string& text) {
    if (!out.write(text.data(), static_cast<std::streamsize>(text.size())))
      throw Error(function, ": cannot write to the stream");
  });
  if (!out.flush()) throw Error(function, ": cannot write to the stream");
}

CsvOptions csv_options_of(const Table& table, const CsvWriteOptions& options) {
  CsvOptions result;
  result.delimiter = options.delimiter;
  result.missing = options.missing;
  result.max_columns = std::max(result.max_columns, table.columns().size());
  if (table.has_label()) {
    result.label = table.label().name;
    result.classes = table.classes();
  }
  bool any_float32 = false, any_float64 = false;
  for (const Column& column : table.columns()) {
    any_float32 = any_float32 || column.values.dtype() == Dtype::float32;
    any_float64 = any_float64 || column.values.dtype() == Dtype::float64;
    if (column.is_categorical() && !(table.has_label() && column.name == result.label))
      result.types.emplace_back(column.name, ColumnType::categorical);
  }
  if (any_float32 && !any_float64) result.dtype = Dtype::float32;
  return result;
}

}  // namespace tenbin
