#include "tenbin/datasets/long_tail.h"

#include <limits>

#include "tenbin/tests/catch.h"

using namespace tenbin;

using Indices = std::vector<std::size_t>;

TEST_CASE("long_tail_counts of Fashion-MNIST-LT") {
  CHECK(long_tail_counts(6000, 10, 100) == Indices{6000, 3596, 2156, 1292, 774, 464, 278, 166, 100, 60});
}

TEST_CASE("long_tail_counts at the edges") {
  CHECK(long_tail_counts(1000, 4, 1000) == Indices{1000, 100, 10, 1});
  CHECK(long_tail_counts(100000, 6, 100000) == Indices{100000, 10000, 1000, 100, 10, 1});
  CHECK(long_tail_counts(5, 1, 100) == Indices{5});
  CHECK(long_tail_counts(5, 3, 1) == Indices{5, 5, 5});
  CHECK(long_tail_counts(7, 2, 2) == Indices{7, 3});
  CHECK(long_tail_counts(0, 2, 2) == Indices{0, 0});
  CHECK_THROWS_WITH(long_tail_counts(5, 0, 2), "long_tail_counts: expected n_class above 0, got 0");
  CHECK_THROWS_WITH(long_tail_counts(5, 2, 0.5),
                    "long_tail_counts: expected a finite imbalance_ratio >= 1, got 0.5");
  CHECK_THROWS_WITH(long_tail_counts(5, 2, std::numeric_limits<double>::infinity()),
                    "long_tail_counts: expected a finite imbalance_ratio >= 1, got inf");
}

TEST_CASE("long_tail_subset takes the first samples of every class in file order") {
  const Array t({2, 0, 1, 0, 2, 0, 1, 1}, Dtype::uint8);
  CHECK(long_tail_subset(t, {2, 1, 2}) == Indices{0, 1, 2, 3, 4});
  CHECK(long_tail_subset(t, {3, 0, 1}) == Indices{0, 1, 3, 5});
  CHECK(long_tail_subset(t, {0, 0, 0}).empty());
  CHECK(long_tail_subset(Array::zeros({0}, Dtype::int64), {0}).empty());
}

TEST_CASE("long_tail_subset names the class that is too small") {
  const Array t = {0, 0, 1, 1};
  CHECK_THROWS_WITH(long_tail_subset(t, {1, 3}), "long_tail_subset: class 1 has 2 samples, 3 are wanted");
  CHECK_THROWS_WITH(long_tail_subset(t, {1, 1, 1}), "long_tail_subset: class 2 has 0 samples, 1 are wanted");
  CHECK_THROWS_WITH(long_tail_subset(t, {1}), "long_tail_subset: t[2] = 1 is not a class in [0, 1)");
  CHECK_THROWS_WITH(long_tail_subset(Array{0, -1}, {1}),
                    "long_tail_subset: t[1] = -1 is not a class in [0, 1)");
}
