#include "tenbin/datasets/arff.h"

#include <cmath>

#include "tenbin/tests/datasets/loader_fixture.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Texts = std::vector<std::string>;

class ArffFixture : public LoaderFixture<ArffOptions, load_arff> {
 public:
  // The error of a line of data, which is line 6 of the file.
  std::string data_error(const std::string& line) { return error(header + line + "\n"); }

  const std::string header =
      "@relation r\n@attribute x numeric\n@attribute 'the kind' {a, 'b c'}\n@attribute s string\n@data\n";
};

const std::string weather =
    "% A comment\r\n@RELATION 'the weather'\r\n\r\n@attribute \"temp \\\"C\\\"\" Real\r\n"
    "@attribute sky {clear,'full of clouds', \"O\\'Neil\"}\t% trailing\r\n@attribute note STRING\r\n"
    "@attribute day date 'yyyy-MM-dd'\r\n@attribute play {no,yes}\r\n@Data\r\n"
    "1.5,clear,'a\\nb \\u0041\\u00e9',2001-02-03,yes\r\n"
    "?, 'full of clouds' , ?, '2001-02-04', no\r\n  % nothing\r\n-3e2 \"O'Neil\" plain ? ?\r\n";

}  // namespace

TEST_CASE_METHOD(ArffFixture, "load_arff reads every kind of attribute", "[arff]") {
  const Table table = load(weather, {.label = "-1"});
  CHECK(table.size() == 3);
  CHECK(table.feature_names() == Texts{"temp \"C\"", "sky", "note", "day"});
  const std::vector<double> temperatures = table["temp \"C\""].values.to_vector<double>();
  CHECK(temperatures[0] == 1.5);
  CHECK(std::isnan(temperatures[1]));
  CHECK(temperatures[2] == -300);
  CHECK(table["sky"].categories == Texts{"clear", "full of clouds", "O'Neil"});
  CHECK(table["sky"].values.to_vector<int>() == std::vector<int>{0, 1, 2});
  CHECK(table["note"].categories == Texts{"a\nb Aé", "plain"});
  CHECK(table["note"].values.to_vector<int>() == std::vector<int>{0, -1, 1});
  CHECK(table["day"].categories == Texts{"2001-02-03", "2001-02-04"});
  CHECK(table.classes() == Texts{"no", "yes"});
  CHECK(table.label().values.to_vector<int>() == std::vector<int>{1, 0, -1});
}

TEST_CASE_METHOD(ArffFixture, "load_arff makes classes of numeric labels and columns of sparse rows",
                 "[arff]") {
  const Table table = load(
      "@relation r\n@attribute a integer\n@attribute b {p,q}\n@attribute n numeric\n@data\n"
      "{0 1.5, 2 10}\n{}\n{1 q,2 ?}\n{ 2 9 }\n",
      {.label = "n", .dtype = Dtype::float32});
  CHECK(table["a"].values.dtype() == Dtype::float32);
  CHECK(table["a"].values.to_vector<float>() == std::vector<float>{1.5f, 0, 0, 0});
  CHECK(table["b"].values.to_vector<int>() == std::vector<int>{0, 0, 1, 0});
  CHECK(table.classes() == Texts{"0", "9", "10"});
  CHECK(table.label().values.to_vector<int>() == std::vector<int>{2, 0, -1, 1});
}

TEST_CASE_METHOD(ArffFixture, "load_arff names the position of an error in the header", "[arff]") {
  CHECK(error("") == ": the file is empty");
  CHECK(error("@relation r\n@attribute a real\n") == ": there is no @data");
  CHECK(error("@relation r\n@data\n1\n") == ":2:1: there are no attributes before @data");
  CHECK(error("a,b\n1,2\n") == ":1:1: expected @relation, @attribute or @data, got a");
  CHECK(error("@attribute a real\n@attribute 'a' real\n@data\n") ==
        ":2:12: a second attribute is named \"a\"");
  CHECK(error("@attribute a {x, y, x}\n@data\n") == ":1:21: a second category is \"x\"");
  CHECK(error("@attribute a {x, y\n@data\n") == ":1:19: the line ends too early");
  CHECK(error("@attribute a relational\n@data\n") ==
        ":1:14: expected numeric, real, integer, string, date or {categories}, got relational");
  CHECK(error("@attribute a\n@data\n") == ":1:13: the line ends too early");
  CHECK(error("@attribute 'a real\n@data\n") == ":1:12: the quote is never closed");
  CHECK(error(header, {.label = "kind"}) ==
        ": no column is named \"kind\"; there are \"x\", \"the kind\", \"s\"");
  CHECK_THROWS_WITH(load(header, {.dtype = Dtype::uint8}),
                    "load_arff: expected float32 or float64, got uint8");
}

TEST_CASE_METHOD(ArffFixture, "load_arff names the position of an error in the data", "[arff]") {
  CHECK(data_error("1,a") == ":6:4: expected 3 values, got 2");
  CHECK(data_error("1,a,b,c") == ":6:7: expected 3 values, got more");
  CHECK(data_error("1,,b") == ":6:3: expected a value, got ,");
  CHECK(data_error("one,a,b") == ":6:1: attribute \"x\": expected a number, got \"one\"");
  CHECK(data_error("1,b,c") == ":6:3: attribute \"the kind\" does not declare \"b\"");
  CHECK(data_error("1,a,'b") == ":6:5: the quote is never closed");
  CHECK(data_error("1,a,'b\\") == ":6:5: the quote is never closed");
  CHECK(data_error("1,a,'b\\u00g0'") == ":6:7: expected four hexadecimal digits after \\u");
  CHECK(data_error("1,a,b {5}") == ":6:7: expected 3 values, got more");
  CHECK(data_error("'1'a,b") == ":6:4: expected a comma, got a");
  CHECK(data_error("{0 1}") == ":6:6: the sparse row leaves out the text of \"s\"");
  CHECK(data_error("{1 a, 0 1, 2 s}") == ":6:7: expected an index that ascends, from 0 and below 3, got 0");
  CHECK(data_error("{3 a}") == ":6:2: expected an index that ascends, from 0 and below 3, got 3");
  CHECK(data_error("{1e300 a}") == ":6:2: expected an index that ascends, from 0 and below 3, got 1e300");
  CHECK(data_error("{2 s") == ":6:5: the line ends too early");
  CHECK(data_error("{2 s} x") == ":6:7: text after the sparse row");
  CHECK(data_error(std::string("1,a,\0", 5)) == ":6:5: a NUL byte; is this a text file?");
}

TEST_CASE_METHOD(ArffFixture, "load_arff limits the memory of sparse rows by the size of the file",
                 "[arff]") {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "@attribute a" + std::to_string(i) + " real\n";
  text += "@data\n";
  for (int i = 0; i < 20000; ++i) text += "{}\n";
  CHECK(error(text).find(" columns takes ") != std::string::npos);
  CHECK(load(text, {.max_bytes = 1 << 30}).size() == 20000);
}

TEST_CASE_METHOD(ArffFixture, "a truncated ARFF file is a table or an Error", "[arff]") {
  int tables = 0;
  for (std::size_t length = 0; length < weather.size(); ++length) tables += loads(weather.substr(0, length));
  // After @data, after a whole row, within a comment.
  CHECK(tables > 5);
  CHECK(tables < 60);
}

TEST_CASE_METHOD(ArffFixture, "load_arff: the order of the classes", "[arff]") {
  const std::string declared = "@relation r\n@attribute x real\n@attribute c {positive,negative}\n@data\n";
  const std::string rows = "1,negative\n2,positive\n3,negative\n";
  const Table table = load(declared + rows, {.label = "c"});
  CHECK(table.classes() == Texts{"negative", "positive"});
  CHECK(table.labels().to_vector<int>() == std::vector<int>{0, 1, 0});
  CHECK(load(declared + rows, {.label = "c", .positive = "negative"}).classes() ==
        Texts{"positive", "negative"});
  CHECK(
      load(declared + rows, {.label = "c", .classes = {"positive", "negative"}}).labels().to_vector<int>() ==
      std::vector<int>{1, 0, 1});
  CHECK_THROWS_WITH(load(declared + rows, {.positive = "negative"}),
                    "load_arff: `positive` and `classes` need a `label`");
  const std::string three = "@relation r\n@attribute c {mid,low,high}\n@data\nlow\nhigh\nhigh\n";
  CHECK(load(three, {.label = "c"}).classes() == Texts{"mid", "low", "high"});
  CHECK(load("@relation r\n@attribute c {1,0}\n@data\n1\n1\n0\n", {.label = "c"}).classes() ==
        Texts{"0", "1"});
  CHECK(load("@relation r\n@attribute c numeric\n@data\n1\n1.0\n0\n", {.label = "c"}).classes() ==
        Texts{"0", "1"});
}

TEST_CASE_METHOD(ArffFixture, "load_arff reads KEEL's files", "[arff]") {
  const std::string header =
      "@relation abalone19\n@attribute Sex {M, F, I}\n@attribute Length real [0.075, 0.815]\n"
      "@attribute Height real[-1.5,1.53393]\n@attribute Rings INTEGER [1, 29]  % years\n"
      "@attribute Class{positive,negative}\n";
  const std::string keel = "@inputs Sex, Length, Height, Rings\n@outputs Class\n";
  const std::string rows =
      "@data\nM, 0.35, 1e-1, 7, negative\nF, <null>, 0, 9, positive\n<null>, 1, 0, 9, negative\n";
  const Table table = load(header + keel + rows);
  CHECK(table.feature_names() == Texts{"Sex", "Length", "Height", "Rings"});
  CHECK(table.classes() == Texts{"negative", "positive"});
  CHECK(table["Sex"].values.to_vector<int>() == std::vector<int>{0, 1, -1});
  CHECK(table["Length"].values.data<double>()[0] == 0.35);
  CHECK(std::isnan(table["Length"].values.data<double>()[1]));
  CHECK(table["Height"].values.data<double>()[0] == 0.1);
  CHECK_FALSE(load(header + rows).has_label());
  CHECK(load(header + rows, {.label = "Class"}).classes() == Texts{"negative", "positive"});
  CHECK(load(header + keel + rows, {.label = "Sex"}).classes() == Texts{"M", "F", "I"});
  CHECK_FALSE(load(header + "@outputs Rings, Class\n" + rows).has_label());
  CHECK(load(header + "@output Class\n" + rows, {.positive = "negative"}).classes() ==
        Texts{"positive", "negative"});
  CHECK(error(header + "@outputs Klass\n" + rows).substr(0, 31) == ": no column is named \"Klass\"; t");
  // A range without blanks and commas is part of the type's word.
  CHECK(load("@attribute a integer[7]\n@attribute b real[]\n@data\n7,8\n").feature_names() ==
        Texts{"a", "b"});
  CHECK(error("@attribute a real [0, 1\n@data\n") == ":1:20: the range is never closed");
  CHECK(error("@attribute a real[0, 1\n@data\n") == ":1:20: the range is never closed");
}
