#include "tenbin/datasets/class_count_table.h"

#include "tenbin/datasets/class_weight.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

using Counts = std::vector<std::size_t>;

TEST_CASE("class_count_table") {
  const Counts counts{4000, 1002};
  CHECK(class_count_table(counts,
                          {.class_names = {"cat", "dog"}, .class_weight = balanced_class_weight(counts)}) ==
        "class            name  count   share  weight\n"
        "    0             cat   4000  79.97%  0.6252\n"
        "    1  dog (positive)   1002  20.03%   2.496\n"
        "total                   5002\n");
  CHECK(class_count_table({3, 1, 0}, {.class_names = {"a", "b", "c"}}) ==
        "class  name  count  share\n"
        "    0     a      3    75%\n"
        "    1     b      1    25%\n"
        "    2     c      0     0%\n"
        "total            4\n");
}

TEST_CASE("class_count_table without names and weights, with rare and empty classes") {
  CHECK(class_count_table(Counts{34108, 0, 6}) ==
        "class  count     share\n"
        "    0  34108    99.98%\n"
        "    1      0        0%\n"
        "    2      6  0.01759%\n"
        "total  34114\n");
  CHECK(class_count_table(Counts{0}) ==
        "class  count  share\n"
        "    0      0     0%\n"
        "total      0\n");
}

TEST_CASE("class_count_table counts characters, not bytes") {
  CHECK(class_count_table(Counts{1, 1}, {.class_names = {"天秤", "scales"}}) ==
        "class               name  count  share\n"
        "    0                 天秤      1    50%\n"
        "    1  scales (positive)      1    50%\n"
        "total                         2\n");
}

TEST_CASE("class_count_table of a table") {
  const Table table({{"x", Array{1., 2., 3., 4.}}, {"y", Array{0, 1, 0, -1}, {"no", "yes"}}}, 1);
  CHECK(class_count_table(table) ==
        "class            name  count   share\n"
        "    0              no      2  66.67%\n"
        "    1  yes (positive)      1  33.33%\n"
        "total                      3\n");
  CHECK_THROWS_WITH(class_count_table(table.without({"y"})), "Table: no column was named as the label");
}

TEST_CASE("class_count_table refuses names and weights that do not fit") {
  CHECK_THROWS_WITH(class_count_table(Counts{1, 2}, {.class_names = {"a"}}),
                    "class_count_table: 1 class names for 2 classes");
  CHECK_THROWS_WITH(
      class_count_table(Counts{1, 2}, {.class_weight = Array{1.f}}),
      "class_count_table: class_weight must be float32 or float64 of shape (2), got float32(1)");
}
