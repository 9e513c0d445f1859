#include "tenbin/resampling/sampling_strategy.h"

#include <algorithm>

#include "tenbin/datasets/detail/fraction.h"

namespace tenbin {

namespace {

bool has_fewer(const SamplingStrategy::Counts::value_type& a, const SamplingStrategy::Counts::value_type& b) {
  return a.second < b.second;
}

}  // namespace

SamplingStrategy::Counts SamplingStrategy::over_sampling(const char* function, const Counts& classes) const {
  check(function, classes);
  Counts wanted = classes;
  if (counts_.empty()) {
    const std::size_t most = classes.at(detail::majority_class(classes));
    const auto least = static_cast<std::size_t>(detail::decimal_floor(ratio_ * static_cast<double>(most)));
    for (auto& [c, count] : wanted) count = std::max(count, least);
  }
  for (const auto& [c, count] : counts_) {
    if (count < classes.at(c))
      throw Error(function, ": class ", c, " has ", classes.at(c), " samples, more than the ", count,
                  " requested: over-sampling does not drop rows");
    wanted[c] = count;
  }
  return wanted;
}

SamplingStrategy::Counts SamplingStrategy::under_sampling(const char* function, const Counts& classes) const {
  check(function, classes);
  Counts wanted = classes;
  if (counts_.empty()) {
    const double least = static_cast<double>(classes.at(detail::minority_class(classes)));
    const double most = detail::decimal_floor(least / ratio_);
    for (auto& [c, count] : wanted)
      if (static_cast<double>(count) > most) count = static_cast<std::size_t>(most);
  }
  for (const auto& [c, count] : counts_) {
    if (count > classes.at(c))
      throw Error(function, ": class ", c, " has ", classes.at(c), " samples, fewer than the ", count,
                  " requested: under-sampling does not add rows");
    wanted[c] = count;
  }
  return wanted;
}

void SamplingStrategy::check(const char* function, const Counts& classes) const {
  if (!(ratio_ > 0 && ratio_ <= 1))
    throw Error(function, ": expected a sampling_strategy in (0, 1], got ", ratio_);
  if (classes.size() < 2) throw Error(function, ": expected at least 2 classes, got ", classes.size());
  for (const auto& [c, count] : counts_)
    if (classes.count(c) == 0)
      throw Error(function, ": sampling_strategy names class ", c, ", which has no samples");
}

SamplingStrategy::Counts detail::counts_of(const ClassRows& classes) {
  SamplingStrategy::Counts counts;
  for (const auto& [c, rows] : classes) counts[c] = rows.size();
  return counts;
}

std::int64_t detail::minority_class(const SamplingStrategy::Counts& classes) {
  return std::min_element(classes.begin(), classes.end(), has_fewer)->first;
}

std::int64_t detail::majority_class(const SamplingStrategy::Counts& classes) {
  return std::max_element(classes.begin(), classes.end(), has_fewer)->first;
}

}  // namespace tenbin
