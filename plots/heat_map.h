// HeatMap, a table of numbers as colours, such as a confusion matrix.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenbin/plots/chart.h"

namespace tenbin {

/// Options of HeatMap.
struct HeatMapOptions {
  std::string title = {};
  std::string x_label = {};               ///< of the columns
  std::string y_label = {};               ///< of the rows
  std::optional<AxisLimits> limits = {};  ///< the values of the first and last colour; not set: their range
  std::string colour_label = {};          ///< what the colours mean; empty: no legend
  /// Written in the cells, row by row; empty: the values. A text may have two lines, separated by '\n'. If
  /// both do not fit into all cells, one of them is left out in all; if neither does, there are no texts.
  std::vector<std::string> texts = {};
  std::string description = {};  ///< for screen readers; empty: the number of rows and columns
  double width = 720;            ///< of the image at most, in pixels: 240 to 4096; few columns need less
};

/// A table of numbers as ten colours, with the numbers in the cells.
///
///     HeatMap({"a", "b"}, {"x", "y", "z"}, {1, 2, 3, 4, 5, 6}, {.title = "Counts"}).save("counts.svg");
///
/// NaN and infinities have no colour and the text `-`.
class HeatMap : public Chart {
 public:
  /// `values`: row by row. Errors: their number, or that of the texts, is not rows times columns; more than
  /// 200 rows or columns; a width or limits that do not fit.
  HeatMap(std::vector<std::string> row_labels, std::vector<std::string> column_labels,
          std::vector<double> values, HeatMapOptions options = {});

 private:
  class Drawing;

  detail::Picture draw() const override;

  std::vector<std::string> row_labels_;
  std::vector<std::string> column_labels_;
  std::vector<double> values_;
  HeatMapOptions options_;
};

}  // namespace tenbin
