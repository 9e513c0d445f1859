// LineChart, lines, bands and points over two axes of numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/plots/chart.h"

namespace tenbin {

/// Options of LineChart.
struct LineChartOptions {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  Scale x_scale = Scale::linear;
  Scale y_scale = Scale::linear;
  std::string description = {};             ///< for screen readers; empty: the range of each line
  std::optional<AxisLimits> x_limits = {};  ///< not set: the range of the points
  std::optional<AxisLimits> y_limits = {};  ///< lines are cut at the limits
  double width = 720;                       ///< of the image, in pixels: 240 to 4096
  double height = 300;                      ///< of the area of the lines: 80 to 4096
};

/// How a line of a LineChart looks.
struct LineStyle {
  bool steps = false;    ///< y[i] holds from x[i] to x[i + 1], instead of straight lines between the points
  bool markers = false;  ///< dots at the points
};

/// Lines and points with a legend, axes and a grid. From the ninth line on the colours come again, dashed.
///
///     LineChart chart({.title = "Loss", .x_label = "epoch", .y_scale = Scale::log});
///     chart.line("main/loss", epochs, losses);
///     chart.line("validation/main/loss", epochs, validation_losses);
///     chart.save("loss.svg");
///
/// NaN and infinities are gaps; a point between two gaps is a dot. Of more than 200 points, those are left
/// out without which the line differs by less than 0.15 pixels; of more than 2000 in addition all but the
/// first, the last, the largest and the smallest of a column of pixels. A chart without a point says "no
/// data".
class LineChart : public Chart {
 public:
  /// Errors: a width, height or limits that do not fit.
  explicit LineChart(LineChartOptions options = {});

  /// Adds a line through the points (x[i], y[i]), in their order. Errors: the lengths differ.
  LineChart& line(std::string name, std::vector<double> x, std::vector<double> y,
                  const LineStyle& style = {});
  /// Adds points without a line: a scatter plot. Of many points in a square of 3 pixels, one is drawn.
  /// Errors: the lengths differ.
  LineChart& scatter(std::string name, std::vector<double> x, std::vector<double> y);
  /// Adds the area between two lines, in the colour of the line that is added next. It has no entry of its
  /// own in the legend. Errors: the lengths differ.
  LineChart& band(std::vector<double> x, std::vector<double> low, std::vector<double> high);
  /// Adds a grey dashed line to compare with, such as the diagonal of an ROC curve. It does not widen the
  /// axes; with an empty name it is not in the legend. Errors: the lengths differ.
  ///
  ///     chart.reference("chance", {0, 1}, {0, 1});
  LineChart& reference(std::string name, std::vector<double> x, std::vector<double> y);

 private:
  struct Line {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
    LineStyle style = {};
    bool is_scatter = false;
  };
  struct Band {
    std::vector<double> x;
    std::vector<double> low;
    std::vector<double> high;
    std::size_t line;  // of this index
  };
  class Drawing;

  detail::Picture draw() const override;

  LineChartOptions options_;
  std::vector<Line> lines_;
  std::vector<Line> references_;
  std::vector<Band> bands_;
};

}  // namespace tenbin
