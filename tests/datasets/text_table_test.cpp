#include "tenbin/datasets/text_table.h"

#include <limits>

#include "tenbin/tests/catch.h"

using namespace tenbin::detail;

TEST_CASE("numbers as text have a fixed number of decimals") {
  CHECK(fixed(2.0 / 3, 4) == "0.6667");
  CHECK(fixed(-1, 0) == "-1");
  CHECK(fixed(1e20, 1) == "100000000000000000000.0");
  CHECK(fixed(std::numeric_limits<double>::quiet_NaN(), 2) == "nan");
}

TEST_CASE("text is right-aligned by characters and never cut") {
  CHECK(right_aligned("ab", 4) == "  ab");
  CHECK(right_aligned("M\xC3\xBCller", 7) == " M\xC3\xBCller");
  CHECK(right_aligned("abc", 2) == "abc");
  CHECK(right_aligned("", 0).empty());
}

TEST_CASE("escaped texts are whole, whatever their length") {
  CHECK(escaped("a\x1b[1m\n") == "a\\x1b[1m\\x0a");
  CHECK(escaped(std::string(64, 'a') + '\x01' + std::string(200, 'b')) ==
        std::string(64, 'a') + "\\x01" + std::string(200, 'b'));
  CHECK(escaped(std::string(63, 'a') + "\xC3\xBC") == std::string(63, 'a') + "\xC3\xBC");
  CHECK(escaped("").empty());
}

TEST_CASE("a text table has one line per row, and columns as wide as their widest cell") {
  const std::vector<TextRow> rows = {{"", "n"}, {"M\xC3\xBCller", "12"}, {"x", ""}};
  CHECK(column_widths(rows) == std::vector<std::size_t>{6, 2});
  CHECK(text_table(rows, Align::left) == "         n\nM\xC3\xBCller  12\nx\n");
  CHECK(text_table(rows, Align::right) == "         n\nM\xC3\xBCller  12\n     x\n");
  CHECK(text_table({{"", ""}}, Align::left) == "\n");
}
