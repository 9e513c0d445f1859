// What every reader of class labels checks, and the hints in its errors.
#include "tenbin/core/detail/labels.h"

#include <limits>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

std::vector<std::int64_t> labels_of(const Array& t) {
  return detail::to_label_vector("f", "t", t).to_vector<std::int64_t>();
}

}  // namespace

TEST_CASE("labels of every integer dtype become int64") {
  const std::vector<std::int64_t> expected = {2, 0, 1};
  for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
    const Array t = Array({2, 0, 1}).astype(dtype);
    CHECK(detail::to_labels("f", "t", t).dtype() == Dtype::int64);
    CHECK(labels_of(t) == expected);
    CHECK(labels_of(Array::zeros({0}, dtype)).empty());
  }
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(labels_of(Array{most, std::int64_t{-1}}) == std::vector<std::int64_t>{most, -1});
  CHECK(detail::to_labels("f", "t", Array({{1, 2}, {3, 4}})).shape() == Shape{2, 2});  // of any shape
}

TEST_CASE("labels that are not integers are an error, with a hint if they are whole numbers") {
  const std::string expected = "f: t must be int32, int64 or uint8, got ";
  const std::string hint = "; did you mean t.astype(Dtype::int32)?";
  CHECK_THROWS_WITH(labels_of(Array{0.f, 1.f}), expected + "float32(2)" + hint);
  CHECK_THROWS_WITH(labels_of(Array{0.0, -1.0}), expected + "float64(2)" + hint);
  CHECK_THROWS_WITH(labels_of(Array{0.5, 1.0}), expected + "float64(2)");  // scores
  CHECK_THROWS_WITH(labels_of(Array{1.0, std::numeric_limits<double>::quiet_NaN()}), expected + "float64(2)");
  CHECK_THROWS_WITH(labels_of(Array{{0.f, 1.f}}), expected + "float32(1, 2)");
  CHECK_THROWS_WITH(labels_of(Array()), expected + "none");
}

TEST_CASE("labels of more than one axis are an error, with a hint if they are one-hot") {
  const std::string hint = ": one-hot rows become labels by argmax(t.astype(Dtype::float32))";
  CHECK_THROWS_WITH(labels_of(Array({{0, 1, 0}, {1, 0, 0}})),
                    "f: t must have one axis, got int32(2, 3)" + hint);
  CHECK_THROWS_WITH(labels_of(Array({{0, 1}, {1, 1}})), "f: t must have one axis, got int32(2, 2)");
  CHECK_THROWS_WITH(labels_of(Array({{0, 1}, {0, 0}})), "f: t must have one axis, got int32(2, 2)");
  CHECK_THROWS_WITH(labels_of(Array({{0, 2}, {1, 0}})), "f: t must have one axis, got int32(2, 2)");
  CHECK_THROWS_WITH(labels_of(Array({{0, 1}})),
                    "f: t must have one axis, got int32(1, 2)");  // one row is too few for a hint
  CHECK_THROWS_WITH(labels_of(Array({{1}, {1}})), "f: t must have one axis, got int32(2, 1)");
  CHECK_THROWS_WITH(labels_of(Array::scalar(1, Dtype::int32)), "f: t must have one axis, got int32()");
}

TEST_CASE("labels of -1 and 1 only are signs") {
  CHECK(detail::are_signs(Array{-1, 1, 1}));
  CHECK(detail::are_signs(Array{std::int64_t{1}, std::int64_t{-1}}));
  CHECK_FALSE(detail::are_signs(Array{1, 1}));    // class 1 only
  CHECK_FALSE(detail::are_signs(Array{-1, -1}));  // all rows are ignored
  CHECK_FALSE(detail::are_signs(Array{-1, 1, 0}));
  CHECK_FALSE(detail::are_signs(Array{-1, 1, 2}));
  CHECK_FALSE(detail::are_signs(Array{-1.f, 1.f}));
  CHECK_FALSE(detail::are_signs(Array::zeros({0}, Dtype::int32)));
  CHECK_FALSE(detail::are_signs(Array({1, 255}).astype(Dtype::uint8)));
}

TEST_CASE("the ignored label is -1, unless the labels are signs") {
  const Array signs = {-1, 1};
  const std::string text =
      "f: t has the labels -1 and 1 only, and -1 is the default of ignore_label: map -1 to 0 (labels are 0 "
      "to C - "
      "1), or pass ignore_label = -1 to ignore those rows";
  for (const std::size_t n_class : {0u, 1u, 2u})
    CHECK_THROWS_WITH(detail::ignored_label("f", signs, std::nullopt, n_class), text);
  CHECK(detail::ignored_label("f", signs, std::nullopt, 3) == -1);
  CHECK(detail::ignored_label("f", signs, -1, 2) == -1);
  CHECK(detail::ignored_label("f", signs, 1, 2) == 1);
  CHECK(detail::ignored_label("f", Array{0, 1}, std::nullopt, 2) == -1);
  CHECK_THROWS_WITH(detail::refuse_signs("f", ", or so"),
                    "f: t has the labels -1 and 1 only, and -1 is the default of ignore_label: map -1 to 0 "
                    "(labels are 0 to C - 1), or so, or pass ignore_label = -1 to ignore those rows");
}

TEST_CASE("samples_by_class lists the samples of the classes that occur, ascending") {
  const auto samples = detail::samples_by_class(detail::to_labels("f", "t", Array{7, 0, 7, -1, 0, 7}));
  const std::map<std::int64_t, std::vector<std::size_t>> expected = {{-1, {3}}, {0, {1, 4}}, {7, {0, 2, 5}}};
  CHECK(samples == expected);
  CHECK(detail::samples_by_class(Array::zeros({0}, Dtype::int64)).empty());
}

TEST_CASE("require_class names the label and where it is") {
  CHECK_NOTHROW(detail::require_class("f", "t", 0, 0, 1));
  CHECK_NOTHROW(detail::require_class("f", "t", 3, 4, 5));
  CHECK_THROWS_WITH(detail::require_class("f", "t", 3, 5, 5), "f: t[3] = 5 is not a class in [0, 5)");
  CHECK_THROWS_WITH(detail::require_class("f", "t", 1234, -1, 5), "f: t[1234] = -1 is not a class in [0, 5)");
  CHECK_THROWS_WITH(detail::require_class("f", "t", 0, 0, 0), "f: t[0] = 0 is not a class in [0, 0)");
}

TEST_CASE("the error of an invalid label is the same at once and deferred") {
  const std::string text = "f: t[2, 0] is 7, expected a label in [0, 3) or ignore_label -1";
  CHECK_THROWS_WITH(detail::throw_invalid_label("f", {4, 2}, 4, 7, 3, -1), text);
  DeferredError error = detail::invalid_label_error("f", {4, 2}, 3, -1);
  error.position = 4;
  error.label = 7;
  CHECK_THROWS_WITH(error.raise(error), text);
  CHECK_THROWS_WITH(detail::throw_invalid_label("f", {4}, 3, -2, 3, 255),
                    "f: t[3] is -2, expected a label in [0, 3) or ignore_label 255");

  const std::string binary = "f: t must be 0, 1 or -1 (ignore_label), got 2 at position 3";
  CHECK_THROWS_WITH(detail::throw_invalid_binary_label("f", 3, 2, -1), binary);
  error = detail::invalid_binary_label_error("f", -1);
  error.position = 3;
  error.label = 2;
  CHECK_THROWS_WITH(error.raise(error), binary);
}

TEST_CASE("labels of scores have their shape without axis 1, and any pair of dtypes") {
  CHECK(detail::without_axis_1({5, 3}) == Shape{5});
  CHECK(detail::without_axis_1({5, 3, 2, 4}) == Shape{5, 2, 4});
  int calls = 0;
  for (const Dtype dtype : {Dtype::float32, Dtype::float64})
    for (const Dtype label_dtype : {Dtype::int32, Dtype::int64, Dtype::uint8})
      detail::visit_scores_and_labels(Array::zeros({1}, dtype), Array::zeros({1}, label_dtype),
                                      [&](auto zero, auto label_zero) {
                                        CHECK(dtype_of<decltype(zero)> == dtype);
                                        CHECK(dtype_of<decltype(label_zero)> == label_dtype);
                                        ++calls;
                                      });
  CHECK(calls == 6);
}

TEST_CASE("the ignored label of an option is -1 by default") {
  CHECK(detail::ignored_label(std::nullopt) == -1);
  CHECK(detail::ignored_label(255) == 255);
}

TEST_CASE("IsClass: 0 to n_class - 1, of any integer type") {
  const detail::IsClass is_class{3};
  CHECK(is_class(std::int32_t{0}));
  CHECK(is_class(std::int64_t{2}));
  CHECK(is_class(std::uint8_t{2}));
  CHECK_FALSE(is_class(std::int32_t{-1}));
  CHECK_FALSE(is_class(std::int64_t{3}));
  CHECK_FALSE(is_class(std::uint8_t{255}));
}
