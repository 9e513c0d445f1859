#include "tenbin/resampling/borderline_smote.h"

#include <set>

#include "tenbin/datasets/class_weight.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/resampling/brute_force.h"

using namespace tenbin;
using testing::all_rows;
using testing::clouds;
using testing::nearest;
using testing::Rows;
using testing::rows_of_class;

namespace {

// The rows of class c in danger: at least half of their m nearest, but not all, are of other classes.
Rows in_danger(const Dataset& train, int c, std::size_t m) {
  const std::vector<int> t = train.t.to_vector<int>();
  Rows danger;
  for (const std::size_t row : rows_of_class(train.t, c)) {
    std::size_t others = 0;
    for (const std::size_t neighbor : nearest(train.x, row, all_rows(t.size()), m))
      others += t[neighbor] != c;
    if (2 * others >= m && others < m) danger.push_back(row);
  }
  return danger;
}

// Enough recipes to draw every base many times.
std::vector<Synthetic> long_plan(const Dataset& train, int c, BorderlineSmoteOptions options) {
  options.sampling_strategy = {{c, rows_of_class(train.t, c).size() + 4000}};
  return borderline_smote_plan(train, options);
}

Rows bases_of(const std::vector<Synthetic>& plan) {
  std::set<std::size_t> bases;
  for (const Synthetic& recipe : plan) bases.insert(recipe.base);
  return {bases.begin(), bases.end()};
}

}  // namespace

TEST_CASE("borderline_smote starts from all rows in danger and no others") {
  const Dataset train = clouds({200, 30, 25}, 3, 7, 0.7);
  for (const int c : {1, 2})
    for (const std::size_t m : {4, 5, 10}) {
      CAPTURE(c, m);
      const Rows danger = in_danger(train, c, m);
      REQUIRE(!danger.empty());
      REQUIRE(danger.size() < rows_of_class(train.t, c).size());
      CHECK(bases_of(long_plan(train, c, {.m_neighbors = m})) == danger);
    }
}

TEST_CASE("borderline_smote of kind one goes to neighbours of the class") {
  const Dataset train = clouds({200, 30}, 3, 7, 0.7);
  const Rows minority = rows_of_class(train.t, 1);
  for (const auto& [base, neighbor, gap] : borderline_smote_plan(train)) {
    const Rows near = nearest(train.x, base, minority, 5);
    REQUIRE(std::count(near.begin(), near.end(), neighbor) == 1);
    REQUIRE((gap >= 0 && gap < 1));
  }
}

TEST_CASE("borderline_smote of kind two also goes up to half way to the nearest of another class") {
  const Dataset train = clouds({200, 30}, 3, 7, 0.7);
  const Rows minority = rows_of_class(train.t, 1), majority = rows_of_class(train.t, 0);
  const std::vector<int> t = train.t.to_vector<int>();
  std::size_t across = 0;
  float longest = 0, longest_across = 0;
  const std::vector<Synthetic> plan = long_plan(train, 1, {.kind = BorderlineKind::two});
  for (const auto& [base, neighbor, gap] : plan) {
    if (t[neighbor] == 1) {
      const Rows near = nearest(train.x, base, minority, 5);
      REQUIRE(std::count(near.begin(), near.end(), neighbor) == 1);
      longest = std::max(longest, gap);
      continue;
    }
    ++across;
    REQUIRE(neighbor == nearest(train.x, base, majority, 1)[0]);
    longest_across = std::max(longest_across, gap);
  }
  // One of six neighbours: 4000 / 6 expected, with a deviation of 23.6.
  CHECK(std::abs(static_cast<double>(across) - 4000. / 6) < 5 * 23.6);
  CHECK(longest > 0.98f);
  CHECK((longest_across > 0.48f && longest_across < 0.5f));
}

TEST_CASE("borderline_smote finds the same rows in danger as imbalanced-learn") {
  const NpzReader golden(TENBIN_TEST_DATA "/resampling/imbalanced_learn.npz");
  std::size_t compared = 0;
  for (int i = 0; golden.contains(std::to_string(i) + "/x"); ++i)
    for (int c = 1; golden.contains(std::to_string(i) + "/danger_" + std::to_string(c)); ++c) {
      CAPTURE(i, c);
      const std::string name = std::to_string(i) + "/";
      const Dataset train(golden.read(name + "x"), golden.read(name + "t"));
      Rows expected;
      for (const auto row : golden.read(name + "danger_" + std::to_string(c)).to_vector<std::int64_t>())
        expected.push_back(static_cast<std::size_t>(row));
      if (expected.empty()) {
        CHECK_THROWS_WITH(long_plan(train, c, {}), ContainsSubstring("is in danger"));
      } else {
        CHECK(bases_of(long_plan(train, c, {})) == expected);
      }
      ++compared;
    }
  CHECK(compared == 11);
}

TEST_CASE("borderline_smote grows classes and marks its result; refuses classes without rows in danger") {
  const Dataset train = clouds({200, 30}, 3, 7, 0.7);
  const Dataset made = borderline_smote(train);
  CHECK(class_counts(made.t, 2) == Rows{200, 200});
  CHECK(made.resampled_by == std::string("borderline_smote"));
  CHECK(borderline_smote(train, {.seed = 2}).x.to_vector<float>() != made.x.to_vector<float>());
  CHECK(borderline_smote(train).x.to_vector<float>() == made.x.to_vector<float>());
  CHECK(borderline_smote(train, {.seed = 1}).x.to_vector<float>() == made.x.to_vector<float>());

  CHECK_THROWS_WITH(
      borderline_smote(clouds({200, 30}, 3, 7, 50)),
      "borderline_smote: none of the 30 samples of class 1 is in danger: at least half of its 10 "
      "nearest neighbours, but not all, of other classes");
  CHECK_THROWS_WITH(borderline_smote(clouds({7, 3}, 3, 7)),
                    "borderline_smote: class 1 has 3 samples, 5 nearest neighbours need at least 6");
  CHECK_THROWS_WITH(
      borderline_smote(clouds({7, 3}, 3, 7), {.k_neighbors = 2}),
      "borderline_smote: expected m_neighbors from 1 to one less than the number of samples, got 10 "
      "and 10 samples");
  CHECK_THROWS_WITH(borderline_smote(train, {.m_neighbors = 0}), ContainsSubstring("got 0 and 230 samples"));
}
