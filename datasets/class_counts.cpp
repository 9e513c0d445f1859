#include "tenbin/datasets/class_counts.h"

#include <algorithm>

#include "tenbin/core/detail/labels.h"

namespace tenbin {

std::vector<std::size_t> class_counts(const Array& t, std::size_t n_class,
                                      std::optional<std::int64_t> ignore_label) {
  const Array labels = detail::to_labels("class_counts", "t", t);
  const char* one_hot = detail::one_hot_hint(labels);
  if (*one_hot != '\0') throw Error("class_counts: t must be labels, got ", t, one_hot);
  const std::int64_t ignored = detail::ignored_label("class_counts", labels, ignore_label, n_class);
  const std::int64_t* label = labels.data<std::int64_t>();
  std::vector<std::size_t> counts(n_class, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (label[i] == ignored) continue;
    detail::require_class("class_counts", "t", i, label[i], n_class);
    ++counts[static_cast<std::size_t>(label[i])];
  }
  return counts;
}

void detail::require_samples(const char* function, const std::vector<std::size_t>& counts,
                             bool in_every_class) {
  if (counts.empty()) throw Error(function, ": expected at least one class, got none");
  const auto empty = std::find(counts.begin(), counts.end(), std::size_t{0});
  if (in_every_class && empty != counts.end())
    throw Error(function, ": class ", empty - counts.begin(), " has no samples");
  if (std::all_of(counts.begin(), counts.end(), [](std::size_t count) { return count == 0; }))
    throw Error(function, ": none of the ", counts.size(), " classes has samples");
}

}  // namespace tenbin
