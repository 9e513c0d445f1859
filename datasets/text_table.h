// Numbers and names as text in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace tenbin::detail {

// The number with this many digits after the decimal point.
std::string fixed(double value, int digits);

// The number with four significant digits.
std::string four_digits(double value);

// Blanks, then the text: `width` characters or more.
std::string right_aligned(const std::string& text, std::size_t width);

// The whole text, with unprintable bytes as `\x1b`.
std::string escaped(const std::string& text);

// The text in at most `width` characters: a longer one ends with "...". Unprintable bytes are escaped.
// Precondition: width >= 4.
std::string shortened(const std::string& text, std::size_t width);

using TextRow = std::vector<std::string>;

// The number of characters of the widest cell of every column. Precondition, also of `text_table`: at least
// one row, all of one length.
std::vector<std::size_t> column_widths(const std::vector<TextRow>& rows);

enum class Align : unsigned char { left, right };

// One line per row, without trailing blanks. Columns are two blanks apart and right-aligned, the first one as
// given.
std::string text_table(const std::vector<TextRow>& rows, Align first_column);

}  // namespace tenbin::detail
