// BarChart, horizontal bars with labels.
#pragma once

#include <string>
#include <vector>

#include "tenbin/plots/chart.h"

namespace tenbin {

/// Options of BarChart.
struct BarChartOptions {
  std::string title = {};
  std::string x_label = {};
  Scale x_scale = Scale::linear;  ///< log: bars start below the smallest value, counts at 0.5
  std::string description = {};   ///< for screen readers; empty: all values
  double width = 720;             ///< of the image, in pixels: 240 to 4096
};

/// Horizontal bars from 0, one row a label, with their values as text beside them. Several series are bars
/// below each other in every row. The image is as high as its rows. Below 480 pixels of width, labels are
/// above their rows.
///
///     BarChart({"walking", "sitting"}, {.title = "Rows", .x_scale = Scale::log})
///         .bars("train", {1722, 46})
///         .bars("test", {430, 12})
///         .save("counts.svg");
///
/// NaN and infinities have no bar and the text `-`; on a logarithmic scale, neither has 0 a bar.
class BarChart : public Chart {
 public:
  /// Errors: a width that does not fit.
  explicit BarChart(std::vector<std::string> labels, BarChartOptions options = {});

  /// Adds a series: a value of every label. `texts`: what is written beside the bars; empty: the values.
  /// Errors: the number of values or texts is not that of the labels.
  BarChart& bars(std::string name, std::vector<double> values, std::vector<std::string> texts = {});

 private:
  detail::Picture draw() const override;

  std::vector<std::string> labels_;
  BarChartOptions options_;
  std::vector<detail::RowSeries> series_;
};

}  // namespace tenbin
