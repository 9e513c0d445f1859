#include "tenbin/datasets/class_counts.h"

#include "tenbin/datasets/class_weight.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

using Counts = std::vector<std::size_t>;

}  // namespace

TEST_CASE("class_counts") {
  CHECK(class_counts(Array{2, 0, 2, 2}, 4) == Counts{1, 0, 3, 0});
  CHECK(class_counts(Array({{2, 0}, {-1, 2}}, Dtype::int64), 3) == Counts{1, 0, 2});
  CHECK(class_counts(Array({1, 255}, Dtype::uint8), 2, 255) == Counts{0, 1});
  CHECK(class_counts(Array::zeros({0}, Dtype::int32), 2) == Counts{0, 0});
  CHECK_THROWS_WITH(class_counts(Array{0, 1, 2}, 2), "class_counts: t[2] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(
      class_counts(Array{1, -1}, 2),
      "class_counts: t has the labels -1 and 1 only, and -1 is the default of ignore_label: map "
      "-1 to 0 (labels are 0 to C - 1), or pass ignore_label = -1 to ignore those rows");
  CHECK(class_counts(Array{1, -1}, 2, -1) == Counts{0, 1});
  CHECK(class_counts(Array{1, -1}, 3) == Counts{0, 1, 0});
  CHECK_THROWS_WITH(class_counts(Array{0, -1}, 2, 9), "class_counts: t[1] = -1 is not a class in [0, 2)");
  CHECK_THROWS_WITH(class_counts(Array{0.f}, 2),
                    "class_counts: t must be int32, int64 or uint8, got float32(1); did you mean "
                    "t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(class_counts(Array{0.5f}, 2),
                    "class_counts: t must be int32, int64 or uint8, got float32(1)");
}

TEST_CASE("class_counts refuses one-hot rows") {
  const std::string text = "class_counts: t must be labels, got ";
  const std::string hint = ": one-hot rows become labels by argmax(t.astype(Dtype::float32))";
  const Array t = {{1, 0}, {0, 1}, {1, 0}};
  CHECK_THROWS_WITH(class_counts(t, 2), text + "int32(3, 2)" + hint);
  CHECK_THROWS_WITH(class_counts(t.astype(Dtype::int64), 2), text + "int64(3, 2)" + hint);
  CHECK_THROWS_WITH(balanced_class_weight(t.astype(Dtype::uint8), 2), text + "uint8(3, 2)" + hint);
  CHECK(class_counts(t.reshape({6}), 2) == Counts{3, 3});
  CHECK(class_counts(Array{{1, 0}, {1, 1}}, 2) == Counts{1, 3});  // dense labels
  CHECK(class_counts(Array{{1, 0}}, 2) == Counts{1, 1});
}
