// The words of a line of an ARFF file.
#pragma once

#include <string>
#include <string_view>

#include "tenbin/datasets/detail/text_file.h"

namespace tenbin::detail {

struct ArffWord {
  std::string text;
  bool quoted;
  const char* place;  // in the line
};

// Steps through a line. Errors: those of LineReader::fail.
class ArffLine {
 public:
  ArffLine(const LineReader& lines, std::string_view line)
      : lines_(lines), p_(line.data()), end_(p_ + line.size()) {}

  // Skips blanks and comments first, as everything here does.
  bool at_end();
  const char* place() const { return p_; }
  // Steps over `c` if it is next.
  bool take(char c);
  // The next word: quoted, or up to a blank, a comma or a brace. Errors: the end of the line, an open quote.
  ArffWord word();
  // Skips KEEL's range after a type, as [0.075, 0.815], if there is one. `open`: its bracket was part
  // of the type's word. Errors: it does not end.
  void skip_range(bool open);
  // Skips the separator of two words: a comma, or blanks. It may be missing at the end of the line and before
  // `closing`.
  void separator(char closing);

 private:
  void skip_blanks();
  ArffWord quoted_word();
  void append_escaped(std::string& text);

  const LineReader& lines_;
  const char* p_;
  const char* end_;
};

}  // namespace tenbin::detail
