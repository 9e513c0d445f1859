// Finds the records of a CSV file: the first of the two passes.
#pragma once

#include <vector>

#include "tenbin/datasets/detail/text_file.h"

namespace tenbin::detail {

// The characters that end fields and records.
struct CsvFormat {
  char delimiter = ',';
  bool skip_initial_space = false;
  bool whitespace = false;  // blanks and tabs separate; the delimiter is a blank
  char comment = '\0';

  // The second separator character; the delimiter again, if there is only one.
  char other_delimiter() const { return whitespace ? '\t' : delimiter; }
  bool separates(char c) const { return c == delimiter || c == other_delimiter(); }
  bool starts_comment(char c) const { return c == comment && comment != '\0'; }
};

// Errors: `load_csv: the delimiter must be neither a letter ...`.
void require_delimiter(const char* function, char delimiter);

// A contiguous part of the file: whole records, and the blank lines between them.
struct CsvPiece {
  std::size_t bytes = 0;
  std::size_t rows = 0;
  std::size_t first_row = 0;
  std::size_t first_line = 0;  // counted from 1
};

// Cuts a file into pieces; the first has a single record. The cuts depend on the file alone. Errors: an
// unclosed quote, a record that is too long.
std::vector<CsvPiece> find_pieces(TextFile& file, const CsvFormat& format);

// The position after the line at p if it is blank or a comment; otherwise p. Precondition: a line feed
// follows.
inline const char* past_blank_line(const char* p, const CsvFormat& format) {
  const char* text = p;
  while (format.whitespace ? format.separates(*text) : *text == ' ' && format.delimiter != ' ') ++text;
  if (format.starts_comment(*text))
    while (*text != '\n') ++text;
  if (*text == '\r') ++text;
  return *text == '\n' ? text + 1 : p;
}

}  // namespace tenbin::detail
