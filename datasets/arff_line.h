// The words of one line of an ARFF file.
#pragma once

#include <string>
#include <string_view>

#include "tenbin/datasets/text_file.h"

namespace tenbin::detail {

struct ArffWord {
  std::string text;
  bool quoted = false;
  const char* place = nullptr;  // position in the line
};

// Steps through a line. Errors: those of LineReader::fail.
class ArffLine {
 public:
  ArffLine(const LineReader& lines, std::string_view line)
      : lines_(lines), p_(line.data()), end_(p_ + line.size()) {}

  // Skips blanks and comments first, as all members of this class do.
  bool at_end();
  const char* place() const { return p_; }
  // Skips `c` if it is next.
  bool take(char c);
  // The next word: quoted, or up to a blank, a comma or a brace. Errors: there is none, an unclosed quote.
  ArffWord word();
  // Skips KEEL's range after a type, as [0.075, 0.815], if there is one. `open`: its opening bracket was read
  // as part of the type's word. Errors: the range is not closed.
  void skip_range(bool open);
  // Skips a separator: a comma, or blanks. At the end of the line and before `closing` none is needed.
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
