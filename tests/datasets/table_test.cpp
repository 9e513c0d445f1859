#include "tenbin/datasets/table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "tenbin/cpu/parallel.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

// The suffix of a row number in error texts.
const std::string counted = " (counted from 0, without the header)";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Table fruit() {
  return Table({{"weight", Array{1.5, 2.5, 3.5}},
                {"color", Array{1, 0, 1}, {"green", "red"}},
                {"kind", Array{0, 1, 0}, {"apple", "pear"}}},
               2, "fruit.csv");
}

Table with(const Array& values, const std::vector<std::string>& categories = {}) {
  return Table({{"x", values, categories}, {"t", Array{0, 1}, {"a", "b"}}}, 1, "data.csv");
}

}  // namespace

TEST_CASE("a table becomes a dataset", "[table]") {
  const Table table = fruit();
  CHECK(table.size() == 3);
  CHECK(table.classes() == std::vector<std::string>{"apple", "pear"});
  CHECK(table.feature_names() == std::vector<std::string>{"weight", "color"});
  CHECK(table.categorical_features() == std::vector<std::size_t>{1});
  const Dataset data = table.dataset({.categories = Categories::codes});
  CHECK(data.x.dtype() == Dtype::float32);
  CHECK(data.x.shape() == Shape{3, 2});
  CHECK(data.x.to_vector<float>() == std::vector<float>{1.5f, 1, 2.5f, 0, 3.5f, 1});
  CHECK(data.t.to_vector<int>() == std::vector<int>{0, 1, 0});
  const Dataset numeric = table.without({"color"});
  CHECK(numeric.x.to_vector<float>() == std::vector<float>{1.5f, 2.5f, 3.5f});
}

TEST_CASE("features of many rows do not depend on the number of threads", "[table]") {
  const std::size_t rows = 5001;
  const Table table({{"a", Array::arange(rows).astype(Dtype::float64)},
                     {"b", Array::arange(rows).astype(Dtype::float32)},
                     {"c", Array::arange(rows).astype(Dtype::int32), std::vector<std::string>(rows, "z")}});
  const std::size_t threads = num_threads();
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}}) {
    set_num_threads(count);
    const Array x = table.features({.categories = Categories::codes});
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) wrong += x.data<float>()[i] != static_cast<float>(i / 3);
    CHECK(wrong == 0);
  }
  set_num_threads(threads);
}

TEST_CASE("a missing or infinite value is an error that names it, or NaN", "[table]") {
  CHECK_THROWS_WITH(with(Array{1.0, not_a_number}).features(),
                    "data.csv: column \"x\" is missing in row 1" + counted);
  CHECK_THROWS_WITH(with(Array{1e300, not_a_number}).features(),
                    "data.csv: column \"x\" is infinite or beyond float32 in row 0" + counted);
  CHECK_THROWS_WITH(
      with(Array{1.0, -std::numeric_limits<double>::infinity()}).features({.missing = Missing::nan}),
      "data.csv: column \"x\" is infinite or beyond float32 in row 1" + counted);
  CHECK_THROWS_WITH(with(Array{0, -1}, {"u"}).features({.categories = Categories::codes}),
                    "data.csv: column \"x\" is missing in row 1" + counted);
  CHECK(std::isnan(with(Array{1.0, not_a_number}).features({.missing = Missing::nan}).data<float>()[1]));
  const Array codes = with(Array{-1, 0}, {"u"}).features({Missing::nan, Categories::codes});
  CHECK(std::isnan(codes.data<float>()[0]));
  const Table unlabelled({{"x", Array{1.0, 2.0}}, {"t", Array{0, -1}, {"a"}}}, 1, "data.csv");
  CHECK_THROWS_WITH(unlabelled.labels(), "data.csv: the label \"t\" is missing in row 1" + counted);
}

TEST_CASE("the errors of a table name what is missing", "[table]") {
  const Table table = fruit();
  CHECK_THROWS_WITH(
      table.dataset(),
      "fruit.csv: column \"color\" is categorical (\"green\", \"red\"); encode it, leave it out or "
      "ask for Categories::codes");
  CHECK_THROWS_WITH(table["size"],
                    "fruit.csv: no column is named \"size\"; there are \"weight\", \"color\", \"kind\"");
  CHECK_THROWS_WITH(table.without({"size"}),
                    "fruit.csv: no column is named \"size\"; there are \"weight\", \"color\", \"kind\"");
  CHECK_THROWS_WITH(table.without({"kind"}).labels(), "fruit.csv: no column was named as the label");
  CHECK_THROWS_WITH(table.without({"weight", "color"}).features(),
                    "fruit.csv: there are no columns but the label");
  CHECK_THROWS_WITH(Table({{"a", Array{1.0}}, {"a", Array{2.0}}})["a"],
                    "Table: more than one column is named \"a\"");
  CHECK_THROWS_WITH(Table({{"a", Array{1.0}}, {"b", Array{1.0, 2.0}}}),
                    "Table: column \"b\": expected 1 values, float32, float64 or int32, got float64(2)");
  CHECK_THROWS_WITH(Table({{"a", Array{1.0}}}, 0),
                    "Table: the label \"a\" must be categorical, got float64(1)");
  CHECK_THROWS_WITH(Table({{"a", Array{1.0}}}, 1), "Table: the label is column 1, there are 1");
}

TEST_CASE("like gives a category the same code in both tables", "[table]") {
  const Table test({{"kind", Array{0, 0, -1}, {"pear"}},
                    {"color", Array{0, 1, 0}, {"red", "green"}},
                    {"weight", Array{9.0, 8.0, 7.0}},
                    {"more", Array{1.0, 1.0, 1.0}}},
                   std::nullopt, "test.csv");
  const Table alike = test.like(fruit());
  CHECK(alike.feature_names() == fruit().feature_names());
  CHECK(alike.classes() == fruit().classes());
  CHECK(alike.label().values.to_vector<int>() == std::vector<int>{1, 1, -1});
  CHECK(alike["color"].values.to_vector<int>() == std::vector<int>{1, 0, 1});
  CHECK(alike["color"].categories == fruit()["color"].categories);

  const auto one = [](Column column) { return Table({std::move(column)}, std::nullopt, "test.csv"); };
  const Table colors = fruit().without({"weight", "kind"});
  CHECK_THROWS_WITH(one({"color", Array{1, 0}, {"blue", "red"}}).like(colors),
                    "test.csv: column \"color\" has the category \"blue\" in row 1" + counted +
                        ", which fruit.csv does not have");
  const Table tolerant =
      one({"color", Array{1, 0}, {"blue", "red"}}).like(colors, {.unknown = Unknown::missing});
  CHECK(tolerant["color"].values.to_vector<int>() == std::vector<int>{1, -1});
  CHECK(tolerant["color"].categories == colors["color"].categories);
  // A category without rows causes no error.
  CHECK(one({"color", Array{1}, {"blue", "red"}}).like(colors)["color"].values.item() == 1);
  CHECK_THROWS_WITH(one({"color", Array{1.0}}).like(colors),
                    "test.csv: column \"color\" has the category \"1\" in row 0" + counted +
                        ", which fruit.csv does not have");
  CHECK_THROWS_WITH(one({"x", Array{1.0}}).like(colors),
                    "test.csv: no column is named \"color\"; there are \"x\"");
}

TEST_CASE("like: new data have no label, and a class that is unknown is always an error", "[table]") {
  const Table fresh({{"color", Array{0}, {"red"}}, {"weight", Array{1.0}}}, std::nullopt, "new.csv");
  const Table alike = fresh.like(fruit());
  CHECK_FALSE(alike.has_label());
  CHECK(alike.feature_names() == fruit().feature_names());
  CHECK(alike["color"].values.item() == 1);
  const Table other({{"color", Array{0}, {"red"}}, {"weight", Array{1.0}}, {"kind", Array{0}, {"plum"}}}, 2,
                    "new.csv");
  CHECK_THROWS_WITH(other.like(fruit(), {.unknown = Unknown::missing}),
                    "new.csv: column \"kind\" has the category \"plum\" in row 0" + counted +
                        ", which fruit.csv does not have");
}

TEST_CASE("like: numbers become the categories of that value, texts become numbers", "[table]") {
  const auto one = [](Column column) { return Table({std::move(column)}, std::nullopt, "test.csv"); };
  const Table codes = Table({{"zip", Array{0, 1, 2}, {"01067", "10115", "SW1A"}}}, std::nullopt, "train.csv");
  const Table alike = one({"zip", Array{10115.0, not_a_number, 1067.0}}).like(codes);
  CHECK(alike["zip"].values.to_vector<int>() == std::vector<int>{1, -1, 0});
  CHECK(alike["zip"].categories == codes["zip"].categories);
  CHECK(one({"zip", Array{10115.f}}).like(codes)["zip"].values.item() == 1);
  CHECK_THROWS_WITH(one({"zip", Array{1.0, 300000.0}}).like(codes),
                    "test.csv: column \"zip\" has the category \"1\" in row 0" + counted +
                        ", which train.csv does not have");
  CHECK(one({"zip", Array{7.0}}).like(codes, {.unknown = Unknown::missing})["zip"].values.item() == -1);
  const Table twice = Table({{"zip", Array{0, 1, 2}, {"1067", "01067", "x"}}}, std::nullopt, "train.csv");
  CHECK_THROWS_WITH(one({"zip", Array{1067.0}}).like(twice),
                    "test.csv: column \"zip\" is numeric, in train.csv it is categorical, and 1067 in row 0" +
                        counted + " may be more than one category; say with `types` that it is categorical");
  CHECK_THROWS_WITH(
      one({"zip", Array{9007199254740994.0}}).like(codes),
      ContainsSubstring("9007199254740994 in row 0" + counted + " may be more than one category"));

  const Table ages = Table({{"age", Array{1.f}}}, std::nullopt, "train.csv");
  const Table young = one({"age", Array{1, -1, 0}, {"5", "1e1"}}).like(ages);
  CHECK(young["age"].values.dtype() == Dtype::float32);
  CHECK(young["age"].values.data<float>()[0] == 10);
  CHECK(std::isnan(young["age"].values.data<float>()[1]));
  CHECK(young["age"].values.data<float>()[2] == 5);
  const Column odd{"age", Array{0, 1, 1, 2, -1}, {"5", "old", "older"}};
  CHECK_THROWS_WITH(
      one(odd).like(ages),
      "test.csv: column \"age\" is numeric in train.csv, here \"old\" is not a number (3 of 4 values "
      "are not); if it stands for a missing value, add it to `missing`; `.unreadable = Unknown::missing` "
      "makes "
      "all such values missing");
  CHECK_THROWS_WITH(one(odd).like(ages, {.unknown = Unknown::missing}),
                    ContainsSubstring("\"old\" is not a number (3 of 4 values are not)"));
  const Table tolerant = one(odd).like(ages, {.unreadable = Unknown::missing});
  CHECK(tolerant["age"].values.data<float>()[0] == 5);
  CHECK(std::isnan(tolerant["age"].values.data<float>()[3]));
}

TEST_CASE("like: unseen categories and unreadable numbers are separate options", "[table]") {
  const Table train({{"age", Array{1.0, 2.0}}, {"color", Array{0, 1}, {"green", "red"}}}, std::nullopt,
                    "train.csv");
  const Table test({{"age", Array{0, 1}, {"1,200", "3"}}, {"color", Array{1, 0}, {"blue", "red"}}},
                   std::nullopt, "test.csv");
  CHECK_THROWS_WITH(
      test.like(train, {.unknown = Unknown::missing}),
      "test.csv: column \"age\" is numeric in train.csv, here \"1,200\" is not a number (1 of 2 "
      "values are not); if it is the number 1200, pass `.thousands = ','`; if it is the number "
      "1.2, pass `.decimal = ','`; if it stands for a missing value, add it to `missing`; "
      "`.unreadable = Unknown::missing` makes all such values missing");
  CHECK_THROWS_WITH(test.like(train, {.unreadable = Unknown::missing}),
                    ContainsSubstring("has the category \"blue\" in row 1"));
  const Table both = test.like(train, {.unknown = Unknown::missing, .unreadable = Unknown::missing});
  CHECK(std::isnan(both["age"].values.data<double>()[0]));
  CHECK(both["age"].values.data<double>()[1] == 3);
  CHECK(both["color"].values.to_vector<int>() == std::vector<int>{1, -1});
}

TEST_CASE("categories are in order, of values if they are numbers", "[table]") {
  Column numbers{"x", Array{0, 1, 2, -1}, {"10", "9", "-1"}};
  detail::sort_categories(numbers);
  CHECK(numbers.categories == std::vector<std::string>{"-1", "9", "10"});
  CHECK(numbers.values.to_vector<int>() == std::vector<int>{2, 1, 0, -1});
  Column texts{"x", Array{0, 1, 2}, {"10", "9", "a"}};
  detail::sort_categories(texts);
  CHECK(texts.categories == std::vector<std::string>{"10", "9", "a"});
  Column commas{"x", Array{0, 1}, {"1.000,5", "9,5"}};
  commas.decimal = ',';
  commas.thousands = '.';
  detail::sort_categories(commas);
  CHECK(commas.categories == std::vector<std::string>{"9,5", "1.000,5"});
}

TEST_CASE("a label is a name or an index", "[table]") {
  const std::vector<std::string> names = {"a", "0", "c"};
  CHECK(detail::find_label(names, "c", "f") == 2);
  CHECK(detail::find_label(names, "0", "f") == 1);
  CHECK(detail::find_label(names, "2", "f") == 2);
  CHECK(detail::find_label(names, "-1", "f") == 2);
  CHECK(detail::find_label(names, "-3", "f") == 0);
  for (const char* const label : {"3", "-4", "1.5", "A", "inf", "not_a_number"})
    CHECK_THROWS_WITH(detail::find_label(names, label, "f"),
                      std::string("f: no column is named \"") + label + "\"; there are \"a\", \"0\", \"c\"");
}

TEST_CASE("a table that was moved from has no label", "[table]") {
  Table table({{"y", Array{0, 1}, {"a", "b"}}}, 0);
  const Table taken = std::move(table);
  CHECK(taken.labels().size() == 2);
  CHECK_THROWS_WITH(table.labels(), "Table::label: the table has been moved from");
  CHECK_THROWS_WITH(table.classes(), "Table::label: the table has been moved from");
}

TEST_CASE("rows of a table by their numbers, in any order", "[table]") {
  const Table picked = fruit().rows({2, 0, 2});
  CHECK(picked["weight"].values.to_vector<double>() == std::vector<double>{3.5, 1.5, 3.5});
  CHECK(picked["color"].values.to_vector<int>() == std::vector<int>{1, 1, 1});
  CHECK(picked["color"].categories == std::vector<std::string>{"green", "red"});
  CHECK(picked.labels().to_vector<int>() == std::vector<int>{0, 0, 0});
  CHECK(picked.classes() == std::vector<std::string>{"apple", "pear"});
  CHECK(picked.source() == "fruit.csv");
  CHECK(fruit().rows({}).size() == 0);
  CHECK_THROWS_WITH(fruit().rows({0, 2, 3}), "Table::rows: index 3 at position 2 is out of range for 3 rows");
  CHECK(fruit().head(2)["weight"].values.to_vector<double>() == std::vector<double>{1.5, 2.5});
  CHECK(fruit().head().size() == 3);
  CHECK(fruit().head(0).size() == 0);
}

TEST_CASE("a table as text", "[table]") {
  const auto text = [](const Table& table) {
    std::ostringstream out;
    out << table;
    return out.str();
  };
  const Table mixed({{"x", Array{1.5, not_a_number, 1234567.0}},
                     {"c", Array{1, -1, 0}, {"an extremely long category name", "\xC3\xA9\n"}}});
  CHECK(text(mixed) ==
        "             x                         c\n"
        "0          1.5                     \xC3\xA9\\x0a\n"
        "1          NaN                       NaN\n"
        "2  1.23457e+06  an extremely long cat...\n");
  CHECK(text(Table({{"x", Array::zeros({0}, Dtype::float64)}})) == "  x\n");
  const std::string many = text(Table({{"x", Array::arange(1000).astype(Dtype::float64)}}));
  CHECK(std::count(many.begin(), many.end(), '\n') == 23);
  CHECK_THAT(many, ContainsSubstring("  9    9\n...  ...\n990  990\n"));
  CHECK_THAT(many, ContainsSubstring("999  999\n1000 rows, 1 columns\n"));
  std::vector<Column> columns;
  for (int i = 0; i < 60; ++i) columns.push_back({"column" + std::to_string(i), Array{1.0}});
  const std::string wide = text(Table(columns));
  CHECK_THAT(wide, ContainsSubstring("column7\n"));
  CHECK_THAT(wide, ContainsSubstring("52 more columns: column8, column9"));
  std::istringstream lines(wide);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}
