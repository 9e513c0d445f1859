// What charts of rows with labels share: bar charts and dot plots. Internal.
#pragma once

#include <string>
#include <vector>

#include "tenbin/plots/detail/frame.h"

namespace tenbin::detail {

// Errors: `BarChart: recall: expected 3 values, one of every label, got 2`.
void require_count(const char* chart, const std::string& series, const char* what, std::size_t labels,
                   std::size_t count);

// `train: walking 1,722, sitting 46.` Of many rows, the first.
std::string series_text(const RowSeries& series, const std::vector<std::string>& labels);

// Rows below each other: labels at the left, an area over an axis, and the texts of every series at the
// right.
class Rows {
 public:
  // Several series have a legend, with this mark. `slot`: the height of a series in a row. Adds the legend to
  // the frame, and makes room in it for labels and texts.
  Rows(Frame& frame, const std::vector<std::string>& labels, const std::vector<RowSeries>& series,
       LegendEntry::Mark mark, double slot);

  // The middle of a series in a row.
  double middle(std::size_t row, std::size_t series) const;
  // Labels and texts.
  std::string draw() const;

 private:
  // The middle of the marks of a row.
  double row_middle(std::size_t row) const;
  // The height of the label, if it is above the row.
  double label_height(std::size_t row) const { return is_narrow_ ? labels_.height(row) : 0; }

  const Frame& frame_;
  const std::vector<RowSeries>& series_;
  bool is_narrow_;
  RowLabels labels_;
  double slot_;
  std::vector<double> begins_ = {0};  // of the rows, below the top of the area; last the end
  double texts_width_ = 0;
};

}  // namespace tenbin::detail
