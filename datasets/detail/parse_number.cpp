#include "tenbin/datasets/detail/parse_number.h"

#include <charconv>
#include <limits>

namespace tenbin::detail {

namespace {

// For a decimal number out of float64's range: whether it is too large, rather than too small.
bool is_large(std::string_view number) {
  constexpr std::int64_t far = 1 << 30;
  std::int64_t magnitude = 0;  // of the first nonzero digit, as a power of ten
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

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

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

std::string number_text(double value) {
  char text[32];
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-5 && size < 1e21);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  return {text, std::to_chars(text, text + sizeof text, value + 0.0, format).ptr};
}

bool to_usual_format(std::string_view text, const NumberFormat& format, std::string& out) {
  text = trimmed(text);
  out.clear();
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) out += text[i++];
  std::size_t digits = 0;  // since the last separator
  bool separated = false;
  for (; i < text.size() && (is_digit(text[i]) || text[i] == format.thousands); ++i) {
    if (is_digit(text[i])) {
      out += text[i];
      ++digits;
      continue;
    }
    if (digits == 0 || digits > 3 || (separated && digits == 1)) return false;
    separated = true;
    digits = 0;
  }
  if (separated && digits != 3) return false;
  for (; i < text.size(); ++i) {
    if (text[i] == format.thousands || (text[i] == '.' && format.decimal != '.')) return false;
    out += text[i] == format.decimal ? '.' : text[i];
  }
  return true;
}

std::optional<double> to_number(std::string_view text, const NumberFormat& format, std::string& buffer) {
  if (format.is_usual()) return to_number(text);
  return to_usual_format(text, format, buffer) ? to_number(buffer) : std::nullopt;
}

}  // namespace tenbin::detail
