#include "tenbin/resampling/neighbors.h"

#include <cmath>
#include <limits>

#include "tenbin/cpu/parallel.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/resampling/brute_force.h"

using namespace tenbin;
using testing::all_rows;
using testing::nearest;
using testing::Rows;

namespace {

// Counts the queries for which the library's neighbours differ from those of the brute-force search.
std::size_t differences(const Array& x, std::size_t k, const Rows& queries, const Rows& candidates) {
  const Neighbors found = nearest_neighbors(x, k, queries, candidates);
  REQUIRE(found.k == k);
  REQUIRE(found.size() == queries.size());
  std::size_t count = 0;
  for (std::size_t q = 0; q < queries.size(); ++q)
    count += Rows(found[q], found[q] + k) != nearest(x, queries[q], candidates, k);
  return count;
}

std::size_t differences(const Array& x, std::size_t k) {
  const Rows all = all_rows(x.shape()[0]);
  return differences(x, k, all, all);
}

// Integers below `bound`: many rows are equal, many distances too.
Array lattice(const Shape& shape, std::uint64_t bound, std::uint64_t seed) {
  random::Generator generator(seed);
  Array x = Array::empty(shape);
  for (std::size_t i = 0; i < x.size(); ++i)
    x.data<float>()[i] = static_cast<float>(generator.integer(bound));
  return x;
}

}  // namespace

TEST_CASE("nearest_neighbors equal those of a brute-force search") {
  // Around the 24 rows of a panel, and beyond the 32 panels of a block.
  const auto [rows, columns] = GENERATE(table<std::size_t, std::size_t>({{2, 1},
                                                                         {3, 4},
                                                                         {23, 2},
                                                                         {24, 3},
                                                                         {25, 5},
                                                                         {48, 30},
                                                                         {49, 7},
                                                                         {200, 64},
                                                                         {1000, 3},
                                                                         {1700, 10},
                                                                         {90, 1000}}));
  const Dtype dtype = GENERATE(Dtype::float32, Dtype::float64);
  CAPTURE(rows, columns, dtype);
  const Array x = random::Generator(rows).normal({rows, columns}, 0, 1, dtype);
  for (const std::size_t k : {1, 3, 8})
    if (k < rows) CHECK(differences(x, k) == 0);
  CHECK(differences(x, rows < 100 ? rows - 1 : 50) == 0);
}

TEST_CASE("nearest_neighbors breaks ties by index, equal rows included") {
  for (const std::size_t columns : {1, 2, 5}) CHECK(differences(lattice({300, columns}, 3, columns), 6) == 0);
  CHECK(differences(Array::zeros({60, 4}), 5) == 0);
  CHECK(differences(Array::zeros({30, 0}), 3) == 0);
  const Neighbors found = nearest_neighbors(Array{{0.f}, {1.f}, {0.f}, {-1.f}, {0.f}}, 3);
  CHECK(found.rows == Rows{2, 4, 1, 0, 2, 4, 0, 4, 1, 0, 2, 4, 0, 2, 1});
}

TEST_CASE("nearest_neighbors of some rows among others") {
  const Array x = random::Generator(3).normal({500, 6});
  const Array ties = lattice({500, 2}, 4, 3);
  Rows odd, few{499, 0, 77, 78}, some;
  for (std::size_t i = 1; i < 500; i += 2) odd.push_back(i);
  for (std::size_t i = 100; i < 400; i += 3) some.push_back(i);
  for (const Array& rows : {x, ties}) {
    CHECK(differences(rows, 4, few, all_rows(500)) == 0);
    CHECK(differences(rows, 4, some, odd) == 0);
    CHECK(differences(rows, 4, odd, odd) == 0);
    CHECK(differences(rows, 3, odd, few) == 0);
    CHECK(differences(rows, 2, {}, few) == 0);
  }
}

TEST_CASE("nearest_neighbors is exact where float32 is not") {
  const std::size_t rows = 400, columns = 5;
  const Array noise = random::Generator(1).normal({rows, columns}, 0, 1, Dtype::float64);
  const auto map = [&](auto f) {
    Array x = noise.copy();
    for (std::size_t i = 0; i < x.size(); ++i) x.data<double>()[i] = f(i, x.data<double>()[i]);
    return x;
  };
  SECTION("a large offset") {
    CHECK(differences(map([](std::size_t, double v) { return 1e9 + v; }), 4) == 0);
    CHECK(differences(map([](std::size_t i, double v) { return (i % 2 ? 1e9 : -1e9) + v; }), 4) == 0);
  }
  SECTION("two clouds far apart, whose inner distances float32 loses") {
    CHECK(differences(map([](std::size_t i, double v) { return (i / columns % 2 ? 1e6 : -1e6) + v; }), 4) ==
          0);
  }
  SECTION("rows closer than float32 can tell") {
    CHECK(differences(map([](std::size_t i, double v) { return static_cast<double>(i % 7) + 1e-12 * v; }),
                      4) == 0);
  }
  SECTION("tiny, huge and both") {
    CHECK(differences(map([](std::size_t, double v) { return 1e-100 * v; }), 4) == 0);
    CHECK(differences(map([](std::size_t, double v) { return 1e139 * v / 10; }), 4) == 0);
    CHECK(differences(
              map([](std::size_t i, double v) { return v * std::pow(10., static_cast<int>(i % 60) - 30); }),
              4) == 0);
    CHECK(differences(map([](std::size_t, double v) { return 1e-310 * v; }), 4) == 0);
  }
}

TEST_CASE("Neighbors of no query have size 0") {
  CHECK(Neighbors().size() == 0);
  CHECK(nearest_neighbors(Array{{0.f}, {1.f}}, 1, {}, {0, 1}).size() == 0);
}

TEST_CASE("nearest_neighbors takes images and whole numbers") {
  const Array images = lattice({50, 4, 4}, 256, 9).astype(Dtype::uint8);
  CHECK(nearest_neighbors(images, 3).rows ==
        nearest_neighbors(images.reshape({50, 16}).astype(Dtype::float64), 3).rows);
  CHECK(differences(images, 3) == 0);
  CHECK(differences(lattice({50, 4}, 9, 9).astype(Dtype::int32), 3) == 0);
}

TEST_CASE("nearest_neighbors finds the same at any number of threads") {
  const Array x = lattice({2000, 3}, 20, 5);
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const Rows alone = nearest_neighbors(x, 5).rows;
  set_num_threads(4);
  const Rows together = nearest_neighbors(x, 5).rows;
  set_num_threads(threads);
  CHECK(alone == together);
}

TEST_CASE("nearest_neighbors refuses odd arguments") {
  const Array x = Array::zeros({5, 2});
  CHECK_THROWS_WITH(
      nearest_neighbors(x, 0),
      "nearest_neighbors: expected k from 1 to one less than the number of candidates, got k = 0 "
      "and 5 candidates");
  CHECK_THROWS_WITH(nearest_neighbors(x, 5), ContainsSubstring("got k = 5 and 5 candidates"));
  CHECK_THROWS_WITH(nearest_neighbors(Array::zeros({0, 2}), 1),
                    ContainsSubstring("got k = 1 and 0 candidates"));
  CHECK_THROWS_WITH(nearest_neighbors(Array::scalar(1), 1),
                    "nearest_neighbors: expected rows, got float32()");
  CHECK_THROWS_WITH(nearest_neighbors(x, 1, {0}, {1, 5}),
                    "nearest_neighbors: row 5 at position 1 is out of range for 5 rows");
  CHECK_THROWS_WITH(nearest_neighbors(x, 1, {9}, {1, 4}),
                    "nearest_neighbors: row 9 at position 0 is out of range for 5 rows");
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -2e140}) {
    Array y = Array::zeros({5, 2}, Dtype::float64);
    y.data<double>()[7] = bad;
    CHECK_THROWS_WITH(
        nearest_neighbors(y, 1),
        ContainsSubstring("nearest_neighbors: expected finite values up to 1e+140, got x[3, 1] = "));
  }
}
