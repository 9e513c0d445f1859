// Numbers in text: the same characters in every global locale and in every locale of the target stream.
#include "tenbin/core/text.h"

#include <iomanip>
#include <new>
#include <sstream>
#include <streambuf>

#include "tenbin/calibration/threshold.h"
#include "tenbin/datasets/class_count_table.h"
#include "tenbin/evaluation/classification_report.h"
#include "tenbin/functions/array/reshape.h"
#include "tenbin/links/linear.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/odd_locale.h"

using namespace tenbin;

namespace {

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;  // uses the global locale, which is an unusual one in every test
  out << std::hex << std::showbase << value;
  return out.str();
}

}  // namespace

TEST_CASE("the tests run in a locale that spells numbers differently") {
  std::ostringstream out;
  out << 1234 << ' ' << 0.5 << ' ' << std::boolalpha << true;
  CHECK(out.str() == "1'2'3'4 0,5 ja");
}

TEST_CASE("what the library prints has the same characters in every locale") {
  CHECK(printed(Shape{}) == "()");
  CHECK(printed(Shape{60000, 784}) == "(60000, 784)");
  CHECK(printed(Device::cuda(12)) == "cuda:12");
  CHECK(printed(Dtype::float32) == "float32");
  const Array x = Array::zeros({1024, 10});
  CHECK(printed(x) == "float32(1024, 10)");
  CHECK(printed(Array()) == "none");
  Variable v(x);
  CHECK(printed(v) == "variable float32(1024, 10)");
  v.set_name("x");
  CHECK(printed(v) == "variable x float32(1024, 10)");
  CHECK(Array({{1234.5, 1e-5}, {-0.25, 1e10}}).to_string() == "[[1234.5, 1e-05],\n [-0.25, 1e+10]]");
  CHECK(Array({1000000, -12}).to_string() == "[1000000, -12]");
  CHECK(printed(Linear(1500, 20)) == "Linear  W float32(20, 1500), b float32(20)  30020\ntotal 30020");
}

TEST_CASE("errors have the same characters in every locale") {
  CHECK(std::string(Error("f: ", 1234, ' ', 0.5, ' ', true, ' ', Shape{1000}).what()) ==
        "f: 1234 0.5 1 (1000)");
  CHECK_THROWS_WITH(reshape(Variable(Array::zeros({1024})), {-1, 100}),
                    "reshape: float32(1024) does not fit the shape (-1, 100)");
  CHECK_THROWS_WITH(objective::recall_at_precision(12.5),
                    "recall_at_precision: min_precision must be in [0, 1], got 12.5");
}

TEST_CASE("reports have the same characters in every locale") {
  const Array t = Array({0, 1}, Dtype::int32), weight{1000.0, 0.25};
  const ConfusionMatrix matrix(t, t, weight);
  CHECK(classification_report(matrix, {.digits = 1}) ==
        "                   precision    recall  f1-score   support\n\n"
        "                0        1.0       1.0       1.0    1000.0\n"
        "                1        1.0       1.0       1.0       0.2\n\n"
        "         accuracy                            1.0    1000.2\n"
        "        macro avg        1.0       1.0       1.0    1000.2\n"
        "     weighted avg        1.0       1.0       1.0    1000.2\n"
        "balanced accuracy                            1.0    1000.2\n"
        "           G-mean                            1.0    1000.2\n");
  CHECK(printed(matrix) == classification_report(matrix));
  CHECK(class_count_table({4000, 1002}, {.class_weight = Array{.5f, 1234.5f}}) ==
        "class  count   share  weight\n"
        "    0   4000  79.97%     0.5\n"
        "    1   1002  20.03%    1234\n"
        "total   5002\n");
}

TEST_CASE("a TextStream rethrows exceptions of printing, instead of omitting text") {
  struct Full : std::streambuf {
    std::streamsize xsputn(const char*, std::streamsize) override { throw std::bad_alloc(); }
    int overflow(int) override { throw std::bad_alloc(); }
  };
  Full full;
  detail::TextStream text;
  static_cast<std::ios&>(text).rdbuf(&full);
  CHECK_THROWS_AS(text << "some text", std::bad_alloc);
  text.clear();
  CHECK_THROWS_AS(text << 1.5, std::bad_alloc);
  text.clear();
  CHECK_THROWS_AS(text << std::string("some text"), std::bad_alloc);
}

TEST_CASE("lower_case and is_letter_or_digit know ASCII only") {
  CHECK(detail::lower_case(std::string("@ATTRIBUTE I \xC4\xB0")) == "@attribute i \xC4\xB0");
  for (const char c : {'0', '9', 'a', 'z', 'A', 'Z'}) CHECK(detail::is_letter_or_digit(c));
  for (const char c : {'/', ':', '`', '{', '@', '[', '_', '\xE4', '\0'})
    CHECK_FALSE(detail::is_letter_or_digit(c));
}

TEST_CASE("joined puts commas between texts") {
  CHECK(detail::joined({}).empty());
  CHECK(detail::joined({"a"}) == "a");
  CHECK(detail::joined({"a", "", "b c"}) == "a, , b c");
}
