#include "tenbin/datasets/detail/csv_fields.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "tenbin/datasets/detail/parse_number.h"

namespace tenbin::detail {

// ---- FieldReader
// --------------------------------------------------------------------------------------------

bool FieldReader::next_record() {
  if (line_start_ != p_) {  // at the end of a record
    if (format_.starts_comment(*p_))
      while (*p_ != '\n') ++p_;
    p_ += *p_ == '\r' ? 2 : 1;
    ++line_;
  }
  const char* next = p_;
  while (p_ < end_ && (next = past_blank_line(p_, format_)) != p_) {
    p_ = next;
    ++line_;
  }
  line_start_ = p_;
  if (format_.whitespace) skip_separators();
  return p_ < end_;
}

bool FieldReader::next_of_blanks() {
  const bool separated = format_.separates(*p_) || format_.separates(p_[-1]);
  skip_separators();
  return separated && !at_end_of_field(p_);
}

bool FieldReader::is_other_end(char c) const { return format_.separates(c) || format_.starts_comment(c); }

std::string_view FieldReader::field() {
  if (format_.skip_initial_space)
    while (*p_ == ' ') ++p_;
  mark_field();
  if (*p_ == '"') return quoted();
  while (*p_ != format_.delimiter && *p_ != '\n' && *p_ != '\r' && *p_ != '\0') {
    if (has_other_ends_ && at_end_of_field(p_)) break;
    ++p_;
  }
  if (*p_ == '\0') fail_here("a NUL byte; is this a text file?");
  if (!at_end_of_field(p_)) fail_here("a carriage return without a line feed; quote the field that has it");
  return {field_start_, static_cast<std::size_t>(p_ - field_start_)};
}

std::string_view FieldReader::quoted() {
  unquoted_.clear();
  ++p_;
  const char* run = p_;
  for (;; ++p_) {
    if (p_ == end_ || *p_ == '\0') fail_here("a NUL byte; is this a text file?");
    if (*p_ == '\n') {
      ++line_;
      line_start_ = p_ + 1;
    }
    if (*p_ != '"') continue;
    unquoted_.append(run, p_);
    run = p_ + 1;
    if (*run != '"') break;
    ++p_;  // two quotes stand for one
  }
  ++p_;
  if (!at_end_of_field(p_)) fail_here("text after the closing quote");
  return unquoted_;
}

std::size_t FieldReader::field_column() const {
  const std::string_view line(field_line_start_, static_cast<std::size_t>(end_ - field_line_start_));
  return column_of(line, static_cast<std::size_t>(field_start_ - field_line_start_));
}

// ---- parse_piece
// --------------------------------------------------------------------------------------------

namespace {

template <class T>
class PieceParser {
 public:
  PieceParser(const CsvTarget& target, std::size_t first_row, FieldReader& fields)
      : target_(target),
        fields_(fields),
        row_(first_row),
        turned_text_(target.columns.size()),
        dictionary_of_(target.columns.size(), none) {
    bool numbers_can_be_missing = !target.numbers.is_usual();
    for (const std::string& token : target.missing) {
      if (token.size() >= missing_.size()) missing_.resize(token.size() + 1);
      if (!token.empty()) starts_missing_[static_cast<unsigned char>(token[0])] = true;
      missing_[token.size()].push_back(token);
      const bool has_digit = token.find_first_of("0123456789") != std::string::npos;  // false for nan and inf
      numbers_can_be_missing = numbers_can_be_missing || (has_digit && to_number(token));
    }
    for (const CsvColumn& column : target.columns) {
      const bool numeric = column.type == ColumnType::numeric;
      numbers_.push_back(numeric ? static_cast<T*>(column.values) : nullptr);
      usual_numbers_.push_back(numeric && !numbers_can_be_missing);
    }
  }

  CsvPieceResult parse(std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i, ++row_) {
      if (!fields_.next_record()) changed();
      record();
    }
    if (fields_.next_record()) changed();
    return std::move(result_);
  }

 private:
  [[noreturn]] void changed() const { throw Error(target_.path, ": the file changed while it was read"); }

  void record() {
    const std::size_t count = target_.columns.size();
    for (std::size_t c = 0; c < count; ++c) {
      if (!usual_numbers_[c] || !usual_number(c)) field(c);
      const bool last = c + 1 == count;
      if (fields_.next_field() == last) fields_.fail_count(count, last ? count + 1 : c + 1);
    }
  }

  bool usual_number(std::size_t c) {
    double value;
    const char* const end = parse_usual_number(fields_.place(), value);
    if (end == nullptr || !fields_.at_end_of_field(end)) return false;
    numbers_[c][row_] = static_cast<T>(value);
    fields_.set_place(end);
    return true;
  }

  // Parses any field, whatever the options allow.
  void field(std::size_t c) {
    const std::string_view text = fields_.field();
    const bool missing = is_missing(text);
    const CsvColumn& column = target_.columns[c];
    if (column.type == ColumnType::categorical) {
      static_cast<std::int32_t*>(column.values)[row_] = missing ? -1 : dictionary(c).code(text);
      return;
    }
    T& value = numbers_[c][row_];
    value = std::numeric_limits<T>::quiet_NaN();
    if (missing) return;
    if (const std::optional<double> read = to_number(text, target_.numbers, usual_text_)) {
      value = static_cast<T>(*read);
      return;
    }
    if (!column.inferred)
      fields_.fail("column \"", printable(column.name), "\": expected a number, got \"",
                   printable(std::string(text.substr(0, 100))), '"');
    if (!turned_text_[c]) result_.turned_text.emplace_back(c, fields_.field_line());
    turned_text_[c] = true;
  }

  bool is_missing(std::string_view text) const {
    if (text.size() >= missing_.size()) return false;
    if (!text.empty() && !starts_missing_[static_cast<unsigned char>(text[0])]) return false;
    const auto& tokens = missing_[text.size()];
    return std::find(tokens.begin(), tokens.end(), text) != tokens.end();
  }

  Dictionary& dictionary(std::size_t c) {
    if (dictionary_of_[c] == none) {
      dictionary_of_[c] = result_.dictionaries.size();
      result_.dictionaries.emplace_back(c, Dictionary());
    }
    return result_.dictionaries[dictionary_of_[c]].second;
  }

  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  const CsvTarget& target_;
  FieldReader& fields_;
  std::size_t row_;
  CsvPieceResult result_;
  std::vector<T*> numbers_;                             // by column; null for categorical columns
  std::vector<unsigned char> usual_numbers_;            // by column: whether to try parse_usual_number
  std::vector<bool> turned_text_;                       // by column
  std::vector<std::size_t> dictionary_of_;              // by column: index in the result's dictionaries
  std::vector<std::vector<std::string_view>> missing_;  // texts, by length
  std::array<bool, 256> starts_missing_ = {};           // by the first byte
  std::string usual_text_;
};

}  // namespace

CsvPieceResult parse_piece(const CsvTarget& target, const CsvPiece& piece, std::size_t skipped_rows,
                           std::string_view text) {
  FieldReader fields(target.path, target.format, text, piece.first_line);
  const std::size_t first_row = piece.first_row - skipped_rows;
  if (target.dtype == Dtype::float32) return PieceParser<float>(target, first_row, fields).parse(piece.rows);
  return PieceParser<double>(target, first_row, fields).parse(piece.rows);
}

}  // namespace tenbin::detail
