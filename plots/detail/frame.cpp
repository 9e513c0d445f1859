#include "tenbin/plots/detail/frame.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/error.h"

namespace tenbin::detail {

namespace {

constexpr double legend_row = 18;
constexpr double legend_mark = 24;  // the mark before a name
constexpr double legend_gap = 18;   // between entries
constexpr double title_line = title_font * line_height / font;

std::string mark_at(const LegendEntry& entry, double x, double y) {
  const std::string start = "M" + coordinate(x) + ' ' + coordinate(y);
  const std::string line = " d=\"" + start + 'h' + coordinate(legend_mark) + "\"";
  const std::string middle = " d=\"M" + coordinate(x + legend_mark / 2) + ' ' + coordinate(y) + "h0\"";
  switch (entry.mark) {
    case LegendEntry::Mark::line:
      return "<path class=\"line " + colour_class("c", entry.index) + '"' + line + line_dashes(entry.index) +
             "/>\n";
    case LegendEntry::Mark::points:
      return "<path class=\"points " + colour_class("c", entry.index) + '"' + middle + "/>\n";
    case LegendEntry::Mark::dot:
      return "<circle class=\"" + colour_class("d", entry.index) + '"' +
             attribute("cx", x + legend_mark / 2) + attribute("cy", y) + " r=\"5\"/>\n";
    case LegendEntry::Mark::bar:
      return "<rect class=\"" + colour_class("d", entry.index) + '"' + attribute("x", x + 6) +
             attribute("y", y - 6) + attribute("width", legend_mark - 6) + attribute("height", 12) + "/>\n";
    case LegendEntry::Mark::reference:
      return "<path class=\"reference\"" + line + reference_dashes(entry.index) + "/>\n";
  }
  return "";
}

double far(double position) { return std::clamp(position, -100.0, 100.0); }

}  // namespace

void require_size(const char* chart, const char* what, double pixels) {
  const double least = std::string(what) == "width" ? 240 : 80;
  if (!(pixels >= least && pixels <= 4096))
    throw Error(chart, ": expected a ", what, " of ", least, " to 4096 pixels, got ", pixels);
}

void require_limits(const char* chart, const char* what, Scale scale, const AxisLimits& limits) {
  const bool is_finite = std::isfinite(limits.low) && std::isfinite(limits.high);
  if (!is_finite || !(limits.low < limits.high))
    throw Error(chart, ": expected ", what, " whose first is below the second, got ", limits.low, " and ",
                limits.high);
  if (scale == Scale::log && limits.low <= 0)
    throw Error(chart, ": expected ", what, " above 0 on a logarithmic scale, got ", limits.low, " and ",
                limits.high);
}

std::string line_dashes(std::size_t index) {
  static constexpr const char* patterns[] = {"", " stroke-dasharray=\"7 4\"", " stroke-dasharray=\"2 4\""};
  return patterns[index / svg_colours % 3];
}

std::string reference_dashes(std::size_t index) {
  static constexpr const char* patterns[] = {" stroke-dasharray=\"6 4\"", " stroke-dasharray=\"2 3\"",
                                             " stroke-dasharray=\"8 3 2 3\""};
  return patterns[index % 3];
}

Frame::Frame(std::string title, std::string x_label, std::string y_label, double width)
    : title_(std::move(title)), x_label_(std::move(x_label)), y_label_(std::move(y_label)), width_(width) {}

std::vector<std::string> Frame::title_in_lines() const {
  constexpr double bold = 1.12;  // times as wide
  return wrapped(title_, (width_ - 2 * margin) / bold, title_font, 2);
}

void Frame::place(double left, double right, double below, double plot_height, double footer) {
  const std::size_t title_lines = title_in_lines().size();
  top_ = margin + (title_lines == 0 ? 0 : title_font + 10) +
         (title_lines > 1 ? title_line * static_cast<double>(title_lines - 1) : 0);
  left_ = margin + left + (y_label_.empty() ? 0 : font + 8);
  right_ = width_ - margin - right;
  below_ = below;
  legend_svg_ = draw_legend();
  bottom_ = top_ + plot_height;
  height_ = bottom_ + below + (x_label_.empty() ? 0 : font + 6) + margin / 2 + footer;
}

// Moves the top of the area below it. Entries that do not fit beside the others start a row; the rows start
// at the left of the area, or of the image where they are too long for a narrow area.
std::string Frame::draw_legend() {
  if (legend_.empty()) return "";
  const double end = width_ - margin;
  double all = -legend_gap;
  for (const LegendEntry& entry : legend_) all += legend_mark + 6 + text_width(entry.name, font) + legend_gap;
  const double begin = left_ > width_ / 4 && left_ + all > end ? margin : left_;
  const double room = end - begin - legend_mark - 6;
  std::string out;
  double x = begin;
  double y = top_ + font;
  for (const LegendEntry& entry : legend_) {
    const std::vector<std::string> lines = wrapped(entry.name, room, font, 2);
    const double length = legend_mark + 6 + std::min(room, text_width(entry.name, font));
    if (x > begin && x + length > end) {
      x = begin;
      y += legend_row;
    }
    const double below = line_height * (static_cast<double>(std::max<std::size_t>(1, lines.size())) - 1);
    out += mark_at(entry, x, y - 4);
    if (!lines.empty())
      out += lines_at(x + legend_mark + 6, y - 0.35 * font + below / 2, lines, entry.name, {});
    y += below;
    x += length + legend_gap;
  }
  top_ = y + 12;
  return out;
}

double Frame::pixel_x(const Axis& axis, double value) const {
  return left_ + far(axis.position(value)) * plot_width();
}

double Frame::pixel_y(const Axis& axis, double value) const {
  return bottom_ - far(axis.position(value)) * plot_height();
}

std::string Frame::head() const {
  if (title_.empty()) return legend_svg_;
  const std::vector<std::string> lines = title_in_lines();
  const TextStyle style{"ink", "middle", title_font, " font-weight=\"600\""};
  const double middle = margin + title_font * 0.65 + title_line * static_cast<double>(lines.size() - 1) / 2;
  return lines_at(width_ / 2, middle, lines, title_, style) + legend_svg_;
}

std::string Frame::x_ticks(const Axis& axis) const {
  std::string grid;
  std::string out;
  double free_from = -width_;  // labels do not overlap
  for (const Tick& tick : axis.ticks()) {
    const double x = pixel_x(axis, tick.value);
    grid += 'M' + coordinate(x) + ' ' + coordinate(top_) + 'v' + coordinate(plot_height());
    const double half = text_width(tick.label, font) / 2;
    const double middle = std::clamp(x, half + 2, width_ - half - 2);
    if (middle - half < free_from) continue;
    free_from = middle + half + 8;
    out += text_at(middle, bottom_ + 17, tick.label, {"muted", "middle"});
  }
  return "<path class=\"grid\" d=\"" + grid + "\"/>\n" + out;
}

std::string Frame::y_ticks(const Axis& axis) const {
  std::string grid;
  std::string out;
  double free_to = bottom_ + line_height;
  for (const Tick& tick : axis.ticks()) {
    const double y = pixel_y(axis, tick.value);
    grid += 'M' + coordinate(left_) + ' ' + coordinate(y) + 'h' + coordinate(plot_width());
    if (y + font / 2 > free_to) continue;
    free_to = y - font / 2 - 2;
    out += text_at(left_ - 7, y + 4, tick.label, {"muted", "end"});
  }
  return "<path class=\"grid\" d=\"" + grid + "\"/>\n" + out;
}

std::string Frame::no_data() const {
  return text_at((left_ + right_) / 2, (top_ + bottom_) / 2, "no data", {"muted", "middle"});
}

std::string Frame::clipped(const std::string& contents, double beyond) const {
  const std::string x = coordinate(left_ - beyond);
  const std::string y = coordinate(top_ - beyond);
  const std::string w = coordinate(plot_width() + 2 * beyond);
  const std::string h = coordinate(plot_height() + 2 * beyond);
  return element("svg",
                 attribute("x", x) + attribute("y", y) + attribute("width", w) + attribute("height", h) +
                     attribute("viewBox", x + ' ' + y + ' ' + w + ' ' + h),
                 '\n' + contents);
}

std::string Frame::border() const {
  return "<rect class=\"frame\"" + attribute("x", left_) + attribute("y", top_) +
         attribute("width", plot_width()) + attribute("height", plot_height()) + "/>\n";
}

std::string Frame::axis_labels() const {
  std::string out;
  if (!x_label_.empty()) {
    // In the middle of the area, or of the image if the area is too narrow.
    const double length = text_width(x_label_, font);
    const double middle = length <= plot_width() ? (left_ + right_) / 2 : width_ / 2;
    out += text_at(middle, bottom_ + below_ + font, x_label_, {"ink", "middle"}, width_ - 2 * margin);
  }
  if (!y_label_.empty()) {
    const double x = margin + font;
    const double y = (top_ + bottom_) / 2;
    const std::string turned = " transform=\"rotate(-90 " + coordinate(x) + ' ' + coordinate(y) + ")\"";
    out += text_at(x, y, y_label_, {"ink", "middle", font, turned.c_str()}, plot_height());
  }
  return out;
}

RowLabels::RowLabels(const std::vector<std::string>& labels, double most, std::size_t max_lines)
    : labels_(labels) {
  for (const std::string& label : labels) {
    lines_.push_back(wrapped(label, most, font, max_lines));
    if (lines_.back().empty()) lines_.back().emplace_back();
    for (const std::string& line : lines_.back()) width_ = std::max(width_, text_width(line, font));
  }
}

std::string RowLabels::draw(std::size_t row, double x, double y, const TextStyle& style) const {
  return lines_at(x, y, lines_[row], labels_[row], style);
}

}  // namespace tenbin::detail
