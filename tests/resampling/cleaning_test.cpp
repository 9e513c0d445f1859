#include "tenbin/resampling/cleaning.h"

#include <map>

#include "tenbin/serializers/npz.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/resampling/brute_force.h"

using namespace tenbin;
using testing::all_rows;
using testing::clouds;
using testing::nearest;
using testing::Rows;

namespace {

using Links = std::vector<std::pair<std::size_t, std::size_t>>;

Links links_by_comparing_all(const Dataset& train) {
  const std::vector<int> t = train.t.to_vector<int>();
  const Rows all = all_rows(t.size());
  Rows first;
  for (const std::size_t row : all) first.push_back(nearest(train.x, row, all, 1)[0]);
  Links links;
  for (const std::size_t a : all)
    if (a < first[a] && first[first[a]] == a && t[a] != t[first[a]]) links.emplace_back(a, first[a]);
  return links;
}

bool contradicted(const Dataset& train, std::size_t row, std::size_t k, KindSel kind) {
  const std::vector<int> t = train.t.to_vector<int>();
  std::map<int, std::size_t> votes;
  for (const std::size_t neighbor : nearest(train.x, row, all_rows(t.size()), k)) ++votes[t[neighbor]];
  if (kind == KindSel::all) return votes[t[row]] < k;
  int winner = votes.begin()->first;
  for (const auto& [c, count] : votes)
    if (count > votes[winner]) winner = c;
  return winner != t[row];
}

// The rows of x that remain, identified by their values, which are all different.
Rows kept(const Dataset& train, const Dataset& cleaned) {
  const std::size_t columns = train.x.size() / train.size();
  const std::vector<double> from = train.x.to_vector<double>(), left = cleaned.x.to_vector<double>();
  const std::vector<int> t = train.t.to_vector<int>(), t_left = cleaned.t.to_vector<int>();
  Rows rows;
  std::size_t row = 0;
  for (std::size_t i = 0; i < cleaned.size(); ++i, ++row) {
    const auto differs = [&](std::size_t at) {
      return !std::equal(left.begin() + static_cast<std::ptrdiff_t>(i * columns),
                         left.begin() + static_cast<std::ptrdiff_t>((i + 1) * columns),
                         from.begin() + static_cast<std::ptrdiff_t>(at * columns));
    };
    while (row < train.size() && differs(row)) ++row;
    REQUIRE(row < train.size());
    REQUIRE(t[row] == t_left[i]);
    rows.push_back(row);
  }
  return rows;
}

Rows to_rows(const Array& indices) {
  Rows rows;
  for (const auto row : indices.to_vector<std::int64_t>()) rows.push_back(static_cast<std::size_t>(row));
  return rows;
}

Dataset lattice(std::size_t rows, int classes) {
  random::Generator generator(rows);
  Array x = Array::empty({rows, 2}), t = Array::empty({rows}, Dtype::int32);
  for (std::size_t i = 0; i < 2 * rows; ++i) x.data<float>()[i] = static_cast<float>(generator.integer(9));
  for (std::size_t i = 0; i < rows; ++i)
    t.data<std::int32_t>()[i] =
        static_cast<std::int32_t>(generator.integer(static_cast<std::uint64_t>(classes)));
  return {x, t};
}

}  // namespace

TEST_CASE("tomek_links equal those of a brute-force search") {
  for (const Dataset& train :
       {clouds({200, 60}, 2, 1, 0.5), clouds({80, 80}, 3, 2, 0.2), clouds({100, 40, 30, 5}, 2, 3),
        lattice(300, 2), lattice(200, 4), clouds({2, 1}, 1, 1)})
    CHECK(tomek_links(train) == links_by_comparing_all(train));
  CHECK(tomek_links(clouds({50}, 2, 1)).empty());
  CHECK(tomek_links(Dataset(Array{{0.f}, {1.f}}, Array{3, 5})) == Links{{0, 1}});
}

TEST_CASE("remove_tomek_links drops the linked rows of the classes that may lose some") {
  const Dataset train = clouds({200, 60, 30}, 2, 1, 0.5);
  const std::vector<int> t = train.t.to_vector<int>();
  const auto expected = [&](const std::vector<int>& classes) {
    std::vector<bool> goes(t.size());
    for (const auto& [a, b] : links_by_comparing_all(train))
      for (const std::size_t row : {a, b}) goes[row] = std::count(classes.begin(), classes.end(), t[row]) > 0;
    Rows rows;
    for (std::size_t row = 0; row < t.size(); ++row)
      if (!goes[row]) rows.push_back(row);
    return rows;
  };
  CHECK(kept(train, remove_tomek_links(train)) == expected({0, 1}));
  CHECK(kept(train, remove_tomek_links(train, {.classes = {2}})) == expected({2}));
  CHECK(kept(train, remove_tomek_links(train, {.classes = {0, 1, 2}})) == expected({0, 1, 2}));
  CHECK(expected({0, 1}).size() < train.size());
  CHECK(expected({0, 1, 2}).size() < expected({0, 1}).size());
}

TEST_CASE("edited_nearest_neighbours drops rows that disagree with their neighbours") {
  const KindSel kind = GENERATE(KindSel::all, KindSel::mode);
  for (const std::size_t k : {1, 3, 4, 6})
    for (const Dataset& train :
         {clouds({150, 50}, 2, 1, 0.5), clouds({60, 60, 60}, 2, 2, 0.5), lattice(200, 3)}) {
      const std::vector<int> t = train.t.to_vector<int>();
      std::map<int, std::size_t> counts;
      for (const int c : t) ++counts[c];
      int smallest = 0;
      for (const auto& [c, count] : counts)
        if (count < counts[smallest]) smallest = c;
      Rows some, all;
      for (std::size_t row = 0; row < t.size(); ++row) {
        const bool goes = contradicted(train, row, k, kind);
        if (!goes) all.push_back(row);
        if (!goes || t[row] == smallest) some.push_back(row);
      }
      const EditedNearestNeighboursOptions options{.n_neighbors = k, .kind_sel = kind};
      EditedNearestNeighboursOptions everywhere = options;
      for (const auto& [c, count] : counts) everywhere.classes.push_back(c);
      const Dataset cleaned = edited_nearest_neighbours(train, options);
      CHECK(cleaned.x.to_vector<float>() == train.subset(some).x.to_vector<float>());
      CHECK(cleaned.t.to_vector<int>() == train.subset(some).t.to_vector<int>());
      const Dataset most_cleaned = edited_nearest_neighbours(train, everywhere);
      CHECK(most_cleaned.x.to_vector<float>() == train.subset(all).x.to_vector<float>());
      REQUIRE(all.size() < some.size());
    }
}

TEST_CASE("edited_nearest_neighbours of a class that is a small part of the rows") {
  const Dataset train = clouds({150, 50}, 2, 1, 0.5);
  Rows expected;
  for (std::size_t row = 0; row < 200; ++row)
    if (train.t.data<std::int32_t>()[row] == 0 || !contradicted(train, row, 3, KindSel::all))
      expected.push_back(row);
  CHECK(kept(train, edited_nearest_neighbours(train, {.classes = {1}})) == expected);
}

TEST_CASE("the cleaning methods keep the same rows as imbalanced-learn") {
  const NpzReader golden(TENBIN_TEST_DATA "/resampling/imbalanced_learn.npz");
  int cases = 0;
  for (; golden.contains(std::to_string(cases) + "/x"); ++cases) {
    CAPTURE(cases);
    const std::string name = std::to_string(cases) + "/";
    const Dataset train(golden.read(name + "x"), golden.read(name + "t"));
    std::vector<std::int64_t> classes;
    for (const auto c : train.t.to_vector<std::int64_t>())
      if (std::count(classes.begin(), classes.end(), c) == 0) classes.push_back(c);
    const auto expected = [&](const char* sampler) { return to_rows(golden.read(name + sampler)); };
    CHECK(kept(train, remove_tomek_links(train)) == expected("tomek"));
    CHECK(kept(train, remove_tomek_links(train, {.classes = classes})) == expected("tomek_all"));
    CHECK(kept(train, edited_nearest_neighbours(train)) == expected("enn_all"));
    CHECK(kept(train, edited_nearest_neighbours(train, {.kind_sel = KindSel::mode})) == expected("enn_mode"));
    CHECK(kept(train, edited_nearest_neighbours(
                          train, {.classes = classes, .n_neighbors = 5, .kind_sel = KindSel::mode})) ==
          expected("enn_5_all_classes"));
  }
  CHECK(cases == 8);
}

TEST_CASE("the cleaning methods mark their result and refuse odd arguments") {
  const Dataset train = clouds({30, 10}, 2, 1);
  CHECK(remove_tomek_links(train).resampled_by == std::string("remove_tomek_links"));
  CHECK(edited_nearest_neighbours(train).resampled_by == std::string("edited_nearest_neighbours"));
  CHECK_THROWS_WITH(edited_nearest_neighbours(train, {.classes = {0, 4}}),
                    "edited_nearest_neighbours: class 4 has no samples");
  CHECK_THROWS_WITH(remove_tomek_links(train, {.classes = {-1}}),
                    "remove_tomek_links: class -1 has no samples");
  CHECK_THROWS_WITH(
      edited_nearest_neighbours(train, {.n_neighbors = 40}),
      "edited_nearest_neighbours: 40 nearest neighbours need at least 41 samples, got float32(40, 2)");
  CHECK_THROWS_WITH(edited_nearest_neighbours(train, {.n_neighbors = 0}),
                    "edited_nearest_neighbours: expected n_neighbors above 0, got 0");
  CHECK_THROWS_WITH(tomek_links(Dataset(Array{{1.f}}, Array{1})),
                    "tomek_links: 1 nearest neighbours need at least 2 samples, got float32(1, 1)");
  CHECK_THROWS_WITH(tomek_links(Dataset(Array{{1.f}, {2.f}}, Array{1.f, 2.f})),
                    "tomek_links: t must be int32, int64 or uint8, got float32(2); did you mean "
                    "t.astype(Dtype::int32)?");
}
