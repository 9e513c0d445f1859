#include "tenbin/datasets/long_tail.h"

#include <cmath>

#include "tenbin/core/detail/labels.h"
#include "tenbin/datasets/detail/fraction.h"

namespace tenbin {

std::vector<std::size_t> long_tail_counts(std::size_t n_max, std::size_t n_class, double imbalance_ratio) {
  if (n_class == 0) throw Error("long_tail_counts: expected n_class above 0, got 0");
  if (!(imbalance_ratio >= 1) || std::isinf(imbalance_ratio))
    throw Error("long_tail_counts: expected a finite imbalance_ratio >= 1, got ", imbalance_ratio);
  std::vector<std::size_t> counts;
  for (std::size_t c = 0; c < n_class; ++c) {
    const double tail = c == 0 ? 0 : static_cast<double>(c) / static_cast<double>(n_class - 1);
    const double size = static_cast<double>(n_max) * std::pow(imbalance_ratio, -tail);
    counts.push_back(static_cast<std::size_t>(detail::decimal_floor(size)));
  }
  return counts;
}

std::vector<std::size_t> long_tail_subset(const Array& t, const std::vector<std::size_t>& counts) {
  const Array labels = detail::to_label_vector("long_tail_subset", "t", t);
  const std::int64_t* label = labels.data<std::int64_t>();
  std::vector<std::size_t> had(counts.size(), 0);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    detail::require_class("long_tail_subset", "t", i, label[i], counts.size());
    const auto c = static_cast<std::size_t>(label[i]);
    if (had[c]++ < counts[c]) indices.push_back(i);
  }
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (had[c] < counts[c])
      throw Error("long_tail_subset: class ", c, " has ", had[c], " samples, ", counts[c], " are wanted");
  return indices;
}

}  // namespace tenbin
