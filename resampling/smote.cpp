#include "tenbin/resampling/smote.h"

namespace tenbin {

std::vector<Synthetic> smote_plan(const Dataset& train, const SmoteOptions& options) {
  constexpr const char* function = "smote";
  const detail::SyntheticSource source =
      detail::synthetic_source(function, train, options.sampling_strategy, options.k_neighbors);
  std::vector<Synthetic> plan;
  for (const auto& [c, rows] : source.classes) {
    const std::size_t count = source.wanted.at(c) - rows.size();
    if (count == 0) continue;
    const Neighbors neighbors =
        detail::nearest_neighbors(function, source.x, options.k_neighbors, rows, rows);
    detail::draw_synthetic(plan, count, rows, neighbors, options.seed);
  }
  return plan;
}

Dataset smote(const Dataset& train, const SmoteOptions& options) {
  return detail::append_synthetic("smote", train, smote_plan(train, options));
}

}  // namespace tenbin
