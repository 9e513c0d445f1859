#include "tenbin/plots/line_chart.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tenbin/core/error.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/plots/detail/axis.h"
#include "tenbin/plots/detail/svg.h"

namespace tenbin {

namespace {

using detail::Axis;
using detail::coordinate;
using detail::fitting;
using detail::text_width;
using detail::Tick;
using detail::xml_text;

constexpr double width = 720;
constexpr double plot_height = 300;
constexpr double margin = 14;
constexpr double font = 12;
constexpr double title_font = 16;
constexpr double legend_row = 18;
constexpr double legend_mark = 24;  // the short line before a name

struct Point {
  double x;
  double y;
};

std::string tag(const char* name, const std::string& attributes, const std::string& content) {
  return std::string("<") + name + ' ' + attributes + '>' + content + "</" + name + ">\n";
}

std::string text_at(double x, double y, const std::string& attributes, const std::string& text) {
  return tag("text", "x=\"" + coordinate(x) + "\" y=\"" + coordinate(y) + "\" " + attributes, xml_text(text));
}

std::string font_size(double size) { return "font-size=\"" + coordinate(size) + '"'; }

// Of points that follow each other in a column of pixels, the first, the lowest, the highest and the
// last, in their order: the line through them looks the same.
std::vector<Point> thinned(const std::vector<Point>& points) {
  constexpr std::size_t many = 2000;
  if (points.size() <= many) return points;
  std::vector<Point> kept;
  for (std::size_t begin = 0; begin < points.size();) {
    const double column = std::floor(points[begin].x);
    std::size_t end = begin;
    std::size_t lowest = begin;
    std::size_t highest = begin;
    for (; end < points.size() && std::floor(points[end].x) == column; ++end) {
      if (points[end].y < points[lowest].y) lowest = end;
      if (points[end].y > points[highest].y) highest = end;
    }
    std::size_t chosen[] = {begin, lowest, highest, end - 1};
    std::sort(std::begin(chosen), std::end(chosen));
    for (auto i = std::begin(chosen); i != std::unique(std::begin(chosen), std::end(chosen)); ++i)
      kept.push_back(points[*i]);
    begin = end;
  }
  return kept;
}

std::string path_through(const std::vector<Point>& points, char first = 'M') {
  std::string path;
  for (const Point& point : points) {
    path += (path.empty() ? first : 'L') + coordinate(point.x) + ' ' + coordinate(point.y);
  }
  return path;
}

// The pieces between gaps. `point(i)` is not set in a gap.
template <class PointAt>
std::vector<std::vector<Point>> pieces_of(std::size_t size, PointAt point) {
  std::vector<std::vector<Point>> pieces;
  bool is_open = false;
  for (std::size_t i = 0; i < size; ++i) {
    const std::optional<Point> here = point(i);
    if (here && !is_open) pieces.emplace_back();
    if (here) pieces.back().push_back(*here);
    is_open = here.has_value();
  }
  return pieces;
}

void require_same_size(const char* what, std::size_t x, std::size_t y) {
  if (x != y) throw Error("LineChart: ", what, ": ", x, " values of x and ", y, " of y");
}

std::string dashes(std::size_t line) {
  static constexpr const char* patterns[] = {"", " stroke-dasharray=\"7 4\"", " stroke-dasharray=\"2 4\""};
  return patterns[line / detail::svg_colours % 3];
}

}  // namespace

// A chart with its top left corner at (0, 0).
class LineChart::Drawing {
 public:
  explicit Drawing(const LineChart& chart)
      : chart_(chart), x_axis_(chart.options_.x_scale, true), y_axis_(chart.options_.y_scale) {
    for (const Line& line : chart.lines_) include(line.x, line.y);
    for (const Band& band : chart.bands_) {
      include(band.x, band.low);
      include(band.x, band.high);
    }
    x_axis_.finish(8, false);
    y_axis_.finish(6, true);
    place();
  }

  double height() const { return height_; }

  std::string body() const {
    std::string out;
    const LineChartOptions& options = chart_.options_;
    if (!options.title.empty())
      out += text_at(width / 2, margin + title_font,
                     "class=\"ink\" text-anchor=\"middle\" font-weight=\"600\" " + font_size(title_font),
                     fitting(options.title, width - 2 * margin, title_font));
    out += legend_;
    if (x_axis_.is_empty()) {
      out += text_at((left_ + right_) / 2, (top_ + bottom_) / 2,
                     "class=\"muted\" text-anchor=\"middle\" " + font_size(font), "no data");
    } else {
      out += axes();
      for (const Band& band : chart_.bands_) out += area(band);
      for (std::size_t i = 0; i < chart_.lines_.size(); ++i) out += line(i);
    }
    out += "<rect class=\"frame\" x=\"" + coordinate(left_) + "\" y=\"" + coordinate(top_) + "\" width=\"" +
           coordinate(right_ - left_) + "\" height=\"" + coordinate(plot_height) + "\"/>\n";
    out += labels();
    return out;
  }

 private:
  void include(const std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x_axis_.has(x[i]) && y_axis_.has(y[i])) {
        x_axis_.include(x[i]);
        y_axis_.include(y[i]);
      }
  }

  void place() {
    top_ = margin + (chart_.options_.title.empty() ? 0 : title_font + 10);
    double tick_width = 0;
    for (const Tick& tick : y_axis_.ticks()) tick_width = std::max(tick_width, text_width(tick.label, font));
    left_ = margin + tick_width + 8 + (chart_.options_.y_label.empty() ? 0 : font + 8);
    right_ = width - margin - 10;
    add_legend();
    bottom_ = top_ + plot_height;
    height_ = bottom_ + 22 + (chart_.options_.x_label.empty() ? 0 : font + 6) + margin / 2;
  }

  void add_legend() {
    if (chart_.lines_.empty()) return;
    double x = left_;
    double y = top_ + font;
    for (std::size_t i = 0; i < chart_.lines_.size(); ++i) {
      const std::string& name = chart_.lines_[i].name;
      const std::string shown = fitting(name, right_ - left_ - legend_mark - 6, font);
      const double length = legend_mark + 6 + text_width(shown, font) + 18;
      if (x > left_ && x + length - 18 > right_) {
        x = left_;
        y += legend_row;
      }
      const std::string colour = std::to_string(i % detail::svg_colours);
      legend_ += "<path class=\"line c" + colour + "\" d=\"M" + coordinate(x) + ' ' + coordinate(y - 4) +
                 'h' + coordinate(legend_mark) + '"' + dashes(i) + "/>\n";
      const std::string whole = shown == name ? "" : "<title>" + xml_text(name) + "</title>";
      legend_ += tag("text",
                     "x=\"" + coordinate(x + legend_mark + 6) + "\" y=\"" + coordinate(y) +
                         "\" class=\"ink\" " + font_size(font),
                     whole + xml_text(shown));
      x += length;
    }
    top_ = y + 12;
  }

  double pixel_x(double x) const { return left_ + x_axis_.position(x) * (right_ - left_); }
  double pixel_y(double y) const { return bottom_ - y_axis_.position(y) * plot_height; }

  std::string axes() const {
    std::string grid;
    std::string out;
    double free_from = -width;  // labels do not overlap
    for (const Tick& tick : x_axis_.ticks()) {
      const double x = pixel_x(tick.value);
      grid += 'M' + coordinate(x) + ' ' + coordinate(top_) + 'v' + coordinate(plot_height);
      const double half = text_width(tick.label, font) / 2;
      if (x - half < free_from) continue;
      free_from = x + half + 8;
      out += text_at(std::min(x, width - half - 2), bottom_ + 17,
                     "class=\"muted\" text-anchor=\"middle\" " + font_size(font), tick.label);
    }
    for (const Tick& tick : y_axis_.ticks()) {
      const double y = pixel_y(tick.value);
      grid += 'M' + coordinate(left_) + ' ' + coordinate(y) + 'h' + coordinate(right_ - left_);
      out += text_at(left_ - 7, y + 4, "class=\"muted\" text-anchor=\"end\" " + font_size(font), tick.label);
    }
    return "<path class=\"grid\" d=\"" + grid + "\"/>\n" + out;
  }

  std::string line(std::size_t index) const {
    const Line& line = chart_.lines_[index];
    const std::string colour = std::to_string(index % detail::svg_colours);
    std::string path;
    std::string dots;
    const auto point = [&](std::size_t i) { return this->point(line.x[i], line.y[i]); };
    for (const std::vector<Point>& piece : pieces_of(line.x.size(), point)) {
      if (piece.size() > 1) {
        path += path_through(thinned(piece));
      } else {
        dots += "<circle class=\"d" + colour + "\" cx=\"" + coordinate(piece[0].x) + "\" cy=\"" +
                coordinate(piece[0].y) + "\" r=\"3\"/>\n";
      }
    }
    if (path.empty()) return dots;
    return "<path class=\"line c" + colour + "\" d=\"" + path + '"' + dashes(index) + "/>\n" + dots;
  }

  std::string area(const Band& band) const {
    std::string path;
    const auto both = [&](std::size_t i) {
      return point(band.x[i], band.low[i]) && point(band.x[i], band.high[i]);
    };
    const auto low = pieces_of(
        band.x.size(), [&](std::size_t i) { return both(i) ? point(band.x[i], band.low[i]) : std::nullopt; });
    const auto high = pieces_of(band.x.size(), [&](std::size_t i) {
      return both(i) ? point(band.x[i], band.high[i]) : std::nullopt;
    });
    for (std::size_t i = 0; i < low.size(); ++i) {
      std::vector<Point> back = thinned(low[i]);
      std::reverse(back.begin(), back.end());
      path += path_through(thinned(high[i])) + path_through(back, 'L') + 'Z';
    }
    if (path.empty()) return "";
    return "<path class=\"area a" + std::to_string(band.line % detail::svg_colours) + "\" d=\"" + path +
           "\"/>\n";
  }

  std::optional<Point> point(double x, double y) const {
    if (!x_axis_.has(x) || !y_axis_.has(y)) return std::nullopt;
    return Point{pixel_x(x), pixel_y(y)};
  }

  std::string labels() const {
    std::string out;
    const LineChartOptions& options = chart_.options_;
    const std::string attributes = "class=\"ink\" text-anchor=\"middle\" " + font_size(font);
    if (!options.x_label.empty())
      out += text_at((left_ + right_) / 2, bottom_ + 22 + font, attributes,
                     fitting(options.x_label, right_ - left_, font));
    if (!options.y_label.empty()) {
      const double x = margin + font;
      const double y = (top_ + bottom_) / 2;
      out +=
          text_at(x, y, attributes + " transform=\"rotate(-90 " + coordinate(x) + ' ' + coordinate(y) + ")\"",
                  fitting(options.y_label, plot_height, font));
    }
    return out;
  }

  const LineChart& chart_;
  Axis x_axis_;
  Axis y_axis_;
  std::string legend_;
  double left_ = 0;
  double right_ = 0;
  double top_ = 0;
  double bottom_ = 0;
  double height_ = 0;
};

namespace {

std::string number(double value) { return detail::text_of(value); }

// `main/loss: 40 points, from 0.9 to 0.1, smallest 0.08, largest 0.9.`
std::string range_of(const std::string& name, const std::vector<double>& y) {
  std::vector<double> values;
  std::copy_if(y.begin(), y.end(), std::back_inserter(values), [](double v) { return std::isfinite(v); });
  if (values.empty()) return name + ": no data.";
  const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
  return name + ": " + std::to_string(values.size()) + (values.size() == 1 ? " point" : " points") +
         ", from " + number(values.front()) + " to " + number(values.back()) + ", smallest " +
         number(*smallest) + ", largest " + number(*largest) + '.';
}

}  // namespace

LineChart& LineChart::line(std::string name, std::vector<double> x, std::vector<double> y) {
  require_same_size(name.c_str(), x.size(), y.size());
  lines_.push_back({std::move(name), std::move(x), std::move(y)});
  return *this;
}

LineChart& LineChart::band(std::vector<double> x, std::vector<double> low, std::vector<double> high) {
  require_same_size("band", x.size(), low.size());
  require_same_size("band", x.size(), high.size());
  bands_.push_back({std::move(x), std::move(low), std::move(high), lines_.size()});
  return *this;
}

std::string LineChart::svg() const { return ChartColumn().add(*this).svg(); }

void LineChart::save(const std::string& path) const { write_file(path, svg()); }

ChartColumn& ChartColumn::add(LineChart chart) {
  charts_.push_back(std::move(chart));
  return *this;
}

std::string ChartColumn::svg() const {
  std::string title;
  std::string description;
  std::string body;
  double y = 0;
  for (const LineChart& chart : charts_) {
    const LineChartOptions& options = chart.options_;
    if (!options.title.empty()) title += (title.empty() ? "" : ", ") + options.title;
    const std::string start = description.empty() ? "" : " ";
    description +=
        start + (options.x_label.empty() ? "Line chart." : "Line chart over " + options.x_label + '.');
    if (!options.description.empty()) description += ' ' + options.description;
    if (options.description.empty())
      for (const LineChart::Line& line : chart.lines_) description += ' ' + range_of(line.name, line.y);
    const LineChart::Drawing drawing(chart);
    body += y == 0 ? drawing.body()
                   : tag("g", "transform=\"translate(0 " + coordinate(y) + ")\"", '\n' + drawing.body());
    y += drawing.height();
  }
  return detail::svg_head(width, y, title.empty() ? "Line chart" : title, description) + body + "</svg>\n";
}

void ChartColumn::save(const std::string& path) const { write_file(path, svg()); }

}  // namespace tenbin
