// ParameterStatistics: means, percentiles and zeros of parameters and gradients, for the log.
#pragma once

#include <string>
#include <vector>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Options of ParameterStatistics.
struct ParameterStatisticsOptions {
  std::vector<std::string> parameters = {};  ///< paths, such as `l1/W`; empty: all that are trained
  bool data = true;
  bool gradients = true;  ///< those of the last step, after the optimizer's hooks
  /// In percent. By default those of a normal distribution at 3, 2, 1 and 0 standard deviations.
  std::vector<double> percentiles = {0.13, 2.28, 15.87, 50, 84.13, 97.72, 99.87};
  std::string prefix = {};  ///< of the keys: `<prefix>/l1/W/data/mean`
  Trigger trigger = Epochs(1);
};

/// Reports statistics of the parameters of the trainer's optimizer, by Chainer's keys: `l1/W/data/mean`,
/// `std`, `min`, `max`, `zeros` (their number), `sparsity` (their share) and `percentile/0` to
/// `percentile/6`; `l1/W/grad/mean` and so on. (Chainer: `ParameterStatistics`.)
///
///     trainer.extend(ParameterStatistics({.parameters = {"l1/W"}}));
///     trainer.extend(PrintReport({"epoch", "main/loss", "l1/W/data/std", "l1/W/grad/sparsity"}));
///
/// They are computed in double, on the CPU: it waits for a GPU. A parameter or gradient that does not exist
/// yet is left out. Errors: a path that the model does not have; a percentile outside [0, 100].
class ParameterStatistics : public Extension {
 public:
  explicit ParameterStatistics(ParameterStatisticsOptions options = {});
  std::string name() const override { return "ParameterStatistics"; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return options_.trigger; }
  int default_priority() const override { return Priority::writer; }
  std::vector<std::string> reported_keys() const override;
  void initialize(Trainer& trainer) override;

 private:
  ParameterStatisticsOptions options_;
};

}  // namespace tenbin
