#include "tenbin/datasets/detail/groups.h"

#include <iterator>

#include "tenbin/core/detail/labels.h"

namespace tenbin::detail {

using Indices = std::vector<std::size_t>;

std::vector<Indices> samples_by_group(const char* function, const Array& t, const SplitGroups& groups) {
  const Array group = groups.checked(function);
  if (group.size() != t.size())
    throw Error(function, ": labels and groups differ in length: ", t, " and ", groups.values());
  std::vector<Indices> all;
  for (auto& [g, samples] : samples_by_class(group)) all.push_back(std::move(samples));
  return all;
}

std::vector<Indices> class_counts_of(const std::vector<Indices>& groups, const Array& t) {
  const auto classes = samples_by_class(t);
  std::vector<Indices> counts(groups.size(), Indices(classes.size()));
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const std::size_t i : groups[g]) {
      const auto c = std::distance(classes.begin(), classes.find(t.data<std::int64_t>()[i]));
      ++counts[g][static_cast<std::size_t>(c)];
    }
  return counts;
}

}  // namespace tenbin::detail
