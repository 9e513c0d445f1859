#include "tenbin/datasets/k_fold.h"

#include <algorithm>
#include <map>
#include <set>

#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

using Indices = std::vector<std::size_t>;

Array labels_of(const Indices& counts) {
  std::vector<std::int32_t> t;
  for (std::size_t c = 0; c < counts.size(); ++c) t.insert(t.end(), counts[c], static_cast<std::int32_t>(c));
  std::rotate(t.begin(), t.begin() + static_cast<std::ptrdiff_t>(t.size() / 3), t.end());
  return Array(t);
}

// Checks that every sample is tested once, and used for training in all other splits.
void check_folds(const std::vector<Split>& splits, std::size_t n) {
  std::vector<int> tested(n, 0);
  for (const Split& split : splits) {
    CHECK(std::is_sorted(split.train.begin(), split.train.end()));
    CHECK(std::is_sorted(split.test.begin(), split.test.end()));
    std::vector<int> seen(n, 0);
    for (const std::size_t i : split.train) ++seen[i];
    for (const std::size_t i : split.test) ++seen[i], ++tested[i];
    CHECK(seen == std::vector<int>(n, 1));
  }
  CHECK(tested == std::vector<int>(n, 1));
}

std::size_t count(const Indices& samples, const Array& t, int c) {
  return static_cast<std::size_t>(std::count_if(
      samples.begin(), samples.end(), [&](std::size_t i) { return t.data<std::int32_t>()[i] == c; }));
}

void check_groups_whole(const std::vector<Split>& splits, const Array& groups) {
  for (const Split& split : splits) {
    std::set<std::int32_t> train, test, both;
    for (const std::size_t i : split.train) train.insert(groups.data<std::int32_t>()[i]);
    for (const std::size_t i : split.test) test.insert(groups.data<std::int32_t>()[i]);
    std::set_intersection(train.begin(), train.end(), test.begin(), test.end(),
                          std::inserter(both, both.end()));
    CHECK(both.empty());
  }
}

}  // namespace

TEST_CASE("stratified_k_fold tests every sample once, with every class in its share") {
  for (const auto& [counts, n_splits] : std::vector<std::pair<Indices, std::size_t>>{
           {{50, 20, 5}, 5}, {{51, 19, 8}, 4}, {{3, 3, 3, 3}, 3}, {{7}, 2}, {{101, 10}, 10}}) {
    const Array t = labels_of(counts);
    const std::vector<Split> splits = stratified_k_fold(t, n_splits, 1);
    REQUIRE(splits.size() == n_splits);
    check_folds(splits, t.size());
    for (const Split& split : splits) {
      CHECK(split.test.size() - t.size() / n_splits <= 1);
      for (std::size_t c = 0; c < counts.size(); ++c)
        CHECK(count(split.test, t, static_cast<int>(c)) - counts[c] / n_splits <= 1);
    }
  }
}

TEST_CASE("stratified_k_fold is a function of the seed, and random") {
  const Array t = labels_of({40, 20});
  const auto first = [&](std::uint64_t seed) { return stratified_k_fold(t, 4, seed)[0].test; };
  CHECK(first(1) == first(1));
  CHECK(first(1) != first(2));
  std::vector<int> times(60, 0);
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const std::size_t i : first(seed)) ++times[i];
  // 100 expected, with a deviation of 8.7.
  for (const int count : times) CHECK(std::abs(count - 100) < 5 * 8.7);
}

TEST_CASE("repeated_stratified_k_fold repeats with other folds") {
  const Array t = labels_of({30, 12});
  const std::vector<Split> splits = repeated_stratified_k_fold(t, 3, 4, 1);
  REQUIRE(splits.size() == 12);
  std::set<Indices> tests;
  for (std::size_t r = 0; r < 4; ++r) {
    check_folds({splits.begin() + static_cast<std::ptrdiff_t>(3 * r),
                 splits.begin() + static_cast<std::ptrdiff_t>(3 * r + 3)},
                t.size());
    for (std::size_t f = 0; f < 3; ++f) tests.insert(splits[3 * r + f].test);
  }
  CHECK(tests.size() == 12);
  CHECK(splits[0].test == stratified_k_fold(t, 3, 1)[0].test);
  CHECK_THROWS_WITH(repeated_stratified_k_fold(t, 3, 0, 1),
                    "repeated_stratified_k_fold: expected at least 1 repeat, got 0");
  CHECK_THROWS_WITH(repeated_stratified_k_fold(t, 13, 2, 1),
                    "repeated_stratified_k_fold: class 1 has 12 samples, 13 folds need one each");
}

TEST_CASE("group_k_fold keeps groups whole and folds of a size") {
  const Array groups({5, 5, 5, 5, -2, -2, 7, 8, 8, 8, 9, 9}, Dtype::int32);
  const Array t = Array::zeros({12}, Dtype::int32);
  const std::vector<Split> splits = group_k_fold(t, groups, 3);
  check_folds(splits, 12);
  check_groups_whole(splits, groups);
  // 4 to the first, 3 to the second, 2 and 2 to the third, 1 to the second.
  CHECK(splits[0].test == Indices{0, 1, 2, 3});
  CHECK(splits[1].test == Indices{6, 7, 8, 9});
  CHECK(splits[2].test == Indices{4, 5, 10, 11});
}

TEST_CASE("stratified_group_k_fold keeps groups whole and classes even") {
  random::Generator generator(3);
  std::vector<std::int32_t> t, groups;
  for (std::int32_t g = 0; g < 60; ++g) {
    const std::size_t size = 1 + generator.integer(9);
    for (std::size_t i = 0; i < size; ++i) {
      groups.push_back(g);
      t.push_back(generator.integer(g % 3 == 0 ? 2 : 12) == 0 ? 1 : 0);
    }
  }
  const Array labels(t), group(groups);
  const std::vector<Split> splits = stratified_group_k_fold(labels, group, 4, 1);
  check_folds(splits, t.size());
  check_groups_whole(splits, group);
  const auto share = static_cast<double>(std::count(t.begin(), t.end(), 1)) / 4;
  for (const Split& split : splits) {
    CHECK(std::abs(static_cast<double>(count(split.test, labels, 1)) - share) < 3);
    CHECK(std::abs(static_cast<double>(split.test.size()) - static_cast<double>(t.size()) / 4) < 5);
  }
  CHECK(stratified_group_k_fold(labels, group, 4, 1)[0].test == splits[0].test);
  CHECK(stratified_group_k_fold(labels, group, 4, 2)[0].test != splits[0].test);
}

TEST_CASE("stratified_group_k_fold with as many folds as groups tests one group each") {
  const Array t{0, 0, 1, 1, 1, 0}, groups{0, 1, 2, 3, 3, 3};
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    std::multiset<std::size_t> sizes;
    for (const Split& split : stratified_group_k_fold(t, groups, 4, seed)) sizes.insert(split.test.size());
    CHECK(sizes == std::multiset<std::size_t>{1, 1, 1, 3});
  }
}

TEST_CASE("no fold of groups is empty, whatever the groups") {
  random::Generator generator(11);
  std::size_t empty = 0, cases = 0;
  for (std::uint64_t round = 0; round < 4000; ++round) {
    const std::size_t n_groups = 2 + generator.integer(9), n_class = 1 + generator.integer(4);
    const std::size_t largest = 1 + generator.integer(6);
    const bool pure = generator.integer(2) == 0;  // whether every group has one class only, as patients do
    std::vector<std::int32_t> t, groups;
    for (std::size_t g = 0; g < n_groups; ++g) {
      auto label = static_cast<std::int32_t>(generator.integer(n_class));
      for (std::size_t i = 1 + generator.integer(largest); i > 0; --i) {
        if (!pure) label = static_cast<std::int32_t>(generator.integer(n_class));
        groups.push_back(static_cast<std::int32_t>(g));
        t.push_back(label);
      }
    }
    const std::size_t n_splits = 2 + generator.integer(n_groups - 1);
    const Array labels(t), group(groups);
    for (const auto& splits :
         {stratified_group_k_fold(labels, group, n_splits, round), group_k_fold(labels, group, n_splits)}) {
      REQUIRE(splits.size() == n_splits);
      for (const Split& split : splits) empty += split.test.empty() || split.train.empty();
      ++cases;
    }
  }
  CHECK(cases == 8000);
  CHECK(empty == 0);
}

TEST_CASE("folds refuse data sets that are too small or already resampled") {
  CHECK_THROWS_WITH(stratified_k_fold(labels_of({9, 4}), 5, 1),
                    "stratified_k_fold: class 1 has 4 samples, 5 folds need one each");
  CHECK_THROWS_WITH(stratified_k_fold(labels_of({9, 4}), 1, 1),
                    "stratified_k_fold: expected at least 2 folds, got 1");
  CHECK_THROWS_WITH(stratified_k_fold(Array::zeros({0}, Dtype::int32), 2, 1),
                    "stratified_k_fold: there are no samples");
  CHECK_THROWS_WITH(stratified_k_fold(Array{1.f}, 2, 1),
                    "stratified_k_fold: t must be int32, int64 or uint8, got float32(1); did you mean "
                    "t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(group_k_fold(Array{0, 0, 0}, Array{1, 2}, 2),
                    "group_k_fold: labels and groups differ in length: int64(3) and int32(2)");
  CHECK_THROWS_WITH(group_k_fold(Array{0, 0, 0}, Array{1, 1, 2}, 3),
                    "group_k_fold: there are 2 groups, 3 folds need one each");
  CHECK_THROWS_WITH(group_k_fold(Array{0, 0, 0}, Array{1, 1, 2}, 0),
                    "group_k_fold: expected at least 2 folds, got 0");
  CHECK_THROWS_WITH(
      stratified_group_k_fold(Array{0, 0}, Array{1.f, 2.f}, 2, 1),
      "stratified_group_k_fold: groups must be int32, int64 or uint8, got float32(2); did you mean "
      "groups.astype(Dtype::int32)?");
}
