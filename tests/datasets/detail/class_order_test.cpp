#include "tenbin/datasets/detail/class_order.h"

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

using Texts = std::vector<std::string>;

struct Choice {
  std::string positive = {};
  Texts classes = {};
  bool declared = false;
};

// The classes of labels in this order, followed by the labels as names again.
Texts ordered(const Texts& labels, const Choice& choice = {}) {
  detail::Dictionary dictionary;
  std::vector<std::int32_t> codes;
  for (const std::string& label : labels) codes.push_back(label == "?" ? -1 : dictionary.code(label));
  Column column{"y", Array(codes)};
  column.categories = dictionary.take();
  const Texts before = column.categories;
  detail::order_classes(column, choice.positive, choice.classes, "f", choice.declared);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::int32_t code = column.values.data<std::int32_t>()[i];
    REQUIRE((code < 0) == (labels[i] == "?"));
    if (code < 0) continue;
    const std::string& name = column.categories.at(static_cast<std::size_t>(code));
    CHECK((name == labels[i] || detail::plain_decimal(name) == detail::plain_decimal(labels[i])));
  }
  return column.categories;
}

}  // namespace

TEST_CASE("if the classes are two texts, the rarer is class 1", "[class_order]") {
  CHECK(ordered({"fraud", "legit", "legit"}) == Texts{"legit", "fraud"});
  CHECK(ordered({"fraud", "fraud", "legit"}) == Texts{"fraud", "legit"});
  CHECK(ordered({"b", "a"}) == Texts{"a", "b"});
  CHECK(ordered({"b", "a", "?", "?"}) == Texts{"a", "b"});
  CHECK(ordered({"b", "a", "a"}, {.declared = true}) == Texts{"a", "b"});
  CHECK(ordered({"a", "b", "a", "b"}, {.declared = true}) == Texts{"a", "b"});
  CHECK(ordered({"c", "a", "b", "b"}) == Texts{"a", "b", "c"});
  CHECK(ordered({"c", "a", "b", "b"}, {.declared = true}) == Texts{"c", "a", "b"});
  CHECK(ordered({"one"}) == Texts{"one"});
  CHECK(ordered({"?"}).empty());
}

TEST_CASE("numbers keep their order, and equal ones are one class", "[class_order]") {
  CHECK(ordered({"1", "0", "0"}) == Texts{"0", "1"});
  CHECK(ordered({"0", "1", "1", "1"}) == Texts{"0", "1"});
  CHECK(ordered({"1", "0", "1"}, {.declared = true}) == Texts{"0", "1"});
  CHECK(ordered({"1", "1.0", "0", "0.0", "1e0", "+1", "01", "-0", " 1 ", "10E-1", "1."}) == Texts{"0", "1"});
  CHECK(ordered({"10", "9", "-1", "2"}) == Texts{"-1", "2", "9", "10"});
  CHECK(ordered({"-10", "-9", "-0.5", ".25", "2.50"}) == Texts{"-10", "-9", "-0.5", "0.25", "2.5"});
  CHECK(ordered({"10", "9", "b"}) == Texts{"10", "9", "b"});
  // Numbers that differ only beyond float64's precision are different classes.
  CHECK(ordered({"9007199254740993", "9007199254740992"}) == Texts{"9007199254740992", "9007199254740993"});
  CHECK(ordered({"1", "nan"}) == Texts{"1", "nan"});
  // Also among texts; a number with a single spelling keeps it.
  CHECK(ordered({"1", "1.0", "01", "other", "05"}) == Texts{"05", "1", "other"});
  CHECK(ordered({"01", "other", "1.0"}, {.declared = true}) == Texts{"1", "other"});  // which is rarer
  CHECK(ordered({"1.0", "x", "1"}, {.positive = "1e0"}) == Texts{"x", "1"});
  CHECK(ordered({"1.0", "x", "1"}, {.classes = {"01", "x"}}) == Texts{"01", "x"});
}

TEST_CASE("plain_decimal", "[class_order]") {
  const auto plain = [](const char* text) { return detail::plain_decimal(text).value_or("none"); };
  CHECK(plain("100000") == "100000");
  CHECK(plain("1e5") == "100000");
  CHECK(plain("-12.50") == "-12.5");
  CHECK(plain("0.00001") == "0.00001");
  CHECK(plain("1.5e-9") == "1.5e-9");
  CHECK(plain("1e300") == "1e+300");
  CHECK(plain("000") == "0");
  for (const char* const text : {"", "+", ".", "e5", "1e", "1e+", "1e+-5", "1e5x", "1 2", "inf", "nan", "0x1",
                                 "1,5", "--1", "1.2.3", "1e99999999999"})
    CHECK(plain(text) == "none");
}

TEST_CASE("`positive` becomes class 1 of two", "[class_order]") {
  CHECK(ordered({"a", "b", "b"}, {.positive = "b"}) == Texts{"a", "b"});
  CHECK(ordered({"a", "b", "b"}, {.positive = "a"}) == Texts{"b", "a"});
  CHECK(ordered({"0", "1"}, {.positive = "0"}) == Texts{"1", "0"});
  CHECK(ordered({"-1", "+1"}, {.positive = "1.0"}) == Texts{"-1", "1"});
  CHECK_THROWS_WITH(ordered({"a", "b", "c"}, {.positive = "c"}),
                    "f: the label \"y\": `positive` needs two classes, there are 3: \"a\", \"b\", \"c\"");
  CHECK_THROWS_WITH(ordered({"a"}, {.positive = "a"}),
                    "f: the label \"y\": `positive` needs two classes, there are 1: \"a\"");
  CHECK_THROWS_WITH(ordered({"a", "b", "b"}, {.positive = "B"}),
                    "f: the label \"y\": no class is named \"B\"; there are \"b\", \"a\"");
  CHECK_THROWS_WITH(ordered({"a", "b"}, {.positive = "a", .classes = {"a", "b"}}),
                    "f: the label \"y\": `positive` and `classes` are both given");
}

TEST_CASE("`classes` gives the names and the order", "[class_order]") {
  CHECK(ordered({"a", "b", "c"}, {.classes = {"c", "a", "b"}}) == Texts{"c", "a", "b"});
  CHECK(ordered({"a", "b"}, {.classes = {"no rows", "b", "a"}}) == Texts{"no rows", "b", "a"});
  CHECK(ordered({"1.0", "0"}, {.classes = {"1", "0"}}) == Texts{"1", "0"});
  CHECK_THROWS_WITH(ordered({"a", "b", "x"}, {.classes = {"b", "a"}}),
                    "f: the label \"y\": `classes` does not list \"x\"; it lists \"b\", \"a\"");
  CHECK_THROWS_WITH(ordered({"a", "b"}, {.classes = {"b", "a", "b"}}),
                    "f: the label \"y\": `classes` lists \"b\" twice");
  CHECK_THROWS_WITH(ordered({"1", "0"}, {.classes = {"0", "1", "1.0"}}),
                    "f: the label \"y\": `classes` lists \"1.0\" twice");
}
