#include "tenbin/datasets/split.h"

#include <algorithm>
#include <limits>

#include "tenbin/datasets/class_weight.h"
#include "tenbin/datasets/detail/fraction.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

using Indices = std::vector<std::size_t>;

// Labels with this many of each class, alternating while they last.
Array labels_of(Indices counts) {
  std::vector<std::int32_t> t;
  for (bool any = true; any;) {
    any = false;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (counts[c] == 0) continue;
      --counts[c];
      t.push_back(static_cast<std::int32_t>(c));
      any = true;
    }
  }
  return Array(t);
}

Indices tested(const Indices& counts, double fraction, std::uint64_t seed = 0) {
  const Array t = labels_of(counts);
  const Split split = stratified_split(t, fraction, seed);
  Indices test(counts.size(), 0);
  for (const std::size_t i : split.test) ++test[static_cast<std::size_t>(t.data<std::int32_t>()[i])];

  Indices all = split.train;
  all.insert(all.end(), split.test.begin(), split.test.end());
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == t.size());
  for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == i);
  CHECK(std::is_sorted(split.train.begin(), split.train.end()));
  CHECK(std::is_sorted(split.test.begin(), split.test.end()));
  return test;
}

}  // namespace

TEST_CASE("stratified_split gives every class its share") {
  CHECK(tested({100, 50, 10}, 0.2) == Indices{20, 10, 2});
  CHECK(tested({1000, 10}, 0.5) == Indices{500, 5});
  CHECK(tested({0, 4, 0, 4}, 0.25) == Indices{0, 1, 0, 1});
}

TEST_CASE("stratified_split rounds by the largest remainders") {
  // 10 of 33: shares 5.15, 3.03, 1.82.
  CHECK(tested({17, 10, 6}, 0.3) == Indices{5, 3, 2});
  // 5 of 10, shares 2.5 and 2.5: the first class gets the remaining one.
  CHECK(tested({5, 5}, 0.5) == Indices{3, 2});
  // 4 of 11: shares 1.09, 1.45, 1.45.
  CHECK(tested({3, 4, 4}, 0.3) == Indices{1, 2, 1});
  // 16.1 of 50, so 17: shares 13.6 and 3.4, where 0.322 of either class would be 12.88 and 3.22.
  CHECK(tested({40, 10}, 0.322) == Indices{14, 3});
}

TEST_CASE("stratified_split rounds the size of the test set up, but not for a rounding error") {
  CHECK(tested({101}, 0.1) == Indices{11});
  CHECK(tested({100}, 0.07) == Indices{7});
  for (std::size_t k = 1; k < 100; ++k) CHECK(tested({100}, static_cast<double>(k) / 100) == Indices{k});
}

TEST_CASE("decimal_floor and decimal_ceil take 2^-48 of a value for a rounding error, and no more") {
  for (const double whole : {1., 3., 1000.}) {
    CHECK(detail::decimal_floor(whole * (1 - 0x0.fp-48)) == whole);
    CHECK(detail::decimal_floor(whole * (1 - 0x1.8p-48)) == whole - 1);
    CHECK(detail::decimal_ceil(whole * (1 + 0x0.fp-48)) == whole);
    CHECK(detail::decimal_ceil(whole * (1 + 0x1.8p-48)) == whole + 1);
  }
  CHECK(detail::decimal_floor(0) == 0);
  CHECK(detail::decimal_ceil(0) == 0);
}

TEST_CASE("stratified_split keeps every class on both sides") {
  CHECK(tested({1000, 2, 3}, 0.1) == Indices{101, 1, 1});
  CHECK(tested({1000, 2, 3}, 0.999) == Indices{999, 1, 2});
  CHECK(tested({2, 2}, 1e-9) == Indices{1, 1});
}

TEST_CASE("stratified_split is a function of the seed, and random") {
  const Array t = labels_of({60, 40});
  CHECK(stratified_split(t, 0.25, 7).test == stratified_split(t, 0.25, 7).test);
  CHECK(stratified_split(t, 0.25, 7).test != stratified_split(t, 0.25, 8).test);
  std::vector<int> times(100, 0);
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const std::size_t i : stratified_split(t, 0.25, seed).test) ++times[i];
  // 100 expected, with a deviation of 8.7.
  for (const int count : times) CHECK(std::abs(count - 100) < 5 * 8.7);
}

TEST_CASE("stratified_split takes any integers for labels") {
  const Split split =
      stratified_split(Array(std::vector<std::int64_t>{-5, 4000000000, -5, 4000000000}), 0.5, 0);
  CHECK(split.test.size() == 2);
  CHECK(stratified_split(Array({1, 1}, Dtype::uint8), 0.5, 0).train.size() == 1);
}

TEST_CASE("stratified_split refuses classes that cannot be split") {
  CHECK_THROWS_WITH(stratified_split(Array{0, 0, 3}, 0.5, 0),
                    "stratified_split: class 3 has 1 sample, both sides need one");
  CHECK_THROWS_WITH(stratified_split(Array::zeros({0}, Dtype::int32), 0.5, 0),
                    "stratified_split: there are no samples");
  CHECK_THROWS_WITH(stratified_split(Array{0.f}, 0.5, 0),
                    "stratified_split: t must be int32, int64 or uint8, got float32(1); did you mean "
                    "t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(stratified_split(Array{{0}}, 0.5, 0),
                    "stratified_split: t must have one axis, got int32(1, 1)");
  for (const double fraction : {0.0, 1.0, -0.5, 20.0})
    CHECK_THROWS_WITH(stratified_split(Array{0, 0}, fraction, 0),
                      ContainsSubstring("stratified_split: expected a test_fraction in (0, 1), got "));
  CHECK_THROWS_WITH(stratified_split(Array{0, 0}, std::numeric_limits<double>::quiet_NaN(), 0),
                    "stratified_split: expected a test_fraction in (0, 1), got nan");
}

TEST_CASE("stratified_split: equal remainders are equal, also if not representable in binary") {
  std::vector<std::int32_t> labels;
  for (const auto& [label, count] : {std::pair{0, 4}, std::pair{1, 10}, std::pair{2, 7}})
    labels.insert(labels.end(), static_cast<std::size_t>(count), label);
  const Split split = stratified_split(Array(labels), 1.0 / 3, 0);
  std::vector<int> tested(3);
  for (const std::size_t i : split.test) ++tested[static_cast<std::size_t>(labels[i])];
  CHECK(tested == std::vector<int>{2, 3, 2});
}
