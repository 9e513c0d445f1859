// The fields of a CSV file and their values: the second of the two passes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenbin/datasets/csv.h"
#include "tenbin/datasets/detail/csv_records.h"
#include "tenbin/datasets/detail/parse_number.h"

namespace tenbin::detail {

// Padding after a text that is parsed: none of these bytes can belong to a number.
inline constexpr std::size_t text_padding = 16;

// Steps through the fields of some whole records. Precondition: the last record ends with a line feed,
// followed by `text_padding` zeros.
class FieldReader {
 public:
  FieldReader(const std::string& path, const CsvFormat& format, std::string_view text, std::size_t line)
      : path_(path),
        format_(format),
        has_other_ends_(format.whitespace || format.comment != '\0'),
        p_(text.data()),
        end_(p_ + text.size()),
        line_(line),
        line_start_(p_) {}

  // Goes to the next record and skips blank lines. False: the end of the text.
  bool next_record();
  // The current field, unquoted, valid until the next call; afterwards the position is at the end of the
  // field.
  std::string_view field();
  // Skips the end of the field. True: it was a delimiter; false: the end of the line.
  bool next_field() {
    if (*p_ == format_.delimiter) {
      ++p_;
      return !format_.whitespace || next_of_blanks();
    }
    return format_.whitespace && next_of_blanks();
  }
  bool at_end_of_field(const char* p) const {
    return *p == format_.delimiter || *p == '\n' || (*p == '\r' && p[1] == '\n') ||
           (has_other_ends_ && is_other_end(*p));
  }

  // Throws that the record has the wrong number of fields; the position in the message is the end of its last
  // field, or of the last expected one.
  [[noreturn]] void fail_count(std::size_t expected, std::size_t got) {
    if (got > expected) --p_;  // the delimiter
    if (got > expected) fail_here("expected ", expected, " fields, got more");
    fail_here("expected ", expected, " fields, got ", got);
  }

  // The line of the field that `field` returned last.
  std::size_t field_line() const { return field_line_; }
  const char* place() const { return p_; }
  void set_place(const char* p) { p_ = p; }

  // Throws `path:line:column: what` for the start of the field that `field` returned last.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... what) const {
    fail_at(path_, field_line_, field_column(), what...);
  }
  template <class... Parts>
  [[noreturn]] void fail_here(const Parts&... what) {
    mark_field();
    fail(what...);
  }

 private:
  std::string_view quoted();
  // Rare cases, kept out of the code for the usual ones.
  bool next_of_blanks();
  bool is_other_end(char c) const;
  void skip_separators() {
    while (format_.separates(*p_)) ++p_;
  }
  void mark_field() {
    field_line_ = line_;
    field_line_start_ = line_start_;
    field_start_ = p_;
  }
  std::size_t field_column() const;

  const std::string& path_;
  const CsvFormat format_;
  const bool has_other_ends_;  // whether other characters than the delimiter and the line end can end a field
  const char* p_;
  const char* end_;
  std::size_t line_;
  const char* line_start_;
  std::size_t field_line_ = 0;
  const char* field_line_start_ = nullptr;
  const char* field_start_ = nullptr;
  std::string unquoted_;
};

// A column of the result.
struct CsvColumn {
  std::string name;
  ColumnType type = ColumnType::numeric;
  bool inferred = true;       // false: the type is given; true: text makes the column categorical
  std::size_t text_line = 0;  // line of the first text
  void* values = nullptr;     // of all rows: float, double or int32
};

// The result that every piece is parsed into.
struct CsvTarget {
  std::string path;
  CsvFormat format;
  NumberFormat numbers;
  std::vector<std::string> missing;
  Dtype dtype = Dtype::float64;
  std::vector<CsvColumn> columns;
};

// What a piece yields besides the values that it writes into the result.
struct CsvPieceResult {
  std::vector<std::pair<std::size_t, Dictionary>> dictionaries;  // by column; codes are indices into them
  std::vector<std::pair<std::size_t, std::size_t>> turned_text;  // columns, each once, and the line of the
                                                                 // first text
};

// Writes the values of a piece to the target's columns, from row `piece.first_row - skipped_rows` on. Errors:
// those of load_csv; the number of records is not the one that `piece` gives.
CsvPieceResult parse_piece(const CsvTarget& target, const CsvPiece& piece, std::size_t skipped_rows,
                           std::string_view text);

}  // namespace tenbin::detail
