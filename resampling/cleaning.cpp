#include "tenbin/resampling/cleaning.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "tenbin/core/detail/labels.h"
#include "tenbin/resampling/neighbors.h"
#include "tenbin/resampling/sampling_strategy.h"

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;
using Links = std::vector<std::pair<std::size_t, std::size_t>>;

// The training rows, checked: x as it is on the CPU, t as int64.
struct Source {
  Array x;
  Array t;
  detail::ClassRows classes;

  std::size_t size() const { return t.size(); }
  std::int64_t label(std::size_t row) const { return t.data<std::int64_t>()[row]; }
};

Source source_of(const char* function, const Dataset& train, std::size_t k) {
  detail::require_rows(train.x, train.t);  // the members are public and may have been assigned
  const Array t = detail::to_label_vector(function, "t", train.t);
  if (k == 0) throw Error(function, ": expected n_neighbors above 0, got 0");
  if (k >= t.size())
    throw Error(function, ": ", k, " nearest neighbours need at least ", k + 1, " samples, got ", train.x);
  return {train.x.to(Device::cpu()), t, detail::samples_by_class(t)};
}

Rows all_rows(std::size_t n) {
  Rows all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

// For every row whether it may be removed. Errors: a class that has no samples.
std::vector<bool> removable(const char* function, const Source& source, std::vector<std::int64_t> classes) {
  if (classes.empty()) {
    const std::int64_t smallest = detail::minority_class(detail::counts_of(source.classes));
    for (const auto& [c, rows] : source.classes)
      if (c != smallest) classes.push_back(c);
  }
  std::vector<bool> may_go(source.size());
  for (const std::int64_t c : classes) {
    const auto found = source.classes.find(c);
    if (found == source.classes.end()) throw Error(function, ": class ", c, " has no samples");
    for (const std::size_t row : found->second) may_go[row] = true;
  }
  return may_go;
}

Dataset without(const Dataset& train, const std::vector<bool>& goes, const char* function) {
  Rows kept;
  for (std::size_t row = 0; row < goes.size(); ++row)
    if (!goes[row]) kept.push_back(row);
  Dataset cleaned = train.subset(kept);
  cleaned.resampled_by = function;
  return cleaned;
}

// At least one row of a link is not of the largest class. So the nearest neighbour is searched only for those
// rows, and then for their neighbours of another class.
Links find_links(const char* function, const Source& source) {
  constexpr std::size_t unknown = std::numeric_limits<std::size_t>::max();
  const Rows all = all_rows(source.size());
  Rows nearest(source.size(), unknown);
  const auto ask = [&](const Rows& rows) {
    const Neighbors neighbors = detail::nearest_neighbors(function, source.x, 1, rows, all);
    for (std::size_t i = 0; i < rows.size(); ++i) nearest[rows[i]] = neighbors[i][0];
  };
  const std::int64_t largest = detail::majority_class(detail::counts_of(source.classes));
  Rows first, second;
  for (const std::size_t row : all)
    if (source.label(row) != largest) first.push_back(row);
  ask(first);
  for (const std::size_t row : first)
    if (source.label(nearest[row]) == largest) second.push_back(nearest[row]);
  std::sort(second.begin(), second.end());
  second.erase(std::unique(second.begin(), second.end()), second.end());
  ask(second);
  Links links;
  for (std::size_t a = 0; a < source.size(); ++a) {
    const std::size_t b = nearest[a];
    if (b != unknown && a < b && nearest[b] == a && source.label(a) != source.label(b))
      links.emplace_back(a, b);
  }
  return links;
}

bool all_agree(const Source& source, std::size_t row, const std::size_t* neighbors, std::size_t k) {
  return std::all_of(neighbors, neighbors + k,
                     [&](std::size_t neighbor) { return source.label(neighbor) == source.label(row); });
}

bool mode_agrees(const Source& source, std::size_t row, const std::size_t* neighbors, std::size_t k) {
  std::map<std::int64_t, std::size_t> times;
  for (std::size_t i = 0; i < k; ++i) ++times[source.label(neighbors[i])];
  return detail::majority_class(times) == source.label(row);
}

}  // namespace

Links tomek_links(const Dataset& train) {
  return find_links("tomek_links", source_of("tomek_links", train, 1));
}

Dataset remove_tomek_links(const Dataset& train, const RemoveTomekLinksOptions& options) {
  constexpr const char* function = "remove_tomek_links";
  const Source source = source_of(function, train, 1);
  const std::vector<bool> may_go = removable(function, source, options.classes);
  std::vector<bool> goes(source.size());
  for (const auto& [a, b] : find_links(function, source))
    for (const std::size_t row : {a, b}) goes[row] = may_go[row];
  return without(train, goes, function);
}

Dataset edited_nearest_neighbours(const Dataset& train, const EditedNearestNeighboursOptions& options) {
  constexpr const char* function = "edited_nearest_neighbours";
  const std::size_t k = options.n_neighbors;
  const Source source = source_of(function, train, k);
  const std::vector<bool> may_go = removable(function, source, options.classes);
  const Rows all = all_rows(source.size());
  Rows judged;
  for (const std::size_t row : all)
    if (may_go[row]) judged.push_back(row);
  // among all rows, every distance is used for both of its rows
  if (2 * judged.size() > all.size()) judged = all;
  const Neighbors neighbors = detail::nearest_neighbors(function, source.x, k, judged, all);
  const auto agrees = options.kind_sel == KindSel::all ? all_agree : mode_agrees;
  std::vector<bool> goes(source.size());
  for (std::size_t i = 0; i < judged.size(); ++i)
    goes[judged[i]] = may_go[judged[i]] && !agrees(source, judged[i], neighbors[i], k);
  return without(train, goes, function);
}

}  // namespace tenbin
