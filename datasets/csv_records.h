// Where the records of a CSV file lie: the first of the two passes.
#pragma once

#include <cstring>
#include <vector>

#include "tenbin/datasets/text_file.h"

namespace tenbin::detail {

// What decides where fields and records end.
struct CsvFormat {
  char delimiter = ',';
  bool skip_initial_space = false;
  bool whitespace = false;  // blanks and tabs separate; the delimiter is a blank
  char comment = '\0';

  // The second character that separates; the delimiter again, if there is none.
  char other_delimiter() const { return whitespace ? '\t' : delimiter; }
  bool separates(char c) const { return c == delimiter || c == other_delimiter(); }
  bool starts_comment(char c) const { return c == comment && comment != '\0'; }
};

// Some whole records, and the blank lines between them, one behind the other in the file.
struct CsvPiece {
  std::size_t bytes = 0;
  std::size_t rows = 0;
  std::size_t first_row = 0;
  std::size_t first_line = 0;  // from 1
};

// Cuts a file into pieces, the first of a single record. The cuts depend on the file alone. Errors: a quote
// that is never closed, a record that is too long.
std::vector<CsvPiece> find_pieces(TextFile& file, const CsvFormat& format);

// Behind the line at p if it is blank or a comment; p itself if there is a record. Precondition: a line feed
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
