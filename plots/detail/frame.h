// The frame of a chart: title, legend, axes and labels around the area where the data are drawn. Internal.
#pragma once

#include <string>
#include <vector>

#include "tenbin/plots/detail/axis.h"
#include "tenbin/plots/detail/svg.h"

namespace tenbin::detail {

constexpr double margin = 14;
constexpr double tick_gap = 8;  // between a tick's label and the area

// Errors: `LineChart: expected a width of 240 to 4096 pixels, got 0`.
void require_size(const char* chart, const char* what, double pixels);
// Errors: `LineChart: expected x_limits whose first is below the second, got 1 and 0`.
void require_limits(const char* chart, const char* what, Scale scale, const AxisLimits& limits);

struct LegendEntry {
  enum class Mark : unsigned char { line, points, dot, bar, reference };
  std::string name;
  Mark mark;
  std::size_t index;  // of the series: its colour and dashes
};

// The attribute of the dashes of a line, by which lines of the same colour differ; and of a reference line.
std::string line_dashes(std::size_t index);
std::string reference_dashes(std::size_t index);

class Frame {
 public:
  Frame(std::string title, std::string x_label, std::string y_label, double width);

  // First the legend, then `place`, then the rest.
  void add_legend(LegendEntry entry) { legend_.push_back(std::move(entry)); }
  // `left`, `right`, `below`: the room for labels beside and below the area, with gaps. `footer`: the room at
  // the bottom of the image.
  void place(double left, double right, double below, double plot_height, double footer = 0);

  double left() const { return left_; }
  double right() const { return right_; }
  double top() const { return top_; }
  double bottom() const { return bottom_; }
  double plot_width() const { return right_ - left_; }
  double plot_height() const { return bottom_ - top_; }
  // Of the image.
  double width() const { return width_; }
  double height() const { return height_; }

  // The pixel of a value. Values far outside the limits of the axis are moved nearer, so that all coordinates
  // are short.
  double pixel_x(const Axis& axis, double value) const;
  double pixel_y(const Axis& axis, double value) const;

  std::string head() const;  // title and legend
  std::string x_ticks(const Axis& axis) const;
  std::string y_ticks(const Axis& axis) const;
  std::string no_data() const;
  // The contents, clipped `beyond` pixels outside the area. A nested <svg> clips, not a <clipPath>, which
  // needs an id: two images in one page could have the same.
  std::string clipped(const std::string& contents, double beyond) const;
  std::string border() const;
  std::string axis_labels() const;

 private:
  std::vector<std::string> title_in_lines() const;
  std::string draw_legend();

  std::string title_;
  std::string x_label_;
  std::string y_label_;
  std::vector<LegendEntry> legend_;
  std::string legend_svg_;
  double width_;
  double left_ = 0;
  double right_ = 0;
  double top_ = 0;
  double bottom_ = 0;
  double below_ = 0;
  double height_ = 0;
};

// Labels of rows at the left, one below the other.
class RowLabels {
 public:
  // `most`: their largest width, in pixels.
  RowLabels(const std::vector<std::string>& labels, double most, std::size_t max_lines = 2);

  double width() const { return width_; }
  double height(std::size_t row) const { return line_height * static_cast<double>(lines_[row].size()); }
  // (x, y): the anchor, and the middle of the height.
  std::string draw(std::size_t row, double x, double y, const TextStyle& style = {"ink", "end"}) const;

 private:
  std::vector<std::string> labels_;
  std::vector<std::vector<std::string>> lines_;
  double width_ = 0;
};

}  // namespace tenbin::detail
