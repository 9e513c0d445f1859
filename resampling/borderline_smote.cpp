#include "tenbin/resampling/borderline_smote.h"

#include <algorithm>
#include <numeric>

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;

constexpr const char* function = "borderline_smote";

struct Danger {
  Rows rows;
  Rows nearest_other;  // for each row its nearest row of another class
};

// The rows of a class in danger: at least half of their m nearest neighbours, but not all, are of other
// classes.
Danger in_danger(const detail::SyntheticSource& source, const Rows& rows, std::size_t m) {
  Rows all(source.t.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const Neighbors neighbors = detail::nearest_neighbors(function, source.x, m, rows, all);
  const std::int64_t* const t = source.t.data<std::int64_t>();
  Danger danger;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto is_other = [&](std::size_t row) { return t[row] != t[rows[i]]; };
    const std::size_t* const begin = neighbors[i];
    const auto others = static_cast<std::size_t>(std::count_if(begin, begin + m, is_other));
    if (2 * others < m || others == m) continue;
    danger.rows.push_back(rows[i]);
    danger.nearest_other.push_back(*std::find_if(begin, begin + m, is_other));
  }
  return danger;
}

// For each query its neighbours and one more.
Neighbors with_one_more(const Neighbors& neighbors, const Rows& more) {
  Neighbors out{neighbors.k + 1, {}};
  for (std::size_t i = 0; i < neighbors.size(); ++i) {
    out.rows.insert(out.rows.end(), neighbors[i], neighbors[i] + neighbors.k);
    out.rows.push_back(more[i]);
  }
  return out;
}

}  // namespace

std::vector<Synthetic> borderline_smote_plan(const Dataset& train, const BorderlineSmoteOptions& options) {
  const detail::SyntheticSource source =
      detail::synthetic_source(function, train, options.sampling_strategy, options.k_neighbors);
  const std::size_t m = options.m_neighbors;
  if (m == 0 || m >= source.t.size())
    throw Error(function, ": expected m_neighbors from 1 to one less than the number of samples, got ", m,
                " and ", source.t.size(), " samples");
  std::vector<Synthetic> plan;
  for (const auto& [c, rows] : source.classes) {
    const std::size_t count = source.wanted.at(c) - rows.size();
    if (count == 0) continue;
    const Danger danger = in_danger(source, rows, m);
    if (danger.rows.empty())
      throw Error(function, ": none of the ", rows.size(), " samples of class ", c,
                  " is in danger: at least half of its ", m,
                  " nearest neighbours, but not all, of other classes");
    Neighbors neighbors =
        detail::nearest_neighbors(function, source.x, options.k_neighbors, danger.rows, rows);
    if (options.kind == BorderlineKind::two) neighbors = with_one_more(neighbors, danger.nearest_other);
    detail::draw_synthetic(plan, count, danger.rows, neighbors, options.seed);
  }
  const std::int64_t* const t = source.t.data<std::int64_t>();
  for (Synthetic& recipe : plan)
    if (t[recipe.neighbor] != t[recipe.base]) recipe.gap /= 2;
  return plan;
}

Dataset borderline_smote(const Dataset& train, const BorderlineSmoteOptions& options) {
  return detail::append_synthetic(function, train, borderline_smote_plan(train, options));
}

}  // namespace tenbin
