// Numbers from text: exactly the result of strtod, for every form that a file may have.
#include "tenbin/datasets/detail/parse_number.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "tenbin/tests/catch.h"

using namespace tenbin::detail;

namespace {

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// The result of parse_usual_number; nullopt where it does not parse the text, or all of it.
std::optional<double> usual(const std::string& text) {
  const std::string padded = text + std::string(16, '\0');
  double value = 0;
  const char* const end = parse_usual_number(padded.data(), value);
  if (end != padded.data() + text.size()) return std::nullopt;
  return value;
}

class NumberTexts {
 public:
  std::string next() {
    const std::uint64_t bits = random_();
    const auto number = static_cast<double>(static_cast<std::int64_t>(bits)) * 0x1p-60;
    switch (random_() % 9) {
      case 0:
        return print("%.17g", number);
      case 1:
        return print("%.6g", number);
      case 2:
        return std::to_string(bits);
      case 3:  // any digits with any exponent
        return std::to_string(bits >> random_() % 64) + "e-" + std::to_string(random_() % 40);
      case 4:
        return '-' + std::to_string(bits >> random_() % 64) + "E+" + std::to_string(random_() % 40);
      case 5:
        return "0.000" + std::to_string(bits);
      case 6: {  // halfway between two float64 numbers, or next to that
        const std::uint64_t half = ((std::uint64_t{1} << 53 | bits >> 11) << 1 | 1) + random_() % 3 - 1;
        return std::to_string(half);
      }
      case 7:  // halves with digits after the point
        return print("%.10f", static_cast<double>(std::uint64_t{1} << 52 | bits >> 12) / 8);
      default: {
        double any;
        std::memcpy(&any, &bits, sizeof any);
        return std::isfinite(any) ? print("%.16e", any) : "1";
      }
    }
  }

 private:
  static std::string print(const char* format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
  }

  std::mt19937_64 random_{1};
};

}  // namespace

TEST_CASE("parse_usual_number and to_number round as strtod does", "[parse_number]") {
  NumberTexts texts;
  int usual_ones = 0;
  for (int i = 0; i < 200000; ++i) {
    const std::string text = texts.next();
    const double expected = std::strtod(text.c_str(), nullptr);
    const std::optional<double> fast = usual(text);
    INFO(text);
    if (fast && !same_bits(*fast, expected)) REQUIRE(*fast == expected);
    const std::optional<double> slow = to_number(text);
    if (!slow || !same_bits(*slow, expected)) REQUIRE(slow == expected);
    usual_ones += fast.has_value();
  }
  CHECK(usual_ones > 100000);
}

TEST_CASE("parse_usual_number leaves the rest to to_number", "[parse_number]") {
  for (const char* const text : {"", "-", ".", "-.", "+1", "1e", "1e+", "1e-", "e5", "nan", "inf", "1e28",
                                 "1e-28", "99999999999999999999", "1e00005", "--1", "1 "})
    CHECK_FALSE(usual(text));
  CHECK(usual("1.") == 1.0);
  CHECK(usual(".5") == 0.5);
  CHECK(usual("1e27") == 1e27);
  CHECK(usual("0000000000000000000000001.5") == 1.5);
  CHECK(usual("0.0000000000000000000001") == 1e-22);
  CHECK(same_bits(*usual("-0"), -0.0));
  CHECK(same_bits(*usual("-0.000"), -0.0));
}

TEST_CASE("to_number takes all of the text or nothing", "[parse_number]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(to_number(" +1.5\t") == 1.5);
  CHECK(to_number("1E5") == 1e5);
  CHECK(to_number("Infinity") == infinity);
  CHECK(to_number("-inf") == -infinity);
  CHECK(std::isnan(*to_number("NaN")));
  CHECK(to_number("1e999") == infinity);
  CHECK(to_number("-1e999999999999999999999999") == -infinity);
  CHECK(to_number(std::string(400, '9')) == infinity);
  CHECK(to_number(std::string(400, '9') + "e-400") == 1.0);
  CHECK(to_number("0." + std::string(400, '0') + "1") == 0.0);
  CHECK(to_number("0." + std::string(400, '0') + "1e401") == 1.0);
  CHECK(to_number("1e-999") == 0.0);
  CHECK(to_number(std::string(400, '0') + "1e-400") == 0.0);
  CHECK(to_number("0e999999999999") == 0.0);
  CHECK(to_number("4.9e-324") == 4.9e-324);
  CHECK(to_number("2e-324") == 0.0);
  for (const char* const text : {"", " ", "+", "-", "+-1", "--1", "1,5", "1_000", "0x10", "1e", "1e+",
                                 "nan(1)", "1 2", "1.2.3", "e5", "infinit", "5f", "\xEF\xBC\x91"})
    CHECK_FALSE(to_number(text));
}

TEST_CASE("numbers in the formats of other countries", "[parse_number]") {
  const auto usual_format = [](const char* text, char decimal, char thousands) {
    std::string out;
    return to_usual_format(text, {decimal, thousands}, out) ? out : "none";
  };
  CHECK(usual_format(" -1.234.567,5e-3 ", ',', '.') == "-1234567.5e-3");
  CHECK(usual_format("1 234", ',', ' ') == "1234");
  CHECK(usual_format("12,34,567.25", '.', ',') == "1234567.25");
  CHECK(usual_format("1234567", '.', ',') == "1234567");
  CHECK(usual_format("+,5", ',', '\0') == "+.5");
  for (const char* const text : {"1,23", "1234,567", ",123", "1,,234", "1,2,345", "123,", "1.5,000"})
    CHECK(usual_format(text, '.', ',') == "none");
  CHECK(usual_format("1.5", ',', '\0') == "none");
}

TEST_CASE("number_text is short and reads back as the same number", "[parse_number]") {
  CHECK(number_text(100000) == "100000");
  CHECK(number_text(-0.0) == "0");
  CHECK(number_text(-12.5) == "-12.5");
  CHECK(number_text(1e21) == "1e+21");
  for (const double value : {0.1, 1e-5, 1e-6, 123456789012345680.0, 4.9e-324, 1.7e308})
    CHECK(to_number(number_text(value)) == value);
}
