#include "tenbin/resampling/smote_n.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/class_weight.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/resampling/brute_force.h"

using namespace tenbin;
using testing::clouds;
using testing::Rows;
using testing::rows_of_class;

namespace {

constexpr std::size_t columns = 4;

// Codes that depend on the class: of column j, below j + 2, times 10.
Dataset codes(const Rows& counts, std::uint64_t seed, Dtype dtype = Dtype::float32) {
  Dataset data = clouds(counts, columns, seed, 0, Dtype::float64);
  random::Generator generator(seed + 100);
  for (std::size_t i = 0; i < data.size(); ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      const auto label = static_cast<std::uint64_t>(data.t.data<std::int32_t>()[i]);
      const std::uint64_t n = j + 2;
      const std::uint64_t code = generator.integer(3) == 0 ? label % n : generator.integer(n);
      data.x.data<double>()[i * columns + j] = static_cast<double>(10 * code);
    }
  data.x = data.x.astype(dtype);
  return data;
}

// The paper's formula, word for word.
double distance(const std::vector<double>& x, const std::vector<int>& t, int n_class, std::size_t a,
                std::size_t b) {
  double sum = 0;
  for (std::size_t j = 0; j < columns; ++j) {
    double difference = 0;
    for (int c = 0; c < n_class; ++c) {
      const auto likelihood = [&](double value) {
        double all = 0, of_class = 0;
        for (std::size_t i = 0; i < t.size(); ++i) {
          if (x[i * columns + j] != value) continue;
          all += 1;
          of_class += t[i] == c;
        }
        return of_class / all;
      };
      difference += std::abs(likelihood(x[a * columns + j]) - likelihood(x[b * columns + j]));
    }
    sum += difference * difference;
  }
  return sum;
}

// Whether every value of a row is among the most frequent of its column.
bool may_be_voted(const double* row, const std::vector<double>& x, const Rows& voters) {
  for (std::size_t j = 0; j < columns; ++j) {
    std::map<double, int> times;
    for (const std::size_t voter : voters) ++times[x[voter * columns + j]];
    for (const auto& [value, count] : times)
      if (count > times[row[j]]) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("smote_n makes rows that the neighbours of a base have voted for") {
  const Dtype dtype = GENERATE(Dtype::float32, Dtype::float64);
  const std::size_t k = GENERATE(1, 4, 5);
  const Dataset train = codes({60, 14, 25}, 3, dtype);
  const Dataset made = smote_n(train, {.k_neighbors = k, .seed = 2});
  REQUIRE(made.x.dtype() == dtype);
  REQUIRE(class_counts(made.t, 3) == Rows{60, 60, 60});
  REQUIRE(made.x.slice(0, 99).to_vector<double>() == train.x.to_vector<double>());
  const std::vector<double> x = made.x.to_vector<double>();
  const std::vector<int> t = train.t.to_vector<int>(), made_t = made.t.to_vector<int>();
  std::map<int, std::vector<Rows>> voters;  // by class, of each base
  for (const int c : {1, 2}) {
    const Rows rows = rows_of_class(train.t, c);
    for (const std::size_t base : rows) {
      std::vector<std::pair<double, std::size_t>> near;
      for (const std::size_t row : rows)
        if (row != base) near.emplace_back(std::round(distance(x, t, 3, base, row) * 0x1p40), row);
      std::sort(near.begin(), near.end());
      voters[c].emplace_back();
      for (std::size_t i = 0; i < k; ++i) voters[c].back().push_back(near[i].second);
    }
  }
  std::size_t unexplained = 0;
  std::map<std::vector<double>, int> seen;
  for (std::size_t i = 99; i < made.size(); ++i) {
    const std::vector<double> row(&x[i * columns], &x[i * columns] + columns);
    const auto gives_row = [&](const Rows& of_base) { return may_be_voted(&x[i * columns], x, of_base); };
    const std::vector<Rows>& bases = voters[made_t[i]];
    unexplained += std::none_of(bases.begin(), bases.end(), gives_row);
    ++seen[row];
  }
  CHECK(unexplained == 0);
  CHECK(seen.size() > 5);
}

TEST_CASE("smote_n draws every base as often") {
  // Four rows of class 1, each the only neighbour of another: what they give away tells which the base was.
  const Dataset train(Array{{0.f, 0.f},
                            {0.f, 1.f},
                            {1.f, 2.f},
                            {1.f, 3.f},
                            {2.f, 2.f},
                            {2.f, 3.f},
                            {0.f, 2.f},
                            {2.f, 0.f},
                            {2.f, 1.f},
                            {2.f, 2.f}},
                      Array{1, 1, 1, 1, 0, 0, 0, 0, 0, 0});
  const Dataset made = smote_n(train, {.sampling_strategy = {{1, 4 + 8000}}, .k_neighbors = 1});
  std::map<float, int> times;
  for (std::size_t i = 10; i < made.size(); ++i) ++times[made.x.data<float>()[2 * i + 1]];
  REQUIRE(times.size() == 4);
  for (const auto& [value, count] : times) CHECK(std::abs(count - 2000) < 5 * std::sqrt(8000 * .25 * .75));
}

TEST_CASE("smote_n is a function of the seed at any number of threads, and marks its result") {
  const Dataset train = codes({60, 20}, 1);
  const std::vector<double> made = smote_n(train, {.seed = 5}).x.to_vector<double>();
  const std::size_t threads = num_threads();
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}}) {
    set_num_threads(count);
    CHECK(smote_n(train, {.seed = 5}).x.to_vector<double>() == made);
  }
  set_num_threads(threads);
  CHECK(smote_n(train, {.seed = 6}).x.to_vector<double>() != made);
  CHECK(smote_n(train).resampled_by == std::string("smote_n"));
  CHECK(class_counts(smote_n(train, {.sampling_strategy = 0.5}).t, 2) == Rows{60, 30});
}

TEST_CASE("the seed of smote_n is 1 where none is given") {
  const Dataset train = codes({60, 20}, 1);
  const std::vector<double> made = smote_n(train).x.to_vector<double>();
  CHECK(made == smote_n(train, {.seed = 1}).x.to_vector<double>());
  CHECK(made != smote_n(train, {.seed = 2}).x.to_vector<double>());
}

TEST_CASE("smote_n refuses what it cannot do") {
  CHECK_THROWS_WITH(smote_n(codes({9, 5}, 1)),
                    "smote_n: class 1 has 5 samples, 5 nearest neighbours need at least 6");
  CHECK_THROWS_WITH(smote_n(Dataset(Array::zeros({4, 2, 2}), Array{0, 0, 0, 1}), {.k_neighbors = 1}),
                    "smote_n: class 1 has 1 samples, 1 nearest neighbours need at least 2");
  CHECK_THROWS_WITH(smote_n(Dataset(Array::zeros({5, 2, 2}), Array{0, 0, 0, 1, 1}), {.k_neighbors = 1}),
                    "smote_n: x must have two axes, got float32(5, 2, 2)");
  CHECK_THROWS_WITH(smote_n(Dataset(Array::zeros({2, 2}, Dtype::int32), Array{0, 1})),
                    "smote_n: x must be float32 or float64, got int32(2, 2)");
  Dataset bad = codes({20, 8}, 1);
  bad.x.data<float>()[columns * 3 + 1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(smote_n(bad), "smote_n: expected finite values, got x[3, 1] = nan");
}
