#include "tenbin/plots/line_chart.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/error.h"
#include "tenbin/core/text.h"
#include "tenbin/plots/detail/frame.h"
#include "tenbin/plots/detail/path.h"

namespace tenbin {

namespace {

using detail::Axis;
using detail::colour_class;
using detail::Frame;
using detail::Point;

constexpr double marker_radius = 3;
constexpr double dot_spacing = 3;       // pixels
constexpr std::size_t many_dots = 100;  // they are drawn small

void require_same_size(const char* what, std::size_t x, std::size_t y) {
  if (x != y) throw Error("LineChart: ", what, ": ", x, " values of x and ", y, " of y");
}

struct Range {
  std::size_t count = 0;
  double first = 0;
  double last = 0;
  double smallest = 0;
  double largest = 0;
};

// Of the finite values.
Range range_of(const std::vector<double>& values) {
  Range range;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    range.last = value;
    if (range.count == 0) range.first = range.smallest = range.largest = value;
    range.smallest = std::min(range.smallest, value);
    range.largest = std::max(range.largest, value);
    ++range.count;
  }
  return range;
}

std::string points_text(const std::string& name, const Range& range) {
  if (range.count == 0) return name + ": no data";
  return name + ": " + std::to_string(range.count) + (range.count == 1 ? " point" : " points");
}

// `main/loss: 40 points, from 0.9 to 0.1, smallest 0.08, largest 0.9.`
std::string line_text(const std::string& name, const std::vector<double>& y) {
  using detail::text_of;
  const Range range = range_of(y);
  if (range.count == 0) return points_text(name, range) + '.';
  return points_text(name, range) + ", from " + text_of(range.first) + " to " + text_of(range.last) +
         ", smallest " + text_of(range.smallest) + ", largest " + text_of(range.largest) + '.';
}

std::string scatter_text(const std::string& name, const std::vector<double>& x,
                         const std::vector<double>& y) {
  using detail::text_of;
  const Range of_x = range_of(x);
  const Range of_y = range_of(y);
  if (of_x.count == 0 || of_y.count == 0) return name + ": no data.";
  return points_text(name, of_y) + ", x from " + text_of(of_x.smallest) + " to " + text_of(of_x.largest) +
         ", y from " + text_of(of_y.smallest) + " to " + text_of(of_y.largest) + '.';
}

}  // namespace

class LineChart::Drawing {
 public:
  explicit Drawing(const LineChart& chart)
      : chart_(chart),
        frame_(chart.options_.title, chart.options_.x_label, chart.options_.y_label, chart.options_.width),
        x_axis_(chart.options_.x_scale, true),
        y_axis_(chart.options_.y_scale) {
    x_axis_.set_limits(chart.options_.x_limits);
    y_axis_.set_limits(chart.options_.y_limits);
    for (const Line& line : chart.lines_) include(line.x, line.y);
    for (const Band& band : chart.bands_) {
      include(band.x, band.low);
      include(band.x, band.high);
    }
    const LineChartOptions& options = chart.options_;
    const bool has_scatter = std::any_of(chart.lines_.begin(), chart.lines_.end(),
                                         [](const Line& line) { return line.is_scatter; });
    x_axis_.finish(std::max(2, static_cast<int>(options.width / 85)), has_scatter);
    y_axis_.finish(std::max(2, static_cast<int>((options.height + 40) / 50)), true);
    add_legend();
    double labels = 0;
    for (const detail::Tick& tick : y_axis_.ticks())
      labels = std::max(labels, detail::text_width(tick.label, detail::font));
    frame_.place(labels + detail::tick_gap, 10, 22, options.height);
  }

  double height() const { return frame_.height(); }

  std::string body() const {
    std::string out = frame_.head();
    if (x_axis_.is_empty()) {
      out += frame_.no_data();
    } else {
      out += frame_.x_ticks(x_axis_) + frame_.y_ticks(y_axis_);
      out += references();
      const bool is_cut = x_axis_.has_limits() || y_axis_.has_limits();
      out += is_cut ? frame_.clipped(contents(), marker_radius) : contents();
    }
    return out + frame_.border() + frame_.axis_labels();
  }

 private:
  void include(const std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x_axis_.has(x[i]) && y_axis_.has(y[i])) {
        x_axis_.include(x[i]);
        y_axis_.include(y[i]);
      }
  }

  void add_legend() {
    using Mark = detail::LegendEntry::Mark;
    for (std::size_t i = 0; i < chart_.lines_.size(); ++i)
      frame_.add_legend({chart_.lines_[i].name, chart_.lines_[i].is_scatter ? Mark::points : Mark::line, i});
    for (std::size_t i = 0; i < chart_.references_.size(); ++i)
      if (!chart_.references_[i].name.empty())
        frame_.add_legend({chart_.references_[i].name, Mark::reference, i});
  }

  // They end at the border.
  std::string references() const {
    std::string out;
    for (std::size_t i = 0; i < chart_.references_.size(); ++i)
      out += drawn("reference", chart_.references_[i], detail::reference_dashes(i), "");
    return out.empty() ? "" : frame_.clipped(out, 0.5);
  }

  std::string contents() const {
    std::string out;
    for (const Band& band : chart_.bands_) out += area(band);
    for (std::size_t i = 0; i < chart_.lines_.size(); ++i)
      out += drawn("line " + colour_class("c", i), chart_.lines_[i], detail::line_dashes(i),
                   colour_class("c", i));
    return out;
  }

  // `marker_class`: the colour of the markers.
  std::string drawn(const std::string& line_class, const Line& line, const std::string& dashes,
                    const std::string& marker_class) const {
    const bool has_markers = line.style.markers || line.is_scatter;
    std::string path;
    std::string dots;
    std::vector<Point> markers;
    const auto point_at = [&](std::size_t i) { return point(line.x[i], line.y[i]); };
    for (const std::vector<Point>& piece : detail::pieces_of(line.x.size(), point_at)) {
      if (has_markers) markers.insert(markers.end(), piece.begin(), piece.end());
      if (line.is_scatter) continue;
      if (piece.size() > 1) {
        path += path_through(detail::thinned(line.style.steps ? detail::as_steps(piece) : piece));
      } else if (!has_markers && !marker_class.empty()) {
        dots += "<circle class=\"d" + marker_class.substr(1) + '"' + detail::attribute("cx", piece[0].x) +
                detail::attribute("cy", piece[0].y) + " r=\"3\"/>\n";
      }
    }
    if (!path.empty()) path = "<path class=\"" + line_class + "\" d=\"" + path + '"' + dashes + "/>\n";
    if (!markers.empty())
      dots += "<path class=\"points " + std::string(markers.size() > many_dots ? "small " : "") +
              marker_class + "\" d=\"" + path_of_dots(detail::spread(markers, dot_spacing)) + "\"/>\n";
    return path + dots;
  }

  std::string area(const Band& band) const {
    std::string path;
    const auto both = [&](std::size_t i) {
      return point(band.x[i], band.low[i]) && point(band.x[i], band.high[i]);
    };
    const auto low = detail::pieces_of(
        band.x.size(), [&](std::size_t i) { return both(i) ? point(band.x[i], band.low[i]) : std::nullopt; });
    const auto high = detail::pieces_of(band.x.size(), [&](std::size_t i) {
      return both(i) ? point(band.x[i], band.high[i]) : std::nullopt;
    });
    for (std::size_t i = 0; i < low.size(); ++i) {
      std::vector<Point> back = detail::thinned(low[i]);
      std::reverse(back.begin(), back.end());
      path += path_through(detail::thinned(high[i])) + path_through(back, 'L') + 'Z';
    }
    if (path.empty()) return "";
    return "<path class=\"area " + colour_class("a", band.line) + "\" d=\"" + path + "\"/>\n";
  }

  std::optional<Point> point(double x, double y) const {
    if (!x_axis_.has(x) || !y_axis_.has(y)) return std::nullopt;
    return Point{frame_.pixel_x(x_axis_, x), frame_.pixel_y(y_axis_, y)};
  }

  const LineChart& chart_;
  Frame frame_;
  Axis x_axis_;
  Axis y_axis_;
};

LineChart::LineChart(LineChartOptions options) : options_(std::move(options)) {
  detail::require_size("LineChart", "width", options_.width);
  detail::require_size("LineChart", "height", options_.height);
  if (options_.x_limits)
    detail::require_limits("LineChart", "x_limits", options_.x_scale, *options_.x_limits);
  if (options_.y_limits)
    detail::require_limits("LineChart", "y_limits", options_.y_scale, *options_.y_limits);
}

LineChart& LineChart::line(std::string name, std::vector<double> x, std::vector<double> y,
                           const LineStyle& style) {
  require_same_size(name.c_str(), x.size(), y.size());
  lines_.push_back({std::move(name), std::move(x), std::move(y), style});
  return *this;
}

LineChart& LineChart::scatter(std::string name, std::vector<double> x, std::vector<double> y) {
  require_same_size(name.c_str(), x.size(), y.size());
  lines_.push_back({std::move(name), std::move(x), std::move(y), {}, true});
  return *this;
}

LineChart& LineChart::band(std::vector<double> x, std::vector<double> low, std::vector<double> high) {
  require_same_size("band", x.size(), low.size());
  require_same_size("band", x.size(), high.size());
  bands_.push_back({std::move(x), std::move(low), std::move(high), lines_.size()});
  return *this;
}

LineChart& LineChart::reference(std::string name, std::vector<double> x, std::vector<double> y) {
  require_same_size("reference", x.size(), y.size());
  references_.push_back({std::move(name), std::move(x), std::move(y)});
  return *this;
}

detail::Picture LineChart::draw() const {
  detail::Picture picture;
  picture.kind = "Line chart";
  picture.title = options_.title;
  picture.description =
      options_.x_label.empty() ? "Line chart." : "Line chart over " + options_.x_label + '.';
  if (!options_.description.empty()) picture.description += ' ' + options_.description;
  if (options_.description.empty())
    for (const Line& line : lines_)
      picture.description +=
          ' ' + (line.is_scatter ? scatter_text(line.name, line.x, line.y) : line_text(line.name, line.y));
  const Drawing drawing(*this);
  picture.body = drawing.body();
  picture.width = options_.width;
  picture.height = drawing.height();
  return picture;
}

}  // namespace tenbin
