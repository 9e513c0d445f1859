// VariableStatistics: how the elements of parameters spread while training runs, as charts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Options of VariableStatistics.
struct VariableStatisticsOptions {
  std::string file = "statistics.svg";  ///< in the trainer's directory
  Trigger trigger = Epochs(1);          ///< when a point is added, and the file is written
};

/// Draws the mean and the median of parameters over the epochs, and the ranges that contain 68% and 95% of
/// the elements: one chart per parameter, below each other in one SVG image, which is replaced atomically.
/// (Chainer: `VariableStatisticsPlot`.)
///
///     trainer.extend(VariableStatistics({"l1/W", "l2/W"}));
///
/// A resumed run goes on with the points of its snapshot. Errors: a path that the model does not have.
class VariableStatistics : public Extension {
 public:
  /// parameters: paths; empty: all that are trained.
  explicit VariableStatistics(std::vector<std::string> parameters = {},
                              VariableStatisticsOptions options = {});
  std::string name() const override { return "VariableStatistics"; }
  bool only_writes() const override { return true; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return options_.trigger; }
  void initialize(Trainer& trainer) override;
  void serialize(Checkpoint& state) override;
  std::vector<std::string> written_files() const override { return {options_.file}; }

 private:
  std::vector<std::string> parameters_;
  VariableStatisticsOptions options_;
  std::vector<double> epochs_;
  std::vector<double> values_;  // for each epoch and parameter: the mean, then the percentiles
};

}  // namespace tenbin
