#include "tenbin/datasets/csv.h"

#include <clocale>
#include <cmath>
#include <cstring>

#include "tenbin/cpu/parallel.h"
#include "tenbin/tests/compressed.h"
#include "tenbin/tests/datasets/loader_fixture.h"
#include "tenbin/tests/memory_use.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Texts = std::vector<std::string>;

using CsvFixture = LoaderFixture<CsvOptions, load_csv>;

Texts names_of(const Table& table) {
  Texts names;
  for (const Column& column : table.columns()) names.push_back(column.name);
  return names;
}

bool same(const Table& a, const Table& b) {
  if (a.columns().size() != b.columns().size()) return false;
  for (std::size_t c = 0; c < a.columns().size(); ++c) {
    const Column& x = a.columns()[c];
    const Column& y = b.columns()[c];
    if (x.name != y.name || x.categories != y.categories || x.values.dtype() != y.values.dtype() ||
        x.values.shape() != y.values.shape() ||
        std::memcmp(x.values.raw_data(), y.values.raw_data(), x.values.nbytes()) != 0)
      return false;
  }
  return true;
}

// Some hundred kilobytes for every piece that the file is cut into, with quotes and line ends in the fields.
std::string large_csv(std::size_t rows) {
  std::string text = "id,name,value,note\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string n = std::to_string(i);
    text += n + ",name" + std::to_string(i * 7 % 1000) + ',' + std::to_string(i * 31 % 977) + ".25," +
            (i % 3 == 0 ? "\"line " + std::to_string(i % 5) + "\nnext, \"\"quoted\"\"\"" : "plain") + '\n';
  }
  return text;
}

}  // namespace

TEST_CASE_METHOD(CsvFixture, "load_csv reads numbers, categories and labels", "[csv]") {
  const Table table = load("w,color,class\n1.5,red,10\n2,green,9\n-3e2,red,10\n", {.label = "class"});
  CHECK(table.size() == 3);
  CHECK(table["w"].values.to_vector<double>() == std::vector<double>{1.5, 2, -300});
  CHECK(table["color"].categories == Texts{"green", "red"});
  CHECK(table["color"].values.to_vector<int>() == std::vector<int>{1, 0, 1});
  CHECK(table.classes() == Texts{"9", "10"});
  const Dataset data = load("w,class\n1.5,b\n2,a\n", {.label = "class"});
  CHECK(data.x.to_vector<float>() == std::vector<float>{1.5f, 2});
  CHECK(data.t.to_vector<int>() == std::vector<int>{1, 0});
}

TEST_CASE_METHOD(CsvFixture, "load_csv follows RFC 4180", "[csv]") {
  const std::string text = "a,b\r\n\"x, y\",\"say \"\"hi\"\"\"\r\n\"two\r\nlines\",\"\"\r\n";
  const Table table = load("\xEF\xBB\xBF" + text);
  CHECK(names_of(table) == Texts{"a", "b"});
  CHECK(table["a"].categories == Texts{"two\r\nlines", "x, y"});
  CHECK(table["b"].categories == Texts{"say \"hi\""});
  CHECK(table["b"].values.to_vector<int>() == std::vector<int>{0, -1});
  CHECK(same(load(text.substr(0, text.size() - 2)), table));  // the last line may lack a line end
  CHECK(same(load(gzip_of(text)), table));
  // Several members, as written by cat and bgzip, and zeros up to the end of a block.
  CHECK(same(load(gzip_of("a\n1\n") + gzip_of("2\n") + std::string(512, '\0')), load("a\n1\n2\n")));
  CHECK(load("a b\n")["a b"].values.size() == 0);
}

TEST_CASE_METHOD(CsvFixture, "load_csv takes its options", "[csv]") {
  const Table plain = load("1; 2;x\n3; 4;y\n", {.label = "-1", .delimiter = ';', .header = false});
  CHECK(names_of(plain) == Texts{"0", "1", "2"});
  CHECK(plain.classes() == Texts{"x", "y"});
  CHECK(plain["1"].values.to_vector<double>() == std::vector<double>{2, 4});
  CHECK(names_of(load("a,b\n1,2\n", {.names = {"u", "v"}})) == Texts{"u", "v"});
  CHECK(names_of(load("a,,a,a,a.1\n")) == Texts{"a", "Unnamed: 1", "a.2", "a.3", "a.1"});

  const Table missing = load("a,b\n-999,x\n1,-999\n", {.missing = {"-999"}});
  CHECK(std::isnan(missing["a"].values.data<double>()[0]));
  CHECK(missing["b"].values.to_vector<int>() == std::vector<int>{0, -1});
  CHECK(load("a\n1\nNA\n", {.missing = {}})["a"].is_categorical());

  const Table typed =
      load("a,b\n1,2\n01,3\n", {.types = {{"a", ColumnType::categorical}}, .dtype = Dtype::float32});
  CHECK(typed["a"].categories == Texts{"01", "1"});
  CHECK(typed["b"].values.dtype() == Dtype::float32);
  CHECK(typed["b"].values.to_vector<float>() == std::vector<float>{2, 3});

  const CsvOptions lenient{.skip_initial_space = true};
  CHECK(load("a,b\n1, NA\n2, \"x, y\"\n", lenient)["b"].categories == Texts{"x, y"});
}

TEST_CASE_METHOD(CsvFixture, "load_csv names the position of an error", "[csv]") {
  CHECK(error("") == ": the file is empty");
  CHECK(error("\n \r\n") == ": there are no records");
  CHECK(error("\xFF\xFE"
              "a\0") == ": the text is UTF-16; convert it to UTF-8");
  CHECK(error("a,b\n1,2\n3\n") == ":3:2: expected 2 fields, got 1");
  CHECK(error("a,b\n1,2\n3,4,5\n") == ":3:4: expected 2 fields, got more");
  CHECK(error("a,b\n\"1\n\n2\",3\n4\n") == ":5:2: expected 2 fields, got 1");
  CHECK(error("a,b\n1,\"2\n3,4\n") == ":2:3: the quote is never closed");
  CHECK(error("a,b\n1,\"2\"x\n") == ":2:6: text after the closing quote");
  CHECK(error("a,b\n1\r2,3\n") == ":2:2: a carriage return without a line feed; quote the field that has it");
  CHECK(error(std::string("a,b\n1,\0\n", 8)) == ":2:3: a NUL byte; is this a text file?");
  CHECK(error(std::string("a,b\n1,\"\0\"\n", 10)) == ":2:4: a NUL byte; is this a text file?");
  const CsvOptions numeric{.types = {{"größe", ColumnType::numeric}}};
  CHECK(error("ß,größe\nß,1\n\nß,one\n", numeric) ==
        ":4:3: column \"größe\": expected a number, got \"one\"");
  CHECK(error("a,b\n1,2\n", {.label = "c"}) == ": no column is named \"c\"; there are \"a\", \"b\"");
  CHECK(error("sep=;\na;b\n1;2\n", {.delimiter = ';'}) ==
        ": the first record is Excel's `sep=;`, not the names of columns; delete it");
  CHECK(error("a,b\n1,2\n", {.names = {"c"}}) == ": 1 names are given, there are 2 columns");
  CHECK(error("a,b\n1,2\n", numeric) == ": `types` names the column \"größe\", which does not exist");
  CHECK(error("a,b,c\n", {.max_columns = 2}) ==
        ":1:5: there are more than 2 columns; `max_columns` allows more");
  CHECK_THROWS_WITH(load("a\n", {.delimiter = '"'}),
                    Catch::Matchers::StartsWith("load_csv: the delimiter must be neither a letter"));
  CHECK_THROWS_WITH(load("a\n", {.dtype = Dtype::int32}), "load_csv: expected float32 or float64, got int32");
  CHECK_THROWS_WITH(load_csv(directory / "no"),
                    directory / "no" + ": cannot open: No such file or directory");
}

TEST_CASE_METHOD(CsvFixture, "load_csv gives the same table at any number of threads, the first error too",
                 "[csv]") {
  const std::string text = large_csv(60000);
  REQUIRE(text.size() > 5 * (std::size_t{1} << 18));
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const Table one = load(text);
  CHECK(one.size() == 60000);
  CHECK(one["note"].categories.size() == 6);
  CHECK(one["name"].categories.size() == 1000);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const auto& name = one["name"];
    wrong += one["id"].values.data<double>()[i] != static_cast<double>(i);
    wrong += one["value"].values.data<double>()[i] != static_cast<double>(i * 31 % 977) + 0.25;
    wrong += name.categories[static_cast<std::size_t>(name.values.data<std::int32_t>()[i])] !=
             "name" + std::to_string(i * 7 % 1000);
  }
  CHECK(wrong == 0);
  const std::string broken = text + "1\n" + text + "1,2\n";
  const std::string first_error = error(broken);
  CHECK(first_error == ":80002:2: expected 4 fields, got 1");
  set_num_threads(4);
  CHECK(same(load(text), one));
  CHECK(same(load(gzip_of(text)), one));
  CHECK(error(broken) == first_error);
  set_num_threads(threads);
}

TEST_CASE_METHOD(CsvFixture, "load_csv finds text late in a column of numbers", "[csv]") {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 100000; ++i) text += "1.0,2,3\n";
  const Table table = load(text + "x,2,3\n1,2,y\n");
  CHECK(table["a"].categories == Texts{"1", "1.0", "x"});
  CHECK_FALSE(table["b"].is_categorical());
  CHECK(table["c"].categories == Texts{"3", "y"});
  CHECK(table["c"].values.to_vector<int>().back() == 1);
}

TEST_CASE_METHOD(CsvFixture, "a truncated CSV file is a table or an Error", "[csv]") {
  const std::string text = "\xEF\xBB\xBFname,value\r\n\"a \"\"b\"\"\r\nc\",1.5e3\r\nNA,-7\r\n";
  const std::string compressed = gzip_of(text);
  int tables = 0;
  for (std::size_t length = 0; length < text.size(); ++length) tables += loads(text.substr(0, length));
  CHECK(tables > 10);
  CHECK_FALSE(loads(text.substr(0, 3)));  // the byte order mark alone
  // From the two bytes on that identify gzip.
  for (std::size_t length = 2; length < compressed.size(); ++length) {
    INFO(length);
    REQUIRE_FALSE(loads(compressed.substr(0, length)));
  }
}

TEST_CASE_METHOD(CsvFixture, "load_csv limits the memory by the size of the file", "[csv]") {
  std::string names = "a";
  for (int i = 0; i < 50000; ++i) names += ",a";
  std::string rows;
  for (int i = 0; i < 1000000; ++i) rows += "1\n";
  CHECK(error(names + '\n' + rows) == ":2:2: expected 50001 fields, got 1");
  std::string wide;
  for (int i = 0; i < 10000000; ++i) wide += "1,";
  CHECK(error(wide) == ":1:200001: there are more than 100000 columns; `max_columns` allows more");
  CHECK(error('"' + std::string(3000000, '\n')) == ":1:1: the quote is never closed");
  CHECK(load("a\n" + std::string(1000000, '9') + '\n')["a"].values.item() == INFINITY);
}

TEST_CASE_METHOD(CsvFixture, "load_csv does not read numbers as the locale writes them", "[csv]") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* const locale : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    CHECK(load("a;b\n1.5;1,5\n", {.delimiter = ';'})["a"].values.item() == 1.5);
    CHECK(load("a;b\n1.5;1,5\n", {.delimiter = ';'})["b"].categories == Texts{"1,5"});
  }
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE_METHOD(CsvFixture, "load_csv reads a file that is larger than its buffer", "[csv]") {
  std::string text = "id,value\n";
  std::size_t rows = 0;
  for (; text.size() < std::size_t{9} << 20; ++rows) text += std::to_string(rows) + ",0.123456789012345\n";
  const Table table = load(text);
  REQUIRE(table.size() == rows);
  const double* id = table["id"].values.data<double>();
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < rows; ++i) wrong += id[i] != static_cast<double>(i);
  CHECK(wrong == 0);
}

TEST_CASE_METHOD(CsvFixture, "load_csv: a doubled quote before a line feed does not end the field", "[csv]") {
  const Table table = load("name,value\n\"a\"\"\nb\",1\nc,2\n");
  CHECK(table.size() == 2);
  CHECK(table["name"].categories == Texts{"a\"\nb", "c"});
}

TEST_CASE_METHOD(CsvFixture, "load_csv: the positive class", "[csv]") {
  const std::string text = "x,y\n1,fraud\n2,legit\n3,legit\n";
  CHECK(load(text, {.label = "y"}).classes() == Texts{"legit", "fraud"});
  CHECK(load(text, {.label = "y"}).labels().to_vector<int>() == std::vector<int>{1, 0, 0});
  CHECK(load(text, {.label = "y", .positive = "legit"}).classes() == Texts{"fraud", "legit"});
  CHECK(load(text, {.label = "y", .classes = {"fraud", "legit", "none"}}).labels().to_vector<int>() ==
        std::vector<int>{0, 1, 1});
  CHECK(error(text, {.label = "y", .positive = "Fraud"}) ==
        ": the label \"y\": no class is named \"Fraud\"; there are \"legit\", \"fraud\"");
  CHECK_THROWS_WITH(load(text, {.positive = "fraud"}), "load_csv: `positive` and `classes` need a `label`");
  CHECK_THROWS_WITH(load(text, {.classes = {"a"}}), "load_csv: `positive` and `classes` need a `label`");
  // The training table decides for the test table, whichever class is rarer there.
  const Table train = load(text, {.label = "y"});
  CHECK(load("x,y\n1,fraud\n1,fraud\n3,legit\n", {.label = "y"}).like(train).labels().to_vector<int>() ==
        std::vector<int>{1, 1, 0});
}

TEST_CASE_METHOD(CsvFixture, "load_csv: spellings of one number are one class, also in another file",
                 "[csv]") {
  const Table mixed = load("x,y\n1,1\n2,1.0\n3,0\n4,0.0\n5,1e0\n6,+1\n7,01\n", {.label = "y"});
  CHECK(mixed.classes() == Texts{"0", "1"});
  CHECK(mixed.labels().to_vector<int>() == std::vector<int>{1, 1, 0, 0, 1, 1, 1});
  const Table integers = load("x,y\n1,0\n2,1\n3,0\n", {.label = "y"});
  CHECK(load("x,y\n1,0.0\n2,1.0\n", {.label = "y"}).like(integers).labels().to_vector<int>() ==
        std::vector<int>{0, 1});
  CHECK(load("y,x\n1,5\n0,5\n").like(integers).labels().to_vector<int>() == std::vector<int>{1, 0});
  // If an odd cell makes a column text, the error is about the odd cell.
  const Table odd = load("y,x\n1.0,5\n01,5\noops,5\n");
  CHECK_THROWS_WITH(odd.like(integers), ContainsSubstring("column \"y\" has the category \"oops\" in row 2"));
  const Table texts = load("x,y\n1,0\n2,1\n3,other\n", {.label = "y"});
  CHECK(load("x,y\n1,01\n2,1.0\n4,other\n", {.label = "y"}).like(texts).labels().to_vector<int>() ==
        std::vector<int>{1, 1, 2});
  CHECK(load("x,y\n1,-1\n2,1\n3,1\n", {.label = "y"}).labels().to_vector<int>() == std::vector<int>{0, 1, 1});
}

TEST_CASE_METHOD(CsvFixture,
                 "load_csv: classes that differ in case or blanks only are not two classes unnoticed",
                 "[csv]") {
  const std::string text = "x,y\n1,yes\n2,Yes\n3,no\n4,no \n";
  const Table table = load(text, {.label = "y"});
  CHECK(table.classes() == Texts{"Yes", "no", "no ", "yes"});
  CHECK_THROWS_WITH(table.dataset(),
                    path +
                        ": the label \"y\" has the classes \"no\" and \"no \", which differ in "
                        "case or blanks only; correct the file or list all `classes`");
  CHECK_THROWS_WITH(
      load("x,y\n1,True\n2,TRUE\n", {.label = "y"}).without({"x"}).labels(),
      path +
          ": the label \"y\" has the classes \"TRUE\" and \"True\", which differ in case or blanks "
          "only; correct the file or list all `classes`");
  const CsvOptions listed{.label = "y", .classes = {"yes", "Yes", "no", "no "}};
  CHECK(load(text, listed).labels().to_vector<int>() == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE_METHOD(CsvFixture, "load_csv treats the same texts as missing as pandas", "[csv]") {
  for (const std::string token :
       {"",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null",   "?"}) {
    INFO(token);
    const Table table = load("a,b,y\n1.5,u,0\n" + token + "," + token + ",1\n2.5,v,0\n", {.label = "y"});
    REQUIRE_FALSE(table["a"].is_categorical());
    CHECK(std::isnan(table["a"].values.data<double>()[1]));
    CHECK(table["b"].values.to_vector<int>() == std::vector<int>{0, -1, 1});
  }
  CHECK(load("a\nnone\nNa\n")["a"].categories == Texts{"Na", "none"});
  const Table more = load("a\n1\nunknown\nNA\n", {.missing = default_missing({"unknown"})});
  CHECK(std::isnan(more["a"].values.data<double>()[1]));
  CHECK(std::isnan(more["a"].values.data<double>()[2]));
  CHECK_THROWS_WITH(load("a,y\n1,None\n3,yes\n", {.label = "y"}).labels(),
                    path + ": the label \"y\" is missing in row 0 (counted from 0, without the header)");
}

TEST_CASE_METHOD(CsvFixture, "an odd value in a column of numbers is named with its line", "[csv]") {
  std::string text = "a,b\n\n\"x\ny\",1\nx,two\n";
  for (int i = 0; i < 97; ++i) text += "x,100.5\n";
  const Table table = load(text + "x,NA\nx,three\n");
  CHECK_THROWS_WITH(
      table.without({"a"}).features(),
      path +
          ":5: column \"b\" is text, since \"two\" is not a number (2 of 100 values are not); if it "
          "stands for a missing value, add it to `missing`; if the column is text, say so in `types`");
  CHECK_THROWS_WITH(table.features(),
                    path +
                        ": column \"a\" is categorical (\"x\", \"x\\x0ay\"); encode it, leave it "
                        "out or ask for Categories::codes");
  const Table numbers = load("b\n1\n");
  CHECK_THROWS_WITH(
      table.like(numbers),
      path + ":5: column \"b\" is numeric in " + path +
          ", here \"two\" is not a number (2 of 100 values are not); if it stands for a missing value, "
          "add it to `missing`; `.unreadable = Unknown::missing` makes all such values missing");
  CHECK(table.like(numbers, {.unreadable = Unknown::missing})["b"].values.data<double>()[0] == 1);
  // Late in the file, in a later piece: the first one, at any number of threads.
  std::string late = "a\n";
  for (int i = 0; i < 200000; ++i) late += i == 150000 || i == 199000 ? "odd\n" : "1.25\n";
  const std::size_t threads = num_threads();
  for (const std::size_t count : {std::size_t{1}, std::size_t{4}}) {
    set_num_threads(count);
    CHECK_THROWS_WITH(load(late).features(),
                      Catch::Matchers::StartsWith(path + ":150002: column \"a\" is text"));
  }
  set_num_threads(threads);
}

TEST_CASE_METHOD(CsvFixture, "a column of numbers with an odd value never becomes categories", "[csv]") {
  std::string rows;
  for (int i = 0; i < 5000; ++i) rows += std::to_string(i) + ".5," + (i % 2 == 0 ? "red" : "blue") + ",0\n";
  const std::string text = "pay,color,y\n" + rows + "\"1,200\",red,1\n";
  const Table table = load(text, {.label = "y"});
  const std::string refusal =
      path +
      ":5002: column \"pay\" is text, since \"1,200\" is not a number (1 of 5001 values are not); if it is "
      "the "
      "number 1200, pass `.thousands = ','`; if it stands for a missing value, add it to `missing`; if the "
      "column is text, say so in `types`";
  CHECK_THROWS_WITH(table.dataset({.categories = Categories::codes}), refusal);
  CHECK_THROWS_WITH(table.dataset({.missing = Missing::nan, .categories = Categories::codes}), refusal);
  CHECK_THROWS_WITH(table.dataset(), refusal);
  // Following the advice of the message.
  const FeaturesOptions codes{.missing = Missing::nan, .categories = Categories::codes};
  CHECK(load(text, {.label = "y", .thousands = ','}).features(codes).to_vector<float>()[10000] == 1200);
  const CsvOptions known{.label = "y", .missing = default_missing({"1,200"})};
  CHECK(std::isnan(load(text, known).features(codes).to_vector<float>()[10000]));
  const CsvOptions listed{.label = "y", .types = {{"pay", ColumnType::categorical}}};
  CHECK(load(text, listed)["pay"].categories.size() == 5001);
  CHECK(load(text, listed).features(codes).shape() == Shape{5001, 2});
  // For other data converted like this table, the error names this table's odd value, also where unknown
  // values may be missing.
  const Table other = load("pay,color,y\n7.25,red,0\n8.25,blue,1\n", {.label = "y"});
  CHECK_THROWS_WITH(other.like(table), refusal);
  CHECK_THROWS_WITH(other.like(table, {.unknown = Unknown::missing}), refusal);
  const Table texts = load("pay,color,y\n7.25,red,0\n8.25,blue,1\nodd,red,1\n", {.label = "y"});
  CHECK_THROWS_WITH(texts.like(table, {.unknown = Unknown::missing}), refusal);
  // A text column is text, even if half of its values are digits; so is a column that is text in training.
  const Table zips = load("zip,y\n10115,0\nSW1A,1\n", {.label = "y"});
  CHECK(zips.features(codes).to_vector<float>() == std::vector<float>{0, 1});
  const Table digits = load("zip,y\n10115,0\n10115,0\nSW1A,1\n", {.label = "y"});
  CHECK_THROWS_WITH(digits.features(codes), ContainsSubstring("(1 of 3 values are not)"));
  CHECK(digits.like(zips).features(codes).to_vector<float>() == std::vector<float>{0, 0, 1});
  CHECK_THROWS_WITH(
      zips.features(),
      path +
          ":3: column \"zip\" is text, since \"SW1A\" is not a number (1 of 2 values are not); if "
          "it stands for a missing value, add it to `missing`; if the column is text, encode "
          "it, leave it out or ask for Categories::codes");
}

TEST_CASE_METHOD(CsvFixture, "an odd value among decimal commas is found", "[csv]") {
  const CsvOptions german{.delimiter = ';', .decimal = ','};
  const Table table = load("a;b\n1,5;1\n2,5;1\n1.234,5;1\n", german).without({"b"});
  CHECK_THROWS_WITH(
      table.features({.categories = Categories::codes}),
      path +
          ":4: column \"a\" is text, since \"1.234,5\" is not a number (1 of 3 values are not); "
          "if it is the number 1234.5, pass `.decimal = ',', .thousands = '.'`; if it stands "
          "for a missing value, add it to `missing`; if the column is text, say so in `types`");
  const Table numbers = load("a;b\n1,5;1\n", german).without({"b"});
  const Array values = table.like(numbers, {.unreadable = Unknown::missing})["a"].values;
  CHECK(values.data<double>()[0] == 1.5);
  CHECK(values.data<double>()[1] == 2.5);
  CHECK(std::isnan(values.data<double>()[2]));
  CHECK_THROWS_WITH(load("a;b\n1,5;1\n2,5;1\n1.5;1\n", german).without({"b"}).features(),
                    ContainsSubstring("(1 of 3 values are not); if it stands for a missing value"));
  // Numbers of this file become the categories with that value.
  const CsvOptions listed{.delimiter = ';', .types = {{"a", ColumnType::categorical}}, .decimal = ','};
  const Table categories = load("a;b\n10,5;1\n9,5;1\n", listed).without({"b"});
  CHECK(categories["a"].categories == Texts{"9,5", "10,5"});
  CHECK(load("a;b\n10,5;1\n", german).like(categories)["a"].values.item() == 1);
  for (const auto& [odd, advice] :
       {std::pair{"1 200", "; if it is the number 1200, pass `.thousands = ' '`; if it stands"},
        {"1'200", "; if it is the number 1200, pass `.thousands = '\\''`; if it stands"},
        {"1.200.000", "; if it is the number 1200000, pass `.decimal = ',', .thousands = '.'`; if it stands"},
        {"12%", "(1 of 3 values are not); if it stands"}})
    CHECK_THROWS_WITH(load(std::string("a\n1\n2\n") + odd + '\n').features(), ContainsSubstring(advice));
}

TEST_CASE_METHOD(CsvFixture, "load_csv: the error for a missing name gives the reason", "[csv]") {
  CHECK(error("a;b;y\n1;2;0\n", {.label = "y"}) ==
        ": no column is named \"y\"; there are \"a;b;y\"; the header is one field, try `.delimiter = ';'`");
  CHECK(
      error("a\ty\n1\t0\n", {.label = "y"}) ==
      ": no column is named \"y\"; there are \"a\\x09y\"; the header is one field, try `.delimiter = '\\t'`");
  CHECK(error("a,y\n1,0\n", {.label = "y", .delimiter = ';'}) ==
        ": no column is named \"y\"; there are \"a,y\"; the header is one field, try `.delimiter = ','`");
  CHECK(error("\"a;b\"\n1\n", {.label = "y", .delimiter = ';'}) ==
        ": no column is named \"y\"; there are \"a;b\"");
  CHECK(
      error("a, y\n1, 0\n", {.label = "y"}) ==
      ": no column is named \"y\"; there are \"a\", \" y\"; `.skip_initial_space = true` drops the blanks in "
      "front of a field");
  CHECK(error("a, \"y\"\n1, 0\n", {.label = "y"}) ==
        ": no column is named \"y\"; there are \"a\", \" \"y\"\"; `.skip_initial_space = true` drops the "
        "blanks "
        "in front of a field");
  CHECK(load("a, \"y\"\n1, 0\n", {.label = "y", .skip_initial_space = true}).classes() == Texts{"0"});
  CHECK(error("a,y \n1,0\n", {.label = "y"}) ==
        ": no column is named \"y\"; there are \"a\", \"y \"; \"y \" differs in blanks only");
  CHECK(
      error("a, y\n1, 0\n", {.types = {{"y", ColumnType::categorical}}}) ==
      ": `types` names the column \"y\", which does not exist; `.skip_initial_space = true` drops the blanks "
      "in "
      "front of a field");
}

TEST_CASE_METHOD(CsvFixture, "load_csv: decimal commas and separators of thousands", "[csv]") {
  const Table german = load("a;b;y\n1,5;-2,25;1,0\n1.234.567,5;+,5e1;0,0\n;NA;1,0\n",
                            {.label = "y", .delimiter = ';', .decimal = ',', .thousands = '.'});
  CHECK(german["a"].values.data<double>()[0] == 1.5);
  CHECK(german["a"].values.data<double>()[1] == 1234567.5);
  CHECK(std::isnan(german["a"].values.data<double>()[2]));
  CHECK(german["b"].values.data<double>()[0] == -2.25);
  CHECK(german["b"].values.data<double>()[1] == 5);
  CHECK(german.classes() == Texts{"0", "1"});
  CHECK(german.labels().to_vector<int>() == std::vector<int>{1, 0, 1});
  const Table income = load("a,y\n\"1,200\",0\n\"34,500.25\",1\n\"12,34,567\",0\n7,1\n", {.thousands = ','});
  CHECK(income["a"].values.to_vector<double>() == std::vector<double>{1200, 34500.25, 1234567, 7});
  // At the wrong place it is not a separator: the column is text, rather than another number.
  for (const std::string value : {"1,5", "1,2345", "1234,567", ",123", "1,,234", "1,234,5", "1.5,000"})
    CHECK(load("a\n\"" + value + "\"\n2\n", {.thousands = ','})["a"].is_categorical());
  CHECK(load("a;b\n1.5;2\n", {.delimiter = ';', .decimal = ','})["a"].is_categorical());
  CHECK(load("a;b\n1,5,5;2\n", {.delimiter = ';', .decimal = ','})["a"].is_categorical());
  for (const CsvOptions& options :
       {CsvOptions{.decimal = ','}, CsvOptions{.decimal = '5'}, CsvOptions{.thousands = '.'},
        CsvOptions{.comment = ','}, CsvOptions{.thousands = '\'', .comment = '\''},
        CsvOptions{.comment = '"'}, CsvOptions{.decimal = '\0'}})
    CHECK_THROWS_WITH(load("a\n", options),
                      Catch::Matchers::StartsWith("load_csv: `delimiter`, `decimal`, `thousands` "
                                                  "and `comment` must be different marks, got"));
}

TEST_CASE_METHOD(CsvFixture, "load_csv: columns separated by blanks and tabs", "[csv]") {
  for (const CsvOptions& options :
       {CsvOptions{.header = false, .whitespace = true},
        CsvOptions{.delimiter = ' ', .header = false, .skip_initial_space = true}}) {
    const Table table = load(
        "   18.0   8\t307.0      \"chevrolet  malibu\" \n\t \n15.0 8 \t 3e2 ford\t\r\n  1 2 3 \"a "
        "\"\"b\"\"\"",
        options);
    REQUIRE(table.columns().size() == 4);
    CHECK(table["0"].values.to_vector<double>() == std::vector<double>{18, 15, 1});
    CHECK(table["1"].values.to_vector<double>() == std::vector<double>{8, 8, 2});
    CHECK(table["2"].values.to_vector<double>() == std::vector<double>{307, 300, 3});
    CHECK(table["3"].categories == Texts{"a \"b\"", "chevrolet  malibu", "ford"});
    CHECK(error("1 2\n 3 \n", options) == ":2:4: expected 2 fields, got 1");
    CHECK(error(" 1 2\n 3 4 5\n", options) == ":2:5: expected 2 fields, got more");
  }
  CHECK(load("A B\n1 2\n3 4 \n5 6\n6   7   \n", {.whitespace = true})["B"].values.to_vector<double>() ==
        std::vector<double>{2, 4, 6, 7});
  // With many pieces.
  std::string text;
  for (int i = 0; i < 60000; ++i)
    text += "  " + std::to_string(i) + "  \"x y\"  " + std::to_string(i % 7) + " \n";
  const Table many = load(text, {.header = false, .whitespace = true});
  CHECK(many.size() == 60000);
  CHECK(many["0"].values.data<double>()[59999] == 59999);
  CHECK(many["1"].categories == Texts{"x y"});
}

TEST_CASE_METHOD(CsvFixture, "load_csv: comments", "[csv]") {
  const CsvOptions options{.comment = '#'};
  const Table table = load(
      "# made by \"us\", it's\na,b # names\n1,x#y\n  # nothing, at, all \"\n\"2\",\"#z\"#\r\n3,# none\n4,w",
      options);
  CHECK(table.size() == 4);
  CHECK(table["a"].values.to_vector<double>() == std::vector<double>{1, 2, 3, 4});
  CHECK(table.columns()[1].name == "b ");
  CHECK(table.columns()[1].categories == Texts{"#z", "w", "x"});
  CHECK(table.columns()[1].values.to_vector<int>() == std::vector<int>{2, 0, -1, 1});
  CHECK(error("a,b\n1,2\n# \"\n3 # 4,5\n", options) == ":4:3: expected 2 fields, got 1");
  CHECK(load("a#,b\n1,2\n")["a#"].values.item() == 1);
  CHECK(load("a b\n 1 2#3\n", {.whitespace = true, .comment = '#'})["b"].values.item() == 2);
}

TEST_CASE_METHOD(CsvFixture, "a quote inside a field is text", "[csv]") {
  CHECK(load("a,b\n1,x\"y\n2,z\n")["b"].categories == Texts{"x\"y", "z"});
  // A blank at the start of a field is part of it, and so is the quote after it, unless such blanks are
  // skipped.
  CHECK(load("a,b\n1, \"y\n2,\"z\"\n")["b"].categories == Texts{" \"y", "z"});
  const CsvOptions skipping{.skip_initial_space = true};
  CHECK(load("a,b\n1,  \"y, y\"\n2,z\n", skipping)["b"].categories == Texts{"y, y", "z"});
  CHECK(load("a,b\n1,x \"y\n2,\"z\"\n", skipping)["b"].categories == Texts{"x \"y", "z"});
  CHECK(load("a,b\n1,x\t\"y\n2,\"z\"\n", skipping)["b"].categories == Texts{"x\t\"y", "z"});
}

TEST_CASE_METHOD(CsvFixture, "a file of another format is named", "[csv]") {
  const auto bytes = [](const char* text, std::size_t size) {
    return std::string(text, size) + std::string(80, 'x');
  };
  CHECK(error(bytes("BZh91AY&SY", 10)) ==
        ": the file is not a table but compressed with bzip2; decompress it first");
  CHECK(error(bytes("\xFD"
                    "7zXZ\0\0",
                    7)) == ": the file is not a table but compressed with xz; decompress it first");
  CHECK(error(bytes("\x28\xB5\x2F\xFD", 4)) ==
        ": the file is not a table but compressed with zstd; decompress it first");
  CHECK(
      error(bytes("PK\3\4\24\0", 6)) ==
      ": the file is not a table but a zip archive or an Excel workbook; unpack it or save the sheet as CSV");
  CHECK(error(bytes("PAR1", 4) + "PAR1") ==
        ": the file is not a table but a Parquet file; convert it to CSV");
  CHECK(error(bytes("ARROW1\0\0", 8)) == ": the file is not a table but a Feather file; convert it to CSV");
  // Names that only start like one.
  for (const std::string name : {"PAR1", "BZh", "BZhours", "BZh9", "ARROW1"})
    CHECK(load(name + ",y\n1,2\n")[name].values.item() == 1);
  CHECK(error("\n<!DOCTYPE HTML>\n<html>\n") ==
        ": the file is not a table but an HTML or XML page; was the download refused?");
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  CHECK(error(pointer) ==
        ": the file is not a table but a Git LFS pointer; fetch the file with `git lfs pull`");
  CHECK(error(gzip_of(pointer)) == error(pointer));
  CHECK(error("\xEF\xBB\xBF<html>") == error("<html>"));
  CHECK(load("<a>,b\n1,2\n")["<a>"].values.item() == 1);
}

TEST_CASE("csv_column_names reads the names alone", "[csv]") {
  const ScratchDirectory directory;
  const std::string path = directory / "data.csv";
  const auto names = [&](const std::string& text, const CsvOptions& options = {}) {
    write_bytes(path, text);
    return csv_column_names(path, options);
  };
  CHECK(names("\n\"a, b\",,a,a\n1,2\n") == Texts{"a, b", "Unnamed: 1", "a", "a.1"});  // rows are not read
  CHECK(names("a;b\n", {.delimiter = ';'}) == Texts{"a", "b"});
  CHECK(names(gzip_of("1,2\n3,4\n"), {.header = false}) == Texts{"0", "1"});
  CHECK_THROWS_WITH(names("\n"), path + ": there are no records");
  CHECK_THROWS_WITH(names("a,b\n", {.delimiter = 'x'}), ContainsSubstring("delimiter"));
}

TEST_CASE("guess_delimiter takes the most frequent mark of the first line", "[csv]") {
  const ScratchDirectory directory;
  const std::string path = directory / "data.csv";
  const auto guess = [&](const std::string& text) {
    write_bytes(path, text);
    return guess_delimiter(path);
  };
  CHECK(guess("a,b,c\n1;2;3;4;5\n") == ',');
  CHECK(guess("a;b;\"c,d,e,f\"\n") == ';');
  CHECK(guess("a\tb\n") == '\t');
  CHECK(guess("\r\n\na|b\n") == '|');
  CHECK(guess("a\n1\n") == ',');
  CHECK(guess("\"a\n;\",b\n;;;\n") == ',');  // a quoted line end
  CHECK(guess(gzip_of("a;b")) == ';');
  CHECK_THROWS_WITH(guess_delimiter(directory / "none.csv"), ContainsSubstring("none.csv"));
}
