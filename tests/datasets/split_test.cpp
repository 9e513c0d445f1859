#include "tenbin/datasets/split.h"

#include <algorithm>
#include <limits>
#include <set>

#include "tenbin/core/random.h"
#include "tenbin/datasets/class_weight.h"
#include "tenbin/datasets/detail/fraction.h"
#include "tenbin/datasets/detail/iso_date.h"
#include "tenbin/datasets/group_split.h"
#include "tenbin/datasets/k_fold.h"
#include "tenbin/datasets/time_split.h"
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

namespace {

// Checks that the sides are ascending and that every sample is on one of them.
void check_sides(const ThreeWaySplit& split, std::size_t n) {
  Indices all;
  for (const Indices* side : {&split.train, &split.valid, &split.test}) {
    CHECK(std::is_sorted(side->begin(), side->end()));
    all.insert(all.end(), side->begin(), side->end());
  }
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(all[i] == i);
}

Indices counts(const Indices& side, const Array& t) {
  Indices of(4, 0);
  for (const std::size_t i : side) ++of[static_cast<std::size_t>(t.data<std::int32_t>()[i])];
  return of;
}

Column dates(const std::vector<std::string>& texts) {
  Column column{"when", Array::arange(texts.size()).astype(Dtype::int32), texts};
  return column;
}

}  // namespace

TEST_CASE("stratified_split into three sets") {
  const Array t = labels_of({100, 50, 10});
  const ThreeWaySplit split = stratified_split(t, {.valid = 0.3, .test = 0.2, .seed = 4});
  check_sides(split, 160);
  CHECK(split.test == stratified_split(t, 0.2, 4).test);
  CHECK(counts(split.test, t) == Indices{20, 10, 2, 0});
  CHECK(counts(split.valid, t) == Indices{30, 15, 3, 0});
  CHECK(stratified_split(t, {.valid = 0.3, .test = 0.2, .seed = 4}).valid == split.valid);
  CHECK(stratified_split(t, {.valid = 0.3, .test = 0.2, .seed = 5}).valid != split.valid);
  // 0.1 + 0.2 of 10 rows; every class everywhere.
  CHECK(stratified_split(labels_of({10}), {.valid = 0.1, .test = 0.2}).train.size() == 7);
  const ThreeWaySplit small = stratified_split(labels_of({1000, 3}), {.valid = 0.01, .test = 0.98});
  const Array few = labels_of({1000, 3});
  for (const Indices* side : {&small.train, &small.valid, &small.test}) CHECK(counts(*side, few)[1] == 1);
  const ThreeWaySplit two = stratified_split(t, {.valid = 0, .test = 0.2, .seed = 4});
  CHECK((two.valid.empty() && two.train == stratified_split(t, 0.2, 4).train));
  CHECK_THROWS_WITH(stratified_split(labels_of({5, 2}), ThreeWayOptions{}),
                    "stratified_split: class 1 has 2 samples, all three sides need one");
  CHECK_THROWS_WITH(stratified_split(t, {.valid = 0.5, .test = 0.5}),
                    "stratified_split: valid and test, 0.5 and 0.5, leave no samples for training");
  CHECK_THROWS_WITH(stratified_split(t, {.valid = -1, .test = 0.5}),
                    "stratified_split: expected valid in [0, 1), got -1");
  CHECK_THROWS_WITH(stratified_split(t, {.valid = 0.1, .test = 0}),
                    "stratified_split: expected test in (0, 1), got 0");
}

TEST_CASE("group_split keeps groups whole and classes even") {
  random::Generator generator(3);
  std::vector<std::int32_t> t, groups;
  for (std::int32_t g = 0; g < 300; ++g)
    for (std::size_t i = generator.integer(9) + 1; i > 0; --i) {
      groups.push_back(g);
      t.push_back(g % 20 == 0 ? 1 : 0);  // 15 groups of class 1
    }
  const Array labels(t), group(groups);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const ThreeWaySplit split = group_split(labels, group, {.valid = 0.2, .test = 0.2, .seed = seed});
    check_sides(split, t.size());
    std::vector<std::set<std::int32_t>> on;
    for (const Indices* side : {&split.train, &split.valid, &split.test}) {
      on.emplace_back();
      for (const std::size_t i : *side) on.back().insert(groups[i]);
    }
    CHECK(on[0].size() + on[1].size() + on[2].size() == 300);
    const double n = static_cast<double>(t.size());
    CHECK(std::abs(static_cast<double>(split.test.size()) / n - 0.2) < 0.02);
    CHECK(std::abs(static_cast<double>(split.valid.size()) / n - 0.2) < 0.02);
    const Indices all = counts(split.test, labels);
    CHECK(all[1] > 4);  // 15 of about 75 expected
    CHECK(all[1] < 30);
  }
  const Split two = group_split(labels, group, 0.25, 1);
  CHECK(std::abs(static_cast<double>(two.test.size()) / static_cast<double>(t.size()) - 0.25) < 0.02);
  CHECK(two.test == group_split(labels, group, 0.25, 1).test);
  CHECK(two.test != group_split(labels, group, 0.25, 2).test);
}

TEST_CASE("group_split: a class in just enough groups is on every side, and no side is empty") {
  // Three groups of class 1, among larger ones of class 0.
  const Array t{0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0}, groups{1, 1, 2, 2, 3, 4, 5, 6, 6, 6, 7, 8};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const ThreeWaySplit split = group_split(t, groups, {.seed = seed});
    for (const Indices* side : {&split.train, &split.valid, &split.test}) CHECK(counts(*side, t)[1] == 1);
    const ThreeWaySplit three = group_split(Array{0, 0, 0, 0}, Array{1, 2, 3, 3}, {.seed = seed});
    CHECK((!three.train.empty() && !three.valid.empty() && !three.test.empty()));
  }
}

TEST_CASE("group_split takes columns of a table and refuses what cannot be split") {
  const Array t{0, 1, 0, 1, 0, 1};
  const Column numbers{"n", Array{1.5, 1.5, 7.0, 7.0, -2.0, -2.0}};
  const Column texts{"c", Array{1, 1, 2, 2, 0, 0}, {"x", "y", "z"}};
  CHECK(group_split(t, numbers, 0.3, 1).test == group_split(t, texts, 0.3, 1).test);
  CHECK(group_k_fold(t, numbers, 3)[0].test == group_k_fold(t, texts, 3)[0].test);
  CHECK(stratified_group_k_fold(t, numbers, 3, 1).size() == 3);
  const double missing = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(group_split(t, Column{"n", Array{1.0, 1.0, missing, 1.0, 1.0, 1.0}}, 0.3, 1),
                    "group_split: the group \"n\" is missing in row 2 (counted from 0, without the header)");
  CHECK_THROWS_WITH(group_k_fold(t, Column{"c", Array{0, -1, 0, 0, 0, 0}, {"x"}}, 2),
                    "group_k_fold: the group \"c\" is missing in row 1 (counted from 0, without the header)");
  CHECK_THROWS_WITH(group_split(t, Array{0, 0, 0, 0, 0, 0}, 0.3, 1),
                    "group_split: there is 1 group, 2 sides need one each");
  CHECK_THROWS_WITH(group_split(t, Array{0, 0, 0, 0, 0, 1}, GroupSplitOptions{}),
                    "group_split: there are 2 groups, 3 sides need one each");
  CHECK_THROWS_WITH(group_split(t, Array{0, 1}, 0.3, 1),
                    "group_split: labels and groups differ in length: int64(6) and int32(2)");
  CHECK_THROWS_WITH(group_split(t, Array{0, 1}, 1.5, 1),
                    "group_split: expected a test_fraction in (0, 1), got 1.5");
  CHECK_THROWS_WITH(group_split(Array::zeros({0}, Dtype::int32), Array::zeros({0}, Dtype::int32), 0.3, 1),
                    "group_split: there are no samples");
  const Array pure{0, 0, 0, 0, 1, 1}, whole{1, 2, 3, 4, 5, 5};
  CHECK_THROWS_WITH(group_split(pure, whole, 0.3, 1),
                    ContainsSubstring("group_split: class 1 has no samples in the ") &&
                        ContainsSubstring(" set; it is in too few groups, or try another seed, or pass "
                                          "`.require_classes = false`"));
  CHECK(!group_split(pure, whole, {.valid = 0, .test = 0.3, .require_classes = false}).test.empty());
}

TEST_CASE("time_ordered_split tests on the last rows") {
  const Column time{"t", Array{5.0, 1.0, 4.0, 2.0, 3.0, 9.0, 8.0, 7.0, 6.0, 0.0}};
  const ThreeWaySplit split = time_ordered_split(time, {.valid = 0.1, .test = 0.2});
  check_sides(split, 10);
  CHECK(split.test == Indices{5, 6});
  CHECK(split.valid == Indices{7});
  const Column day = dates({"2026-11-30", "2026-11-29", "2027-01-01", "2026-12-01"});
  CHECK(time_ordered_split(day, {.valid = 0.25, .test = 0.25}).valid == Indices{3});
  CHECK(time_ordered_split(day, {.valid = 0, .test = 0.25}).train == Indices{0, 1, 3});
}

TEST_CASE("time_ordered_split keeps equal times on one side") {
  const auto test_of = [](const Array& values, double share) {
    return time_ordered_split(Column{"t", values}, {.valid = 0, .test = share}).test;
  };
  CHECK(test_of(Array{1.0, 2.0, 2.0, 2.0, 3.0}, 0.4) == Indices{4});  // the nearer change
  CHECK(test_of(Array{1.0, 2.0, 2.0, 2.0, 3.0}, 0.7) == Indices{1, 2, 3, 4});
  CHECK(test_of(Array{1.0, 2.0, 2.0, 3.0}, 0.5) == Indices{1, 2, 3});  // both are near: the earlier
  CHECK(test_of(Array{1.0, 2.0, 2.0, 2.0}, 0.2) == Indices{1, 2, 3});
  // Three sides, two changes.
  const ThreeWaySplit split =
      time_ordered_split(Column{"t", Array{1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0}}, {});
  CHECK((split.train.size() == 8 && split.valid == Indices{8} && split.test == Indices{9}));
  CHECK_THROWS_WITH(time_ordered_split(Column{"t", Array{1.0, 1.0, 2.0}}, {}),
                    "time_ordered_split: column \"t\" has 2 different times, 3 sides need one each");
  CHECK_THROWS_WITH(time_ordered_split(Column{"t", Array::zeros({0}, Dtype::float64)}, {}),
                    "time_ordered_split: column \"t\" has 0 different times, 3 sides need one each");
}

TEST_CASE("time_ordered_split of a table checks the classes") {
  const Table table({{"t", Array{1.0, 2.0, 3.0, 4.0}}, {"y", Array{0, 0, 0, 1}, {"legit", "fraud"}}}, 1);
  CHECK_THROWS_WITH(
      time_ordered_split(table, "t", 0.25),
      "time_ordered_split: class 1 (\"fraud\") has no samples in the training set; choose other "
      "shares, or pass `.require_classes = false`");
  CHECK(time_ordered_split(table, "t", {.valid = 0, .test = 0.25, .require_classes = false}).test ==
        Indices{3});
  CHECK_THROWS_WITH(time_ordered_split(table, "t", 1.0),
                    "time_ordered_split: expected a test_fraction in (0, 1), got 1");
  CHECK_THROWS_WITH(time_ordered_split(table, "day", 0.5),
                    "Table: no column is named \"day\"; there are \"t\", \"y\"");
  const Table good({{"t", Array{1.0, 2.0, 3.0, 4.0}}, {"y", Array{0, 1, -1, 1}, {"no", "yes"}}}, 1);
  CHECK_THROWS_WITH(time_ordered_split(good, "t", 0.25), ContainsSubstring("class 0 (\"no\")"));
}

TEST_CASE("time_ordered_split refuses texts whose order is not that of time") {
  CHECK_THROWS_WITH(
      time_ordered_split(dates({"29.11.2026", "30.11.2026"}), {.valid = 0}),
      "time_ordered_split: column \"when\": \"29.11.2026\" is no ISO date (2026-11-29, "
      "2026-11-29 10:15:00) of the same format as the others, so the order of the texts may not "
      "be that of time; convert the column, or pass `.any_text = true`");
  CHECK(time_ordered_split(dates({"b", "a"}), {.valid = 0, .any_text = true}).test == Indices{0});
  const double missing = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(
      time_ordered_split(Column{"t", Array{1.0, missing}}, {}),
      "time_ordered_split: column \"t\" is missing in row 1 (counted from 0, without the header)");
  CHECK_THROWS_WITH(
      time_ordered_split(Column{"t", Array{-1}, {"2026-01-01"}}, {}),
      "time_ordered_split: column \"t\" is missing in row 0 (counted from 0, without the header)");
  using Texts = std::vector<std::string>;
  for (const Texts& good :
       {Texts{}, Texts{"2026-11-29"}, Texts{"2026/11/29"}, Texts{"2026-11-29 10:15", "2026-11-29 10:15:30.5"},
        Texts{"2026-11-29T10:15:00Z"}, Texts{"2026-11-29T10:15:00+01:00", "2026-11-29T10:16:00+01:00"},
        Texts{"2026-11-29", "2026-11-29 10:15"}, Texts{"2026-11-29 10:15:00.25", "2026-11-29 10:15:00.125"}})
    CHECK(!detail::first_odd_date(good));
  for (const Texts& bad :
       {Texts{"2026-29-11"}, Texts{"2026-00-11"}, Texts{"2026-11-32"}, Texts{"2026-1-2"}, Texts{""},
        Texts{"2026-11-29x"}, Texts{"2026-11-29 1"}, Texts{"2026-11-29", "2026/11/29"},
        Texts{"2026-11-29 10:15", "2026-11-29T10:15"},
        Texts{"2026-11-29T10:15:00Z", "2026-11-29T10:15:00.5Z"},
        Texts{"2026-11-29T10:15:00+01:00", "2026-11-29T10:16:00+02:00"}, Texts{"2026-11-29 10:15:0a"}})
    CHECK(detail::first_odd_date(bad));
}

TEST_CASE("time_series_k_fold trains on the past only") {
  const std::vector<Split> splits =
      time_series_k_fold(Column{"t", Array{0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0}}, 3);
  REQUIRE(splits.size() == 3);
  // As scikit-learn's TimeSeriesSplit(3) on 7 rows.
  CHECK((splits[0].train == Indices{0, 1, 2, 3} && splits[0].test == Indices{4}));
  CHECK((splits[2].train == Indices{0, 1, 2, 3, 4, 5} && splits[2].test == Indices{6}));
  const std::vector<Split> tied = time_series_k_fold(Column{"t", Array{0.0, 1.0, 1.0, 1.0, 1.0, 2.0}}, 2);
  CHECK((tied[0].test == Indices{1, 2, 3, 4} && tied[1].test == Indices{5}));
  CHECK_THROWS_WITH(time_series_k_fold(Column{"t", Array{0.0, 1.0}}, 2),
                    "time_series_k_fold: 2 rows are too few for 2 folds");
  CHECK_THROWS_WITH(time_series_k_fold(Column{"t", Array{0.0, 1.0}}, 1),
                    "time_series_k_fold: expected at least 2 folds, got 1");
}
