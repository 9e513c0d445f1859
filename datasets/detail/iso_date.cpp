#include "tenbin/datasets/detail/iso_date.h"

#include <algorithm>
#include <string_view>

namespace tenbin::detail {

namespace {

constexpr std::size_t date_size = 10;  // of 2026-11-29

// The text with 0 for each digit.
std::string pattern_of(const std::string& text) {
  std::string pattern = text;
  for (char& c : pattern)
    if (c >= '0' && c <= '9') c = '0';
  return pattern;
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool is_date(const std::string& text, const std::string& pattern) {
  const std::string_view date = std::string_view{pattern}.substr(0, date_size);
  if (date != "0000-00-00" && date != "0000/00/00") return false;
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (number(5) < 1 || number(5) > 12 || number(8) < 1 || number(8) > 31) return false;
  if (pattern.size() == date_size) return true;
  // "T00:00:00.000", cut anywhere after the minutes, then a zone.
  std::string_view rest = std::string_view{pattern}.substr(date_size);
  if (!starts_with(rest, "T00:00") && !starts_with(rest, " 00:00")) return false;
  rest.remove_prefix(6);
  if (starts_with(rest, ":00")) {
    rest.remove_prefix(3);
    if (starts_with(rest, ".0")) rest.remove_prefix(std::min(rest.find_first_not_of('0', 1), rest.size()));
  }
  return rest.empty() || rest == "Z" || rest == "+00:00" || rest == "-00:00" || rest == "+0000" ||
         rest == "-0000";
}

// "Z", "+01:00" or nothing.
std::string_view zone_of(const std::string& text) {
  const std::size_t at = text.find_first_of("Z+-", date_size);
  return at == std::string::npos ? std::string_view{} : std::string_view{text}.substr(at);
}

}  // namespace

std::optional<std::string> first_odd_date(const std::vector<std::string>& texts) {
  std::string longest;
  for (const std::string& text : texts) {
    const std::string pattern = pattern_of(text);
    if (!is_date(text, pattern)) return text;
    if (zone_of(text) != zone_of(texts[0])) return text;
    // "10:15" is before "10:15:30"; with a zone behind it, texts of two lengths are not in the order of time.
    const bool longer = pattern.size() > longest.size();
    const bool fits = longer ? starts_with(pattern, longest) : starts_with(longest, pattern);
    if (!fits) return text;
    if (longer) longest = pattern;
  }
  return std::nullopt;
}

}  // namespace tenbin::detail
