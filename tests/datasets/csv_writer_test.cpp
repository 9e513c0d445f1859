#include "tenbin/datasets/csv_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

std::string written(const Table& table, const CsvWriteOptions& options = {}) {
  const ScratchDirectory directory;
  write_csv(table, directory / "t.csv", options);
  CHECK(directory.count() == 1);
  return read_bytes(directory / "t.csv");
}

std::string error_of(const Table& table, const CsvWriteOptions& options = {}) {
  const ScratchDirectory directory;
  try {
    write_csv(table, directory / "t.csv", options);
  } catch (const Error& e) {
    CHECK(directory.count() == 0);
    return e.what();
  }
  return "no error";
}

template <class T>
bool same_bits(const Array& a, const Array& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const T x = a.data<T>()[i], y = b.data<T>()[i];
    if (x != x ? y == y : std::memcmp(&x, &y, sizeof x) != 0) return false;
  }
  return true;
}

void check_equal(const Table& a, const Table& b) {
  REQUIRE(a.columns().size() == b.columns().size());
  REQUIRE(a.size() == b.size());
  REQUIRE(a.has_label() == b.has_label());
  if (a.has_label()) CHECK(a.label().name == b.label().name);
  for (std::size_t c = 0; c < a.columns().size(); ++c) {
    const Column &x = a.columns()[c], &y = b.columns()[c];
    CHECK(x.name == y.name);
    CHECK(x.categories == y.categories);
    REQUIRE(x.values.dtype() == y.values.dtype());
    CHECK((x.values.dtype() == Dtype::int32     ? same_bits<std::int32_t>(x.values, y.values)
           : x.values.dtype() == Dtype::float32 ? same_bits<float>(x.values, y.values)
                                                : same_bits<double>(x.values, y.values)));
  }
}

void check_round_trip(const Table& table, const CsvWriteOptions& options = {}) {
  const ScratchDirectory directory;
  write_csv(table, directory / "t.csv", options);
  check_equal(table, load_csv(directory / "t.csv", csv_options_of(table, options)));
}

double random_number(random::Generator& generator) {
  const double special[] = {missing, infinite, -infinite, -0.0, 0, 1e-320, 1e300, 0.1, 1.0 / 3, -5};
  if (generator.integer(2) == 0) return special[generator.integer(10)];
  const std::uint64_t bits = generator.integer(std::uint64_t{1} << 63) * 2 + generator.integer(2);
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// No two of them spell one number, which would be one class.
std::string random_text(random::Generator& generator) {
  const std::string pieces[] = {"\"", "\n", "\r", ",", ";", " ", "a", "\xC3\xA9", "1", "#", "-", "\t"};
  std::string text;
  for (std::size_t i = 1 + generator.integer(4); i > 0; --i) text += pieces[generator.integer(12)];
  return text + 'x';
}

Column random_column(random::Generator& generator, std::size_t rows, bool is_label, Dtype dtype) {
  Column column;
  if (!is_label && generator.integer(2) == 0) {
    std::vector<double> values;
    for (std::size_t i = 0; i < rows; ++i) values.push_back(random_number(generator));
    column.values = Array(values).astype(dtype);
    return column;
  }
  std::vector<std::int32_t> codes;
  detail::Dictionary texts;
  const bool numbers = generator.integer(3) == 0;
  for (std::size_t i = 0; i < rows; ++i)
    codes.push_back(generator.integer(5) == 0 ? -1
                                              : texts.code(numbers ? std::to_string(generator.integer(7))
                                                                   : random_text(generator)));
  column.values = Array(codes);
  column.categories = texts.take();
  detail::sort_categories(column);
  return column;
}

}  // namespace

TEST_CASE("write_csv writes what people expect", "[csv]") {
  const Table table({{"x", Array{1.5, missing, -0.0, 100000.0}},
                     {"a b", Array{0, 1, -1, 0}, {"plain", "with \"quotes\", and\nlines"}},
                     {"y", Array{1, 0, 0, 1}, {"no", "yes"}}},
                    2);
  CHECK(written(table) ==
        "x,a b,y\n1.5,plain,yes\n,\"with \"\"quotes\"\", and\nlines\",no\n-0,,no\n100000,plain,yes\n");
  CHECK(written(table.without({"a b"}), {.delimiter = ';', .missing = {"?"}}) ==
        "x;y\n1.5;yes\n?;no\n-0;no\n100000;yes\n");
  CHECK(written(Table({{"x", Array{missing, 1.0}}})) == "x\n\"\"\n1\n");
  CHECK(written(Table({{"%PDF-", Array{1.0}}})) == "\"%PDF-\"\n1\n");
}

TEST_CASE("load_csv reads back what write_csv has written: random tables", "[csv]") {
  random::Generator generator(1);
  for (std::size_t round = 0; round < 200; ++round) {
    const std::size_t rows = generator.integer(12), count = 1 + generator.integer(4);
    const bool has_label = generator.integer(2) == 0;
    const Dtype dtype = generator.integer(2) == 0 ? Dtype::float32 : Dtype::float64;
    std::vector<Column> columns;
    for (std::size_t c = 0; c < count; ++c) {
      columns.push_back(random_column(generator, rows, has_label && c == 0, dtype));
      columns.back().name = std::to_string(c) + random_text(generator);
    }
    CAPTURE(round);
    check_round_trip(Table(columns, has_label ? std::optional<std::size_t>(0) : std::nullopt),
                     {.delimiter = ",;\t|"[generator.integer(4)]});
  }
}

TEST_CASE("load_csv reads back special tables", "[csv]") {
  check_round_trip(Table({{"x", Array({0.1, 1e-45, 3.4e38}, Dtype::float32)}}));
  // Rounded to float64 first, the shortest text of this float32 is another one.
  check_round_trip(Table({{"x", Array{0x1.5c87fap-84f, -0x1.5c87fap-84f}}}));
  check_round_trip(Table({{"x", Array::zeros({0}, Dtype::float64)}}));
  check_round_trip(Table({{"c", Array{-1, 0, -1}, {" "}}}));
  check_round_trip(Table({{"\xEF\xBB\xBFx", Array{1.0}}, {"sep=", Array{1.0}}}));
  // The rarer of two texts would be class 1; a class without rows would be forgotten.
  check_round_trip(Table({{"y", Array{0, 1, 1}, {"fraud", "legit"}}}, 0));
  check_round_trip(Table({{"y", Array{0, 2, 2}, {"b", "c", "a"}}}, 0));
  const std::size_t rows = 300000;  // several pieces
  check_round_trip(Table({{"x", Array::arange(rows).astype(Dtype::float64)}}));
  check_round_trip(Table({{"c", Array{0, 1}, {"NA", "b"}}}), {.missing = {""}});
}

TEST_CASE("write_csv refuses what load_csv would change, and leaves the file as it was", "[csv]") {
  const Array one{1.0};
  CHECK(error_of(Table(std::vector<Column>{})) == "write_csv: the table has no columns");
  CHECK(error_of(Table({{"", one}})) ==
        "write_csv: a column has no name, load_csv would call it \"Unnamed\"");
  CHECK(error_of(Table({{"x", one}, {"x", one}})) == "write_csv: more than one column is named \"x\"");
  CHECK(
      error_of(Table({{"c", Array{1, 0}, {"NA", "b"}}})) ==
      "write_csv: column \"c\": \"NA\" in row 1 (counted from 0, without the header) would be read back as a "
      "missing value; give write_csv and load_csv a list `missing` without it");
  CHECK(
      error_of(Table({{"x", Array{-999.0}}}), {.missing = {"", "-999"}}) ==
      "write_csv: column \"x\": \"-999\" in row 0 (counted from 0, without the header) would be read back as "
      "a missing value; give write_csv and load_csv a list `missing` without it");
  CHECK(error_of(Table({{"x", Array{missing}}}), {.missing = {}}) ==
        "write_csv: column \"x\": the value in row 0 (counted from 0, without the header) is missing, and "
        "`missing` lists no text for it");
  CHECK(
      error_of(Table({{"c", Array{0}, {std::string("a\0b", 3)}}})) ==
      "write_csv: column \"c\": the category \"a\\x00b\" in row 0 (counted from 0, without the header) has a "
      "NUL byte");
  CHECK(error_of(Table({{"c", Array{3}, {"a"}}})) ==
        "write_csv: column \"c\": code 3 in row 0 (counted from 0, without the header) is not one of 1 "
        "categories");
  CHECK_THAT(error_of(Table({{"x", one}}), {.delimiter = '.'}),
             ContainsSubstring("write_csv: the delimiter must be neither a letter nor a digit"));
  const ScratchDirectory directory;
  write_bytes(directory / "t.csv", "before");
  CHECK_THROWS(write_csv(Table({{"c", Array{0}, {"NA"}}}), directory / "t.csv"));
  CHECK(read_bytes(directory / "t.csv") == "before");
}

TEST_CASE("a field is quoted where it needs it") {
  CHECK(detail::csv_field("a b") == "a b");
  CHECK(detail::csv_field("a, \"b\"") == "\"a, \"\"b\"\"\"");
  CHECK(detail::csv_field("a,b", ';') == "a,b");
  CHECK(detail::csv_field("a\nb") == "\"a\nb\"");
  CHECK(detail::csv_field(" a") == "\" a\"");
  CHECK(detail::csv_field("").empty());
}

TEST_CASE("write_csv writes the same to a stream as to a file") {
  const Table table({{"id", Array{1., 2.}}, {"name", Array{0, -1}.astype(Dtype::int32), {"a, \"b\""}}});
  std::ostringstream out;
  write_csv(table, out);
  CHECK(out.str() == "id,name\n1,\"a, \"\"b\"\"\"\n2,\n");
  CHECK(out.str() == written(table));
  out.setstate(std::ios_base::failbit);
  CHECK_THROWS_WITH(write_csv(table, out), "write_csv: cannot write to the stream");
}
