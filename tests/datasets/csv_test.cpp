#include "tenbin/datasets/csv.h"

#include <zlib.h>

#include <clocale>
#include <cmath>
#include <cstring>

#include "tenbin/core/parallel.h"
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

std::string gzip_of(const std::string& content) {
  const ScratchDirectory directory;
  const std::string path = directory / "file.gz";
  const gzFile file = ::gzopen(path.c_str(), "wb");
  REQUIRE(::gzwrite(file, content.data(), static_cast<unsigned>(content.size())) ==
          static_cast<int>(content.size()));
  REQUIRE(::gzclose(file) == Z_OK);
  return read_bytes(path);
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

// Some hundred kilobytes for every piece that the file is cut into, quotes and line ends in the fields.
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

TEST_CASE_METHOD(CsvFixture, "load_csv knows RFC 4180", "[csv]") {
  const std::string text = "a,b\r\n\"x, y\",\"say \"\"hi\"\"\"\r\n\"two\r\nlines\",\"\"\r\n";
  const Table table = load("\xEF\xBB\xBF" + text);
  CHECK(names_of(table) == Texts{"a", "b"});
  CHECK(table["a"].categories == Texts{"two\r\nlines", "x, y"});
  CHECK(table["b"].categories == Texts{"say \"hi\""});
  CHECK(table["b"].values.to_vector<int>() == std::vector<int>{0, -1});
  CHECK(same(load(text.substr(0, text.size() - 2)), table));  // the last line need not end
  CHECK(same(load(gzip_of(text)), table));
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

TEST_CASE_METHOD(CsvFixture, "load_csv names the place of what is wrong", "[csv]") {
  CHECK(error("") == ": the file is empty");
  CHECK(error("\n \r\n") == ": there are no records");
  CHECK(error("\xFF\xFE"
              "a\0") == ": the text is UTF-16; convert it to UTF-8");
  CHECK(error("a,b\n1,2\n3\n") == ":3:2: expected 2 fields, got 1");
  CHECK(error("a,b\n1,2\n3,4,5\n") == ":3:4: expected 2 fields, got more");
  CHECK(error("a,b\n\"1\n\n2\",3\n4\n") == ":5:2: expected 2 fields, got 1");
  CHECK(error("a,b\n1,\"2\n3,4\n") == ":2:3: the quote is never closed");
  CHECK(error("a,b\n1,\"2\"x\n") == ":2:6: text behind the closing quote");
  CHECK(error("a,b\n1\r2,3\n") == ":2:2: a carriage return without a line feed; quote the field that has it");
  CHECK(error(std::string("a,b\n1,\0\n", 8)) == ":2:3: a NUL byte; is this a text file?");
  CHECK(error(std::string("a,b\n1,\"\0\"\n", 10)) == ":2:4: a NUL byte; is this a text file?");
  const CsvOptions numeric{.types = {{"größe", ColumnType::numeric}}};
  CHECK(error("ß,größe\nß,1\n\nß,one\n", numeric) ==
        ":4:3: column \"größe\": expected a number, got \"one\"");
  CHECK(error("a,b\n1,2\n", {.label = "c"}) == ": no column is named \"c\"; there are \"a\", \"b\"");
  CHECK(error("a,b\n1,2\n", {.names = {"c"}}) == ": 1 names are given, there are 2 columns");
  CHECK(error("a,b\n1,2\n", numeric) == ": `types` names the column \"größe\", which is not there");
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

TEST_CASE_METHOD(CsvFixture, "load_csv finds text that comes late", "[csv]") {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 100000; ++i) text += "1.0,2,3\n";
  const Table table = load(text + "x,2,3\n1,2,y\n");
  CHECK(table["a"].categories == Texts{"1", "1.0", "x"});
  CHECK_FALSE(table["b"].is_categorical());
  CHECK(table["c"].categories == Texts{"3", "y"});
  CHECK(table["c"].values.to_vector<int>().back() == 1);
}

TEST_CASE_METHOD(CsvFixture, "load_csv ends at every truncation in a table or an Error", "[csv]") {
  const std::string text = "\xEF\xBB\xBFname,value\r\n\"a \"\"b\"\"\r\nc\",1.5e3\r\nNA,-7\r\n";
  const std::string compressed = gzip_of(text);
  int tables = 0;
  for (std::size_t length = 0; length < text.size(); ++length) tables += loads(text.substr(0, length));
  CHECK(tables > 10);
  CHECK_FALSE(loads(text.substr(0, 3)));  // the byte order mark alone
  // From the two bytes on that tell gzip.
  for (std::size_t length = 2; length < compressed.size(); ++length) {
    INFO(length);
    REQUIRE_FALSE(loads(compressed.substr(0, length)));
  }
}

TEST_CASE_METHOD(CsvFixture, "load_csv does not let a file ask for more than its size", "[csv]") {
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

TEST_CASE_METHOD(CsvFixture, "load_csv reads a file that is larger than what it holds at once", "[csv]") {
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
