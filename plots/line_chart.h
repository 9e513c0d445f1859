// LineChart, lines over numbers as an SVG image, for reports without Python.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tenbin {

/// The axis of a chart.
enum class Scale : unsigned char {
  linear,
  log  ///< decades; values that are not above 0 are gaps
};

/// Options of LineChart.
struct LineChartOptions {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  Scale x_scale = Scale::linear;
  Scale y_scale = Scale::linear;
  std::string description = {};  ///< for screen readers; empty: the range of each line
};

/// Lines with a legend, axes and a grid, as SVG. Browsers show it, light or dark as the reader prefers; texts
/// are texts, and screen readers read a description. The colours are those of Okabe and Ito, which people
/// with colour blindness can tell apart; from the ninth line on they come again, dashed.
///
///     LineChart chart({.title = "Loss", .x_label = "epoch", .y_scale = Scale::log});
///     chart.line("main/loss", epochs, losses);
///     chart.line("validation/main/loss", epochs, validation_losses);
///     chart.save("loss.svg");
///
/// NaN and infinities are gaps; a point between two gaps is a dot. Of many points that share a column of
/// pixels, the first, the last, the largest and the smallest are kept. A chart without a point says "no
/// data".
class LineChart {
 public:
  explicit LineChart(LineChartOptions options = {}) : options_(std::move(options)) {}

  /// Adds a line through the points (x[i], y[i]), in their order. Errors: the lengths differ.
  LineChart& line(std::string name, std::vector<double> x, std::vector<double> y);
  /// Adds the area between two lines, in the colour of the line that is added next. It has no entry of its
  /// own in the legend. Errors: the lengths differ.
  LineChart& band(std::vector<double> x, std::vector<double> low, std::vector<double> high);

  /// The image, 720 pixels wide.
  std::string svg() const;
  /// Writes the image to a file, in one step. Errors: those of the file, which start with its path.
  void save(const std::string& path) const;

 private:
  friend class ChartColumn;

  struct Line {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
  };
  struct Band {
    std::vector<double> x;
    std::vector<double> low;
    std::vector<double> high;
    std::size_t line;  // of this index
  };
  class Drawing;

  LineChartOptions options_;
  std::vector<Line> lines_;
  std::vector<Band> bands_;
};

/// Charts below each other, as one image.
///
///     ChartColumn column;
///     column.add(loss_chart).add(metric_chart).save("training.svg");
class ChartColumn {
 public:
  ChartColumn& add(LineChart chart);
  std::string svg() const;
  void save(const std::string& path) const;

 private:
  std::vector<LineChart> charts_;
};

}  // namespace tenbin
