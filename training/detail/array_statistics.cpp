#include "tenbin/training/detail/array_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/core/text.h"
#include "tenbin/evaluation/detail/percentile.h"

namespace tenbin::detail {

ArrayStatistics statistics_of(const Array& array, const std::vector<double>& percentiles) {
  std::vector<double> values = array.to_vector<double>();
  const auto size = static_cast<double>(values.size());
  ArrayStatistics result = {};
  double sum = 0;
  for (const double value : values) sum += value;
  result.mean = sum / size;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.std = std::sqrt(squares / size);
  result.zeros = static_cast<double>(std::count(values.begin(), values.end(), 0.0));
  result.sparsity = result.zeros / size;
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    result.min = result.max = nan;
    result.percentiles.assign(percentiles.size(), nan);
    return result;
  }
  std::sort(values.begin(), values.end());
  result.min = values.front();
  result.max = values.back();
  for (const double percent : percentiles) result.percentiles.push_back(percentile(values, percent));
  return result;
}

NamedParameters chosen_parameters(const char* caller, const Link& model,
                                  const std::vector<std::string>& paths) {
  NamedParameters all = model.namedparams();
  if (paths.empty()) return all;
  NamedParameters chosen;
  for (const std::string& path : paths) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& parameter) { return parameter.first == path; });
    if (found != all.end()) {
      chosen.push_back(*found);
      continue;
    }
    std::vector<std::string> known;
    for (const auto& [name, parameter] : all) known.push_back(name);
    throw Error(caller, ": no parameter '", path, "'; there are ", joined(known));
  }
  return chosen;
}

}  // namespace tenbin::detail
