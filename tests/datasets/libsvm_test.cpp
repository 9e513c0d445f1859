#include "tenbin/datasets/libsvm.h"

#include <cmath>

#include "tenbin/tests/datasets/loader_fixture.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using LibsvmFixture = LoaderFixture<LibsvmOptions, load_libsvm>;

const std::string small = "+1 1:0.5 3:-2e1 # first\r\n# nothing\n\n-1 qid:7 2:3\n1\t\n";

}  // namespace

TEST_CASE_METHOD(LibsvmFixture, "load_libsvm fills omitted features with zeros", "[libsvm]") {
  const Table table = load(small);
  CHECK(table.feature_names() == std::vector<std::string>{"1", "2", "3"});
  CHECK(table.classes() == std::vector<std::string>{"-1", "1"});
  const Dataset data = table;
  CHECK(data.x.shape() == Shape{3, 3});
  CHECK(data.x.to_vector<float>() == std::vector<float>{0.5f, 0, -20, 0, 3, 0, 0, 0, 0});
  CHECK(data.t.to_vector<int>() == std::vector<int>{1, 0, 1});
  const Table wide = load(small, {.n_features = 5, .dtype = Dtype::float64});
  CHECK(wide.feature_names().size() == 5);
  CHECK(wide["1"].values.dtype() == Dtype::float64);
  CHECK(load("2 0:7\n10 1:8\n", {.zero_based = true}).feature_names() == std::vector<std::string>{"0", "1"});
  CHECK(load("2 1:7\n10 1:8\n-0 1:1\n0 1:2").classes() == std::vector<std::string>{"0", "2", "10"});
}

TEST_CASE_METHOD(LibsvmFixture, "load_libsvm names the position of an error", "[libsvm]") {
  CHECK(error("") == ": the file is empty");
  CHECK(error("# only\n") == ": there are no samples");
  CHECK(error("1 1:2\nx 1:2\n") == ":2:1: the label is not a number: x");
  CHECK(error("nan 1:2\n") == ":1:1: the label is not a number: nan");
  CHECK(error("1,2 1:2\n") == ":1:1: the label is not a number: 1,2");
  CHECK(error("1 1:2 5\n") == ":1:7: expected index:value, got 5");
  CHECK(error("1 -1:2\n") == ":1:3: expected index:value, got -1:2");
  CHECK(error("1 99999999999999999999:2\n") == ":1:3: expected index:value, got 99999999999999999999:2");
  CHECK(error("1 2:3 2:4\n") == ":1:7: index 2 does not ascend");
  CHECK(error("1 0:3\n") == ":1:3: index 0; the first is 1 unless `zero_based`");
  CHECK(error("1 1:\n") == ":1:5: the value is not a number: ");
  CHECK(error("1 1:1,5\n") == ":1:5: the value is not a number: 1,5");
  CHECK(error(std::string("1 1:\0\n", 6)) == ":1:5: a NUL byte; is this a text file?");
  CHECK(error("1 3:1\n", {.n_features = 2}) == ":1: a feature index exceeds `n_features` = 2");
  CHECK_THROWS_WITH(load("1 1:1", {.dtype = Dtype::int32}),
                    "load_libsvm: expected float32 or float64, got int32");
}

TEST_CASE_METHOD(LibsvmFixture, "load_libsvm limits the memory that an index can require", "[libsvm]") {
  CHECK(
      error("1 1000000000000:1\n") ==
      ": a dense table of 1 rows and 1000000000000 columns takes 260000000000000 bytes, more than 16777216; "
      "`max_bytes` allows more");
  CHECK(error("1 18446744073709551615:1\n1 1:1\n").substr(0, 57) ==
        ": a dense table of 2 rows and 18446744073709551615 column");
  CHECK(error("1 18446744073709551615:1\n", {.zero_based = true}) != "no error");
  CHECK(load("1 100000:1\n", {.max_bytes = 1 << 26}).feature_names().size() == 100000);
}

TEST_CASE_METHOD(LibsvmFixture, "a truncated libsvm file is a table or an Error", "[libsvm]") {
  int tables = 0;
  for (std::size_t length = 0; length < small.size(); ++length) tables += loads(small.substr(0, length));
  CHECK(tables > 20);
  CHECK(tables < static_cast<int>(small.size()));
}

TEST_CASE_METHOD(LibsvmFixture, "load_libsvm: spellings of a class, and their order", "[libsvm]") {
  const std::string text = "+1 1:1\n1 1:2\n-1 1:3\n1.0 1:4\n-1.00 1:5\n";
  CHECK(load(text).classes() == std::vector<std::string>{"-1", "1"});
  CHECK(load(text).labels().to_vector<int>() == std::vector<int>{1, 1, 0, 1, 0});
  CHECK(load(text, {.positive = "-1"}).labels().to_vector<int>() == std::vector<int>{0, 0, 1, 0, 1});
  CHECK(load(text, {.classes = {"0", "1", "-1"}}).labels().to_vector<int>() ==
        std::vector<int>{1, 1, 2, 1, 2});
  CHECK(load("100000 1:1\n1e5 1:1\n").classes() == std::vector<std::string>{"100000"});
  CHECK(error(text, {.classes = {"0", "1"}}) ==
        ": the label \"label\": `classes` does not list \"-1\"; it lists \"0\", \"1\"");
}
