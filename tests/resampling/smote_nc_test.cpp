#include "tenbin/resampling/smote_nc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "tenbin/datasets/class_weight.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/resampling/brute_force.h"

using namespace tenbin;
using testing::clouds;
using testing::Rows;
using testing::rows_of_class;

namespace {

// Columns 1 and 3 hold codes.
Dataset mixed(std::size_t majority, std::size_t minority, std::uint64_t seed, Dtype dtype = Dtype::float64) {
  Dataset data = clouds({majority, minority}, 5, seed, 0.5, Dtype::float64);
  random::Generator generator(seed + 100);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.x.data<double>()[5 * i + 1] = static_cast<double>(generator.integer(3));
    data.x.data<double>()[5 * i + 3] = static_cast<double>(10 * generator.integer(4));
    data.x.data<double>()[5 * i + 4] *= 3;
  }
  data.x = data.x.astype(dtype);
  return data;
}

double deviation(const std::vector<double>& x, const Rows& rows, std::size_t column) {
  double mean = 0, squares = 0;
  for (const std::size_t row : rows) mean += x[5 * row + column];
  mean /= static_cast<double>(rows.size());
  for (const std::size_t row : rows) squares += std::pow(x[5 * row + column] - mean, 2);
  return std::sqrt(squares / static_cast<double>(rows.size()));
}

// The k nearest rows by the distance of the paper.
Rows nearest_mixed(const std::vector<double>& x, std::size_t query, const Rows& rows, std::size_t k,
                   double m) {
  std::vector<std::pair<double, std::size_t>> found;
  for (const std::size_t row : rows) {
    if (row == query) continue;
    double distance = 0;
    for (const std::size_t c : {0, 2, 4}) distance += std::pow(x[5 * query + c] - x[5 * row + c], 2);
    for (const std::size_t c : {1, 3}) distance += x[5 * query + c] == x[5 * row + c] ? 0 : m * m;
    found.emplace_back(distance, row);
  }
  std::sort(found.begin(), found.end());
  Rows near;
  for (std::size_t i = 0; i < k; ++i) near.push_back(found[i].second);
  return near;
}

bool is_mode(double value, const std::vector<double>& x, const Rows& rows, std::size_t column) {
  std::map<double, int> times;
  for (const std::size_t row : rows) ++times[x[5 * row + column]];
  return std::all_of(times.begin(), times.end(),
                     [&](const auto& other) { return other.second <= times[value]; });
}

}  // namespace

TEST_CASE("every row of smote_nc follows from a base, its neighbours and the paper's rules") {
  const Dtype dtype = GENERATE(Dtype::float32, Dtype::float64);
  const std::size_t k = GENERATE(5, 4);
  const Dataset train = mixed(120, 25, 3, dtype);
  const Dataset made = smote_nc(train, {.categorical_features = {3, 1}, .k_neighbors = k, .seed = 2});
  REQUIRE(made.x.dtype() == dtype);
  REQUIRE(class_counts(made.t, 2) == Rows{120, 120});
  CHECK(made.x.slice(0, 145).to_vector<double>() == train.x.to_vector<double>());

  const std::vector<double> x = made.x.to_vector<double>();
  const Rows minority = rows_of_class(train.t, 1);
  std::vector<double> deviations;
  for (const std::size_t c : {0, 2, 4}) deviations.push_back(deviation(x, minority, c));
  std::sort(deviations.begin(), deviations.end());
  const double tolerance = dtype == Dtype::float32 ? 1e-5 : 1e-13;
  std::size_t unexplained = 0, changed = 0;
  for (std::size_t i = 145; i < made.size(); ++i) {
    const double* const row = &x[5 * i];
    bool explained = false;
    for (const std::size_t base : minority) {
      const Rows near = nearest_mixed(x, base, minority, k, deviations[1]);
      if (!is_mode(row[1], x, near, 1) || !is_mode(row[3], x, near, 3)) continue;
      for (const std::size_t to : near) {
        const auto at = [&](std::size_t row, std::size_t c) { return x[5 * row + c]; };
        const double u = (row[0] - at(base, 0)) / (at(to, 0) - at(base, 0));
        bool on_segment = u > -tolerance && u < 1 + tolerance;
        for (const std::size_t c : {0, 2, 4})
          on_segment =
              on_segment && std::abs(row[c] - at(base, c) - u * (at(to, c) - at(base, c))) < 100 * tolerance;
        if (on_segment && !explained) changed += row[1] != at(base, 1);
        explained = explained || on_segment;
      }
    }
    unexplained += !explained;
  }
  CHECK(unexplained == 0);
  CHECK(changed > 0);
}

TEST_CASE("smote_nc weights a category by the full median of the deviations") {
  // One continuous column of deviation 1 within the class. Row 0 has the category of rows at distance 0.9,
  // and not that of a row right next to it: with m^2 = 1 the latter is farther, with m^2 / 2 it would not be.
  const Dataset train(
      Array{{0., 0.}, {0.9, 0.}, {0.05, 1.}, {-2.3, 0.}, {5., 1.}, {6., 1.}, {7., 1.}, {8., 1.}, {9., 1.}},
      Array{1, 1, 1, 1, 0, 0, 0, 0, 0});
  const std::vector<double> x = train.x.to_vector<double>();
  double mean = 0, squares = 0;
  for (int i = 0; i < 4; ++i) mean += x[2 * static_cast<std::size_t>(i)] / 4;
  for (int i = 0; i < 4; ++i) squares += std::pow(x[2 * static_cast<std::size_t>(i)] - mean, 2) / 4;
  REQUIRE(squares > 0.9 * 0.9);
  REQUIRE(squares / 2 < 0.9 * 0.9);
  const Dataset made =
      smote_nc(train, {.categorical_features = {1}, .sampling_strategy = {{1, 400}}, .k_neighbors = 1});
  // All places between rows 0 and 1 occur, none between row 0 and row 2, which is of category 1.
  for (std::size_t i = 9; i < made.size(); ++i) CHECK(made.x.data<double>()[2 * i + 1] == 0);
}

TEST_CASE("smote_nc draws among the most frequent categories, however they are numbered") {
  // Three rows of three categories: the two neighbours of each tie.
  for (const bool reversed : {false, true}) {
    CAPTURE(reversed);
    const Array x = reversed ? Array{{0., 2.}, {1., 1.}, {2., 0.}, {5., 0.}, {6., 1.}, {7., 2.}, {8., 0.}}
                             : Array{{0., 0.}, {1., 1.}, {2., 2.}, {5., 0.}, {6., 1.}, {7., 2.}, {8., 0.}};
    const Dataset made = smote_nc(
        Dataset(x, Array{1, 1, 1, 0, 0, 0, 0}),
        {.categorical_features = {1}, .sampling_strategy = {{1, 3003}}, .k_neighbors = 2, .seed = 3});
    Rows times(3);
    for (std::size_t i = 7; i < made.size(); ++i)
      ++times[static_cast<std::size_t>(made.x.data<double>()[2 * i + 1])];
    for (const std::size_t count : times) CHECK((count > 870 && count < 1130));  // 1000, five deviations
  }
}

TEST_CASE("smote_nc is a function of the seed, and marks its result") {
  const Dataset train = mixed(60, 20, 1);
  const SmoteNCOptions options{.categorical_features = {1, 3}, .seed = 5};
  const std::vector<double> made = smote_nc(train, options).x.to_vector<double>();
  CHECK(smote_nc(train, options).x.to_vector<double>() == made);
  CHECK(smote_nc(train, {.categorical_features = {1, 3}, .seed = 6}).x.to_vector<double>() != made);
  CHECK(smote_nc(train, options).resampled_by == std::string("smote_nc"));
}

TEST_CASE("the seed of smote_nc is 1 where none is given") {
  const Dataset train = mixed(60, 20, 1);
  const std::vector<double> made = smote_nc(train, {.categorical_features = {1, 3}}).x.to_vector<double>();
  CHECK(made == smote_nc(train, {.categorical_features = {1, 3}, .seed = 1}).x.to_vector<double>());
  CHECK(made != smote_nc(train, {.categorical_features = {1, 3}, .seed = 2}).x.to_vector<double>());
}

TEST_CASE("smote_nc refuses odd columns") {
  const Dataset train = mixed(60, 20, 1);
  CHECK_THROWS_WITH(smote_nc(train, {.categorical_features = {5}}),
                    "smote_nc: categorical column 5 is out of range for float64(80, 5)");
  CHECK_THROWS_WITH(smote_nc(train, {.categorical_features = {1, 1}}),
                    "smote_nc: categorical column 1 is named twice");
  CHECK_THROWS_WITH(smote_nc(train, {}),
                    "smote_nc: expected categorical and continuous columns, got 0 categorical of 5");
  CHECK_THROWS_WITH(smote_nc(train, {.categorical_features = {4, 3, 2, 1, 0}}),
                    "smote_nc: expected categorical and continuous columns, got 5 categorical of 5");
  CHECK_THROWS_WITH(smote_nc(Dataset(Array::zeros({4, 2, 2}), Array{0, 0, 1, 1}), {.k_neighbors = 1}),
                    "smote_nc: x must have two axes, got float32(4, 2, 2)");
  CHECK_THROWS_WITH(smote_nc(mixed(60, 4, 1), {.categorical_features = {1}}),
                    "smote_nc: class 1 has 4 samples, 5 nearest neighbours need at least 6");
  Dataset bad = mixed(60, 20, 1);
  const std::size_t row = rows_of_class(bad.t, 1)[2];
  bad.x.data<double>()[5 * row + 1] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(smote_nc(bad, {.categorical_features = {1}}),
                    "smote_nc: expected finite values, got x[" + std::to_string(row) + ", 1] = nan");
}
