#include "tenbin/datasets/parse_number.h"

#include <charconv>
#include <limits>

namespace tenbin::detail {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Of a decimal number that is not a float64: whether it is too large, rather than too small.
bool is_large(std::string_view number) {
  constexpr std::int64_t far = 1 << 30;
  std::int64_t magnitude = 0;  // of the first digit that is not 0, as a power of ten
  bool started = false;
  bool point = false;
  std::size_t i = 0;
  for (; i < number.size() && (number[i] | 0x20) != 'e'; ++i) {
    if (number[i] == '.') {
      point = true;
      continue;
    }
    started = started || (number[i] >= '1' && number[i] <= '9');
    if (started && !point) ++magnitude;
    if (!started && point) --magnitude;
  }
  if (i == number.size()) return magnitude > 0;
  const bool down = number[++i] == '-';
  if (down || number[i] == '+') ++i;
  std::int64_t exponent = 0;
  for (; i < number.size() && exponent < far; ++i) exponent = exponent * 10 + (number[i] - '0');
  return magnitude + (down ? -exponent : exponent) > 0;
}

}  // namespace

std::optional<double> to_number(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  if (text.empty() || text.front() == '-' || text.back() == ')') return std::nullopt;  // "nan(...)"
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range)
    value = is_large(text) ? std::numeric_limits<double>::infinity() : 0.0;
  else if (error != std::errc())
    return std::nullopt;
  return negative ? -value : value;
}

}  // namespace tenbin::detail
