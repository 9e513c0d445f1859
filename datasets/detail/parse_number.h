// Decimal numbers from text, correctly rounded (IEEE 754) in any locale: shared by the loaders.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace tenbin::detail {

// The value of a text that is a number, rounded to the nearest float64: infinite if too large, 0 if too
// small. Blanks around it, a sign, "inf", "infinity" and "nan" are accepted, as in NumPy. nullopt: not a
// number.
std::optional<double> to_number(std::string_view text);

// The text without blanks and tabs at its ends.
std::string_view trimmed(std::string_view text);

// The shortest text with this value: "1", "-0.5", "100000". Precondition: the number is finite.
std::string number_text(double value);

// The number format of a file.
struct NumberFormat {
  char decimal = '.';
  char thousands = '\0';  // no separator

  bool is_usual() const { return decimal == '.' && thousands == '\0'; }
};

// Rewrites a number with a decimal point and without separators. Separators stand before the last three
// digits of the integer part, and before each two or three digits further left: "1,234,567", "12,34,567".
// False: the text is not in this format.
bool to_usual_format(std::string_view text, const NumberFormat& format, std::string& out);

// `to_number` of a text in that format. `buffer` receives the text in the usual format.
std::optional<double> to_number(std::string_view text, const NumberFormat& format, std::string& buffer);

// 5^0 to 5^27, all that fit into 64 bits, and from 5^1 on 2^127 divided by each, shifted left until the
// highest bit is set.
struct PowersOfFive {
  static constexpr int largest = 27;
  std::uint64_t of[largest + 1] = {1};
  std::uint64_t reciprocal_of[largest + 1] = {};

  constexpr PowersOfFive() {
    for (int i = 1; i <= largest; ++i) {
      of[i] = of[i - 1] * 5;
      const std::uint64_t shifted = of[i] << __builtin_clzll(of[i]);
      reciprocal_of[i] = static_cast<std::uint64_t>((static_cast<unsigned __int128>(1) << 127) / shifted);
    }
  }
};
inline constexpr PowersOfFive powers_of_five;

// digits * 10^exponent, rounded to nearest, ties to even. Precondition: |exponent| <= 27.
//
// In both cases `leading` gets the first 63 or 64 bits of the result. The bits cut off only matter where the
// bits kept are a tie; then the last bit, which is below the precision of float64, is set to break the tie.
inline double scale_by_power_of_ten(std::uint64_t digits, int exponent) {
  using Wide = unsigned __int128;
  if (digits == 0) return 0;
  const int up = __builtin_clzll(digits);
  const std::uint64_t shifted = digits << up;
  const std::uint64_t power = powers_of_five.of[exponent < 0 ? -exponent : exponent];
  const int power_up = __builtin_clzll(power);
  const std::uint64_t shifted_power = power << power_up;
  std::uint64_t leading = 0;
  bool inexact = true;
  int binary_exponent = exponent - up;
  if (exponent < 0) {
    // The reciprocal is slightly too small, the product by less than 2. Unless a tie is near, that does not
    // matter.
    leading = static_cast<std::uint64_t>(
        static_cast<Wide>(shifted) * powers_of_five.reciprocal_of[-exponent] >> 64);
    if (((leading + 1) & 0x1FF) <= 1) {
      const Wide dividend = static_cast<Wide>(shifted) << 63;
      leading = static_cast<std::uint64_t>(dividend / shifted_power);
      inexact = static_cast<Wide>(leading) * shifted_power != dividend;
    }
    binary_exponent += power_up - 63;
  } else {
    const Wide product = static_cast<Wide>(shifted) * shifted_power;
    leading = static_cast<std::uint64_t>(product >> 64);
    inexact = static_cast<std::uint64_t>(product) != 0;
    binary_exponent += 64 - power_up;
  }
  // 63 bits fit into a signed integer, which converts to double faster.
  const auto rounded = static_cast<double>(
      static_cast<std::int64_t>(leading >> 1 | (leading & 1) | static_cast<std::uint64_t>(inexact)));
  const std::uint64_t power_of_two_bits = static_cast<std::uint64_t>(binary_exponent + 1 + 1023) << 52;
  double power_of_two;
  std::memcpy(&power_of_two, &power_of_two_bits, sizeof power_of_two);
  return rounded * power_of_two;
}

// The value of eight digits, each given as its value, the first in the lowest byte: combines pairs, then
// fours, then all eight in one register.
inline std::uint64_t eight_digits(std::uint64_t digits) {
  constexpr std::uint64_t mask = 0x000000FF000000FF;
  digits = digits * 10 + (digits >> 8);
  return ((digits & mask) * (100 + (std::uint64_t{1000000} << 32)) +
          ((digits >> 16) & mask) * (1 + (std::uint64_t{10000} << 32))) >>
         32;
}

// Appends the digits at p to `number`, modulo 2^64, and returns how many there are. Eight bytes per step,
// without a branch on the number of digits, which the processor could not predict.
inline std::ptrdiff_t append_digits(const char* p, std::uint64_t& number) {
  static constexpr std::uint64_t powers_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  const char* const begin = p;
  while (true) {
    std::uint64_t bytes;
    std::memcpy(&bytes, p, sizeof bytes);
    bytes ^= 0x3030303030303030;
    // The lowest set bit belongs to the first byte above 9; carries only reach later bytes.
    const std::uint64_t others = ((bytes + 0x7676767676767676) | bytes) & 0x8080808080808080;
    if (others == 0) {
      number = number * 100000000 + eight_digits(bytes);
      p += 8;
      continue;
    }
    const int count = __builtin_ctzll(others) / 8;
    number = number * powers_of_ten[count] + eight_digits(bytes << (56 - 8 * count) << 8);
    return p + count - begin;
  }
}

// Powers of ten that are exact in float64: the quotient of two exact numbers is rounded once (Clinger, PLDI
// 1990).
inline constexpr double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// The number of leading zeros among the digits in [p, end).
inline std::ptrdiff_t leading_zeros(const char* p, const char* end) {
  std::ptrdiff_t count = 0;
  for (; p < end && (*p == '0' || *p == '.'); ++p) count += *p == '0';
  return count;
}

// Reads the number at `text`, which ends with the first byte that cannot belong to it, and returns the
// position after it; nullptr if the number has more than 19 digits or a large exponent and must be parsed by
// `to_number`. Precondition: eight bytes that are not digits follow the text.
inline const char* parse_usual_number(const char* text, double& value) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  constexpr std::ptrdiff_t most_digits = 19;  // all such numbers are below 2^64
  const bool negative = *text == '-';
  const char* const begin = text + negative;
  std::uint64_t digits = 0;
  const char* p = begin;
  // Few digits precede the point, and their number rarely changes, so the branch is predicted well.
  for (; is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
  std::ptrdiff_t count = p - begin;
  std::ptrdiff_t exponent = 0;
  if (*p == '.') {
    const std::ptrdiff_t places = append_digits(++p, digits);
    exponent = -places;
    count += places;
    p += places;
  }
  if (count == 0) return nullptr;
  if (count > most_digits) count -= leading_zeros(begin, p);
  if (count > most_digits) return nullptr;
  if ((*p | 0x20) == 'e') {
    ++p;
    const bool down = *p == '-';
    if (down || *p == '+') ++p;
    std::uint64_t power = 0;
    const std::ptrdiff_t places = append_digits(p, power);
    if (places == 0 || places > 4) return nullptr;
    p += places;
    exponent += down ? -static_cast<std::ptrdiff_t>(power) : static_cast<std::ptrdiff_t>(power);
  }
  if (exponent < -PowersOfFive::largest || exponent > PowersOfFive::largest) return nullptr;
  const double magnitude =
      count <= 15 && exponent <= 0 && exponent >= -22
          ? static_cast<double>(static_cast<std::int64_t>(digits)) / exact_powers[-exponent]
          : scale_by_power_of_ten(digits, static_cast<int>(exponent));
  value = std::copysign(magnitude, negative ? -1.0 : 1.0);
  return p;
}

}  // namespace tenbin::detail
