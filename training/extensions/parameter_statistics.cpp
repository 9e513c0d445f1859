#include "tenbin/training/extensions/parameter_statistics.h"

#include "tenbin/training/detail/array_statistics.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

constexpr char caller[] = "ParameterStatistics";

void report_statistics(Observation& observation, const std::string& key, const Array& array,
                       const std::vector<double>& percentiles) {
  if (array.size() == 0) return;  // also an empty Array
  const detail::ArrayStatistics values = detail::statistics_of(array, percentiles);
  observation.set(key + "/mean", values.mean);
  observation.set(key + "/std", values.std);
  observation.set(key + "/min", values.min);
  observation.set(key + "/max", values.max);
  observation.set(key + "/zeros", values.zeros);
  observation.set(key + "/sparsity", values.sparsity);
  for (std::size_t i = 0; i < values.percentiles.size(); ++i)
    observation.set(key + "/percentile/" + std::to_string(i), values.percentiles[i]);
}

}  // namespace

ParameterStatistics::ParameterStatistics(ParameterStatisticsOptions options) : options_(std::move(options)) {
  for (const double percent : options_.percentiles)
    if (!(percent >= 0 && percent <= 100))
      throw Error(caller, ": percentiles must be in [0, 100], got ", percent);
}

// Those of all parameters are not known before training starts.
std::vector<std::string> ParameterStatistics::reported_keys() const {
  std::vector<std::string> keys;
  for (const std::string& path : options_.parameters)
    keys.push_back(options_.prefix.empty() ? path : options_.prefix + '/' + path);
  if (keys.empty() && !options_.prefix.empty()) keys.push_back(options_.prefix);
  return keys;
}

void ParameterStatistics::initialize(Trainer& trainer) {
  detail::chosen_parameters(caller, trainer.optimizer().target(), options_.parameters);
}

void ParameterStatistics::operator()(Trainer& trainer) {
  const std::string prefix = options_.prefix.empty() ? "" : options_.prefix + '/';
  Observation& observation = trainer.observation();
  for (const auto& [path, parameter] :
       detail::chosen_parameters(caller, trainer.optimizer().target(), options_.parameters)) {
    if (options_.data)
      report_statistics(observation, prefix + path + "/data", parameter.data(), options_.percentiles);
    if (options_.gradients)
      report_statistics(observation, prefix + path + "/grad", parameter.grad(), options_.percentiles);
  }
}

}  // namespace tenbin
