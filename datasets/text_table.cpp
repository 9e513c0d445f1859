#include "tenbin/datasets/text_table.h"

#include <algorithm>
#include <iomanip>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"

namespace tenbin::detail {

namespace {

std::string blanks(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, character_count(text)), ' ');
}

}  // namespace

std::string fixed(double value, int digits) {
  TextStream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

std::string four_digits(double value) {
  TextStream text;
  text << std::setprecision(4) << value;
  return text.str();
}

std::string right_aligned(const std::string& text, std::size_t width) { return blanks(text, width) + text; }

std::string escaped(const std::string& text) {
  constexpr std::size_t piece = 64;  // `printable` cuts longer texts
  std::string all;
  for (std::size_t begin = 0; begin < text.size(); begin += piece)
    all += printable(text.substr(begin, piece));
  return all;
}

std::string shortened(const std::string& text, std::size_t width) {
  std::string line = printable(text);
  if (character_count(line) <= width) return line;
  std::size_t end = 0;
  for (std::size_t count = 0; end < line.size(); ++end) {
    const bool starts_character = (static_cast<unsigned char>(line[end]) & 0xC0) != 0x80;
    if (starts_character && count++ == width - 3) break;
  }
  return line.substr(0, end) + "...";
}

std::vector<std::size_t> column_widths(const std::vector<TextRow>& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const TextRow& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], character_count(row[c]));
  return widths;
}

std::string text_table(const std::vector<TextRow>& rows, Align first_column) {
  const std::vector<std::size_t> widths = column_widths(rows);
  std::string text;
  for (const TextRow& row : rows) {
    std::string line =
        first_column == Align::left ? row[0] + blanks(row[0], widths[0]) : right_aligned(row[0], widths[0]);
    for (std::size_t c = 1; c < row.size(); ++c) line += "  " + right_aligned(row[c], widths[c]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

}  // namespace tenbin::detail
