#include "tenbin/training/extensions/variable_statistics.h"

#include <limits>

#include "tenbin/plots/line_chart.h"
#include "tenbin/training/checkpoint.h"
#include "tenbin/training/detail/array_statistics.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

constexpr char caller[] = "VariableStatistics";

// At -2, -1, 0, 1 and 2 standard deviations of a normal distribution.
const std::vector<double>& percentiles() {
  static const std::vector<double> values = {2.28, 15.87, 50, 84.13, 97.72};
  return values;
}
constexpr std::size_t values_per_point = 6;  // the mean and the percentiles

}  // namespace

VariableStatistics::VariableStatistics(std::vector<std::string> parameters, VariableStatisticsOptions options)
    : parameters_(std::move(parameters)), options_(std::move(options)) {}

void VariableStatistics::initialize(Trainer& trainer) {
  const NamedParameters chosen = detail::chosen_parameters(caller, trainer.optimizer().target(), parameters_);
  // Fixed from here on, so that all epochs have the same parameters.
  parameters_.clear();
  for (const auto& [path, parameter] : chosen) parameters_.push_back(path);
  const std::size_t expected = epochs_.size() * parameters_.size() * values_per_point;
  if (values_.size() != expected)
    throw Error("VariableStatistics: expected the ", expected, " values of ", parameters_.size(),
                " parameters, got ", values_.size(), " from the snapshot");
}

void VariableStatistics::operator()(Trainer& trainer) {
  epochs_.push_back(trainer.epoch_detail());
  for (const auto& [path, parameter] :
       detail::chosen_parameters(caller, trainer.optimizer().target(), parameters_)) {
    if (parameter.size() == 0) {
      values_.insert(values_.end(), values_per_point, std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const detail::ArrayStatistics statistics = detail::statistics_of(parameter.data(), percentiles());
    values_.push_back(statistics.mean);
    values_.insert(values_.end(), statistics.percentiles.begin(), statistics.percentiles.end());
  }

  ChartColumn column;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto values = [&](std::size_t which) {
      std::vector<double> line;
      for (std::size_t epoch = 0; epoch < epochs_.size(); ++epoch)
        line.push_back(values_[(epoch * parameters_.size() + i) * values_per_point + which]);
      return line;
    };
    LineChartOptions look;
    look.title = parameters_[i];
    look.x_label = "epoch";
    look.y_label = "68% and 95% of the elements";
    LineChart chart(look);
    chart.band(epochs_, values(1), values(5)).band(epochs_, values(2), values(4));
    chart.line("mean", epochs_, values(0)).line("median", epochs_, values(3));
    column.add(std::move(chart));
  }
  column.save(trainer.path_of(options_.file));
}

void VariableStatistics::serialize(Checkpoint& state) { state.add("epochs", epochs_).add("values", values_); }

}  // namespace tenbin
