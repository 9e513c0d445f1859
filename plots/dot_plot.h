// DotPlot, values with intervals in rows, such as methods with the confidence intervals of a metric.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenbin/plots/chart.h"

namespace tenbin {

/// Options of DotPlot.
struct DotPlotOptions {
  std::string title = {};
  std::string x_label = {};
  Scale x_scale = Scale::linear;
  std::string description = {};             ///< for screen readers; empty: all values
  std::optional<AxisLimits> x_limits = {};  ///< not set: the range of the values, intervals and references
  double width = 720;                       ///< of the image, in pixels: 240 to 4096
};

/// What is drawn with the dots of a series of a DotPlot. Each is empty, or has an entry of every label.
struct DotIntervals {
  std::vector<double> low = {};
  std::vector<double> high = {};
  std::vector<std::vector<double>> samples = {};  ///< small dots, such as the values of every fold
  std::vector<std::string> texts = {};            ///< written at the right; empty: `0.161 [0.141, 0.182]`
};

/// A dot with an interval in every row, over a common axis (Cleveland and McGill, "Graphical perception",
/// 1984). Several series are dots below each other in every row. The image is as high as its rows. Below
/// 480 pixels of width, labels are above their rows.
///
///     DotPlot({"plain", "SMOTE"}, {.title = "CoIL, 5 folds", .x_label = "average precision"})
///         .dots("", {0.161, 0.148}, {.low = {0.141, 0.129}, .high = {0.182, 0.169}})
///         .reference(0.161, "plain")
///         .save("methods.svg");
///
/// NaN and infinities have no dot and the text `-`; an interval whose end is not finite is not drawn.
class DotPlot : public Chart {
 public:
  /// Errors: a width or limits that do not fit.
  explicit DotPlot(std::vector<std::string> labels, DotPlotOptions options = {});

  /// Adds a series: a value of every label. Errors: the number of values, ends or texts is not that of the
  /// labels; `low` without `high`.
  DotPlot& dots(std::string name, std::vector<double> values, DotIntervals intervals = {});
  /// Adds a vertical dashed line to compare with. With an empty name it is not in the legend. Errors: a value
  /// that is not finite.
  DotPlot& reference(double value, std::string name = {});

 private:
  struct Reference {
    double value;
    std::string name;
  };

  detail::Picture draw() const override;

  std::vector<std::string> labels_;
  DotPlotOptions options_;
  std::vector<detail::RowSeries> series_;
  std::vector<DotIntervals> intervals_;  // of every series
  std::vector<Reference> references_;
};

}  // namespace tenbin
