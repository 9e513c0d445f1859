// Conversion of numbers to text, and of letters: the same in every C and C++ locale.
#pragma once

#include <algorithm>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

namespace tenbin::detail {

// Converts numbers to text, without digit grouping or decimal comma. Throws std::bad_alloc where other
// streams only set a flag and omit the text.
class TextStream : public std::ostringstream {
 public:
  TextStream() {
    imbue(std::locale::classic());
    exceptions(std::ios_base::badbit);
  }
};

// The concatenated text of the parts.
template <class... Parts>
std::string text_of(const Parts&... parts) {
  TextStream text;
  (text << ... << parts);
  return text.str();
}

// `a, b, c`.
inline std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i) all += (i == 0 ? "" : ", ") + texts[i];
  return all;
}

// The lines of a text in which each ends with '\n', without it.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// For ASCII only; other bytes are not changed.
constexpr bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
inline std::string lower_case(std::string text) {
  for (char& c : text) c = lower_case(c);
  return text;
}

// The number of characters, not bytes, of UTF-8.
inline std::size_t character_count(const std::string& text) {
  const auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

}  // namespace tenbin::detail
