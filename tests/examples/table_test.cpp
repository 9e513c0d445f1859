#include "tenbin/examples/common/table.h"

#include <cmath>

#include "tenbin/tests/catch.h"

using tenbin::examples::fixed;
using tenbin::examples::TextTable;

TEST_CASE("a TextTable aligns its columns") {
  TextTable table({"method", "accuracy", "G"});
  table.add({"plain", "81.78", "0.784"});
  table.add({"M\xC3\xBCller's weights", "100.00", ""});
  CHECK(table.to_string() ==
        "method            accuracy      G\n"
        "----------------  --------  -----\n"
        "plain                81.78  0.784\n"
        "M\xC3\xBCller's weights    100.00\n");
  CHECK(TextTable({"a"}).to_string() == "a\n-\n");
  CHECK_THROWS_WITH(table.add({"x"}), "TextTable::add: 1 cells for 3 columns");
}

TEST_CASE("fixed") {
  CHECK(fixed(2.0 / 3, 4) == "0.6667");
  CHECK(fixed(-1, 0) == "-1");
  CHECK(fixed(std::nan(""), 2) == "nan");
}
