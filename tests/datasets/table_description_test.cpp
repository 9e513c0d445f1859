#include "tenbin/datasets/table_description.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t rows = 200;

// The labels of most tests: every tenth row is of class 1.
bool is_fraud(std::size_t row) { return row % 10 == 3; }

template <class F>
Array numbers(F value, std::size_t n = rows) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<double>(value(i)));
  return Array(values);
}

template <class F>
Array codes(F value, std::size_t n = rows) {
  return numbers(value, n).astype(Dtype::int32);
}

// The problems of a column beside that label.
std::vector<std::string> warnings(const Array& values, const std::vector<std::string>& categories = {}) {
  const Table table({{"x", values, categories}, {"y", codes(is_fraud), {"legit", "fraud"}}}, 1);
  std::vector<std::string> texts;
  for (const TableWarning& warning : describe(table).warnings) {
    CHECK(warning.column == "x");
    CHECK(warning.text.rfind(warning.finding, 0) == 0);
    CHECK(warning.finding.find("; ") == std::string::npos);  // without the advice
    CHECK(warning.finding.size() > std::string("\"x\" ").size());
    texts.push_back(warning.text);
  }
  return texts;
}

std::vector<std::string> texts(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back("text " + std::to_string(i));
  return all;
}

std::string report(const Table& table) {
  std::ostringstream out;
  out << describe(table);
  return out.str();
}

const std::string ask = "; is it known at the time of the prediction?";

}  // namespace

TEST_CASE("describe counts and measures every column", "[table]") {
  const Table table({{"x", Array{4.0, missing, 1.0, 1.0, -0.0}},
                     {"c", Array{1, 1, -1, 0, 2}, {"a", "b", "c", "unused"}},
                     {"when", Array{0, 1, 0, 0, 0}, {"2026-11-29", "2026-11-30"}},
                     {"k", Array({7, 7, 7, 7, 7}, Dtype::float32)},
                     {"none", Array{-1, -1, -1, -1, -1}},
                     {"y", Array{0, 0, 1, 0, -1}, {"no", "yes"}}},
                    5, "t.csv");
  const TableDescription d = describe(table);
  CHECK(d.source == "t.csv");
  CHECK((d.rows == 5 && d.columns == 6 && d.duplicate_rows == 0));
  const ColumnDescription &x = d.column[0], &c = d.column[1];
  CHECK((x.kind == ColumnKind::numeric && x.missing == 1 && x.missing_share == 0.2 && x.distinct == 3));
  CHECK((x.min == 0 && x.median == 1 && x.mean == 1.5 && x.max == 4));
  CHECK((c.kind == ColumnKind::categorical && c.missing == 1 && c.distinct == 3 && std::isnan(c.mean)));
  CHECK(c.top == std::vector<std::pair<std::string, std::size_t>>{{"b", 2}, {"a", 1}, {"c", 1}});
  CHECK(d.column[2].kind == ColumnKind::dates);
  CHECK((d.column[3].kind == ColumnKind::constant && d.column[3].mean == 7));
  CHECK((d.column[4].kind == ColumnKind::constant && d.column[4].distinct == 0));
  CHECK((d.column[5].is_label && !c.is_label));
  CHECK(d.classes == std::vector<std::string>{"no", "yes"});
  CHECK(d.class_counts == std::vector<std::size_t>{3, 1});
  CHECK(d.positive == std::size_t{1});
  CHECK(d.imbalance_ratio == 3);
  REQUIRE(d.warnings.size() == 2);
  CHECK(d.warnings[0].text == "\"k\" has the same value in all rows");
  CHECK(d.warnings[1].text == "\"none\" has no values");
  CHECK(d.warnings[1].problem == TableProblem::constant);
}

TEST_CASE("describe of tables without rows, labels or columns, with infinities, with equal rows", "[table]") {
  CHECK(describe(Table(std::vector<Column>{})).columns == 0);
  const TableDescription none = describe(Table({{"x", Array::zeros({0}, Dtype::float64)}}));
  CHECK((none.rows == 0 && none.warnings.empty() && std::isnan(none.column[0].min) && !none.positive));
  CHECK(none.imbalance_ratio == 1);
  const double infinite = std::numeric_limits<double>::infinity();
  const TableDescription d =
      describe(Table({{"x", Array{infinite, 1.0, -infinite, 1.0, missing, missing, 0.0, -0.0}}}));
  CHECK((d.column[0].min == -infinite && d.column[0].max == infinite && d.column[0].median == 0.5));
  CHECK(d.duplicate_rows == 3);
  CHECK(!report(Table(std::vector<Column>{})).empty());
}

TEST_CASE("describe finds identifiers", "[table]") {
  const auto shuffled = [](std::size_t i) { return i * 77 % rows; };
  CHECK(warnings(codes(shuffled), texts(rows)) ==
        std::vector<std::string>{
            "\"x\" looks like an identifier or free text: 200 different values in 200 rows; leave it out"});
  CHECK(warnings(numbers(shuffled)) ==
        std::vector<std::string>{
            "\"x\" looks like an identifier: whole numbers, 200 different values in 200 rows; leave it out"});
  CHECK(warnings(numbers([](std::size_t i) { return 3 * i; })) ==
        std::vector<std::string>{"\"x\" looks like a row number, an identifier or a time: whole numbers that "
                                 "rise from row to row"});
  CHECK_THAT(warnings(numbers([](std::size_t i) { return -2.0 * static_cast<double>(i); })).at(0),
             ContainsSubstring("that fall from row to row"));
  // Not whole, not all different, dates, not nine of ten different.
  CHECK(warnings(numbers([&](std::size_t i) { return static_cast<double>(shuffled(i)) + 0.5; })).empty());
  CHECK(warnings(numbers([&](std::size_t i) { return shuffled(i) / 2; })).empty());
  CHECK(warnings(codes([&](std::size_t i) { return shuffled(i) % 180; }), texts(180)).empty());
  std::vector<std::string> days;
  for (int i = 0; i < 200; ++i) days.push_back(std::to_string(2000 + i) + "-01-01");
  CHECK(warnings(codes(shuffled), days).empty());
}

TEST_CASE("describe finds columns that give the class away", "[table]") {
  const auto noise = [](std::size_t i) { return static_cast<double>(i * 77 % rows) / 7; };
  const auto leak = [&](std::size_t i) { return noise(i) + (is_fraud(i) ? 1000 : 0); };
  CHECK(warnings(numbers(leak)) ==
        std::vector<std::string>{"\"x\" alone separates the classes: ROC AUC 1.0000" + ask});
  CHECK(warnings(numbers([&](std::size_t i) { return -leak(i); })).size() == 1);
  // AUC 0.95: one of the 20 positives is in the wrong place.
  CHECK(warnings(numbers([&](std::size_t i) { return i == 3 ? -1 : leak(i); })).empty());
  const std::string value = "\"x\" alone gives the class: each value has one class" + ask;
  CHECK(warnings(codes([](std::size_t i) { return is_fraud(i) ? 2 : i % 2; }), {"a", "b", "c"}) ==
        std::vector<std::string>{value});
  // In the middle, so that the AUC is 0.5.
  CHECK(warnings(numbers([](std::size_t i) { return is_fraud(i) ? 1 : i % 2 * 2; })) ==
        std::vector<std::string>{value});
  CHECK(warnings(codes([](std::size_t i) { return is_fraud(i) && i > 50 ? 1 : 0; }), {"a", "b"}).empty());
  // Each value has few rows.
  CHECK(warnings(codes([](std::size_t i) { return i % 100; }), texts(100)).empty());
  CHECK(warnings(numbers([&](std::size_t i) { return is_fraud(i) ? missing : noise(i); })) ==
        std::vector<std::string>{"\"x\" gives the class by whether it is missing" + ask});
  CHECK(warnings(numbers([&](std::size_t i) { return i % 3 == 0 ? missing : noise(i); })).empty());
}

TEST_CASE("describe: few rows of a class prove nothing; columns of three classes", "[table]") {
  const Table few(
      {{"x", numbers([](std::size_t i) { return i < 4 ? 0.5 : 1.0 + 0.1 * static_cast<double>(i % 9); })},
       {"y", codes([](std::size_t i) { return i < 4; }), {"a", "b"}}},
      1);
  CHECK(describe(few).warnings.empty());
  const auto third = [](std::size_t i) { return i % 3; };
  const Table three({{"copy", numbers(third)}, {"y", codes(third), {"a", "b", "c"}}}, 1);
  const TableDescription d = describe(three);
  REQUIRE(d.warnings.size() == 1);
  CHECK(d.warnings[0].problem == TableProblem::leak);
  CHECK(!d.positive);
}

TEST_CASE("describe: no false alarms on noise", "[table]") {
  random::Generator generator(5);
  std::vector<Column> columns;
  for (std::size_t c = 0; c < 40; ++c)
    columns.push_back({"n" + std::to_string(c), numbers([&](std::size_t) {
                         return c % 2 == 0 ? static_cast<double>(generator.integer(1000000)) * 1e-6
                                           : static_cast<double>(generator.integer(10 + c));
                       })});
  columns.push_back({"y", codes(is_fraud), {"a", "b"}});
  CHECK(describe(Table(columns, 40)).warnings.empty());
}

TEST_CASE("describe prints a report of 80 columns", "[table]") {
  const Table table({{"amount", Array{12.5, missing, 3.25, 8.0}},
                     {"country of the customer", Array{0, 1, 0, 0}, {"de", "fr"}},
                     {"y", Array{0, 0, 1, 0}, {"legit", "fraud"}}},
                    2, "fraud.csv");
  CHECK(report(table) == R"(fraud.csv: 4 rows, 3 columns

column  missing  distinct   min  median     mean   max
amount    25.0%         3  3.25       8  7.91667  12.5

column            missing  distinct         type
country of th...        0         2  categorical
y                       0         2        label

country of th...: "de" 3, "fr" 1

class              name  count  share
    0             legit      3    75%
    1  fraud (positive)      1    25%
total                        4
imbalance ratio: 3
)");
  std::vector<Column> columns;
  for (std::size_t c = 0; c < 3; ++c)
    columns.push_back(
        {std::string(60, static_cast<char>('a' + c)), codes([](std::size_t i) { return i; }), texts(rows)});
  columns.push_back({"x", numbers([](std::size_t i) { return -1.23456e-100 * static_cast<double>(i); })});
  std::istringstream lines(report(Table(columns)));
  std::size_t warned = 0;
  for (std::string line; std::getline(lines, line);) {
    warned += line.rfind("warning: ", 0) == 0;
    CHECK(line.size() <= 80);
  }
  CHECK(warned == 3);
}
