#include "tenbin/plots/dot_plot.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/error.h"
#include "tenbin/plots/detail/path.h"
#include "tenbin/plots/detail/rows.h"

namespace tenbin {

namespace {

using detail::Axis;
using detail::coordinate;
using detail::RowSeries;

constexpr double dot_radius = 5;
constexpr double sample_spacing = 2;  // pixels

bool has_interval(const Axis& axis, const DotIntervals& intervals, std::size_t row) {
  return !intervals.low.empty() && axis.has(intervals.low[row]) && axis.has(intervals.high[row]);
}

// The interval, the samples and the dot of one row.
std::string dot_at(const detail::Frame& frame, const Axis& axis, const RowSeries& series,
                   const DotIntervals& intervals, std::size_t row, std::size_t index, double y) {
  std::string out;
  if (!intervals.samples.empty()) {
    std::vector<detail::Point> samples;
    for (const double value : intervals.samples[row])
      if (axis.has(value)) samples.push_back({frame.pixel_x(axis, value), y});
    if (!samples.empty())
      out += "<path class=\"points faint " + detail::colour_class("c", index) + "\" d=\"" +
             path_of_dots(detail::spread(samples, sample_spacing)) + "\"/>\n";
  }
  if (has_interval(axis, intervals, row)) {
    const double low = frame.pixel_x(axis, intervals.low[row]);
    const double high = frame.pixel_x(axis, intervals.high[row]);
    const auto end_at = [&](double x) { return 'M' + coordinate(x) + ' ' + coordinate(y - 4) + "v8"; };
    out += "<path class=\"line " + detail::colour_class("c", index) + "\" d=\"" + end_at(low) + 'M' +
           coordinate(low) + ' ' + coordinate(y) + 'H' + coordinate(high) + end_at(high) + "\"/>\n";
  }
  if (axis.has(series.values[row]))
    out += "<circle class=\"" + detail::colour_class("d", index) + '"' +
           detail::attribute("cx", frame.pixel_x(axis, series.values[row])) + detail::attribute("cy", y) +
           detail::attribute("r", dot_radius) + "/>\n";
  return out;
}

}  // namespace

DotPlot::DotPlot(std::vector<std::string> labels, DotPlotOptions options)
    : labels_(std::move(labels)), options_(std::move(options)) {
  detail::require_size("DotPlot", "width", options_.width);
  if (options_.x_limits) detail::require_limits("DotPlot", "x_limits", options_.x_scale, *options_.x_limits);
}

DotPlot& DotPlot::dots(std::string name, std::vector<double> values, DotIntervals intervals) {
  const auto require = [&](const char* what, std::size_t count) {
    detail::require_count("DotPlot", name, what, labels_.size(), count);
  };
  require("values", values.size());
  if (!intervals.low.empty() || !intervals.high.empty()) {
    require("low ends", intervals.low.size());
    require("high ends", intervals.high.size());
  }
  if (!intervals.samples.empty()) require("lists of samples", intervals.samples.size());
  std::vector<std::string> texts = intervals.texts;
  if (!texts.empty()) require("texts", texts.size());
  const Axis axis(options_.x_scale);
  if (texts.empty())
    for (std::size_t row = 0; row < labels_.size(); ++row) {
      std::string text = detail::value_text(values[row]);
      if (has_interval(axis, intervals, row))
        text += " [" + detail::value_text(intervals.low[row]) + ", " +
                detail::value_text(intervals.high[row]) + ']';
      texts.push_back(std::move(text));
    }
  series_.push_back({std::move(name), std::move(values), std::move(texts)});
  intervals_.push_back(std::move(intervals));
  return *this;
}

DotPlot& DotPlot::reference(double value, std::string name) {
  if (!std::isfinite(value)) throw Error("DotPlot: reference: expected a finite value, got ", value);
  references_.push_back({value, std::move(name)});
  return *this;
}

detail::Picture DotPlot::draw() const {
  using Mark = detail::LegendEntry::Mark;
  detail::Frame frame(options_.title, options_.x_label, "", options_.width);
  for (std::size_t i = 0; i < references_.size(); ++i)
    if (!references_[i].name.empty()) frame.add_legend({references_[i].name, Mark::reference, i});
  const detail::Rows rows(frame, labels_, series_, Mark::dot, series_.size() > 1 ? 15 : 16);

  Axis axis(options_.x_scale);
  const auto include = [&](double value) {
    if (axis.has(value)) axis.include(value);
  };
  for (std::size_t i = 0; i < series_.size(); ++i) {
    for (const double value : series_[i].values) include(value);
    for (std::size_t row = 0; row < labels_.size(); ++row) {
      if (has_interval(axis, intervals_[i], row)) {
        include(intervals_[i].low[row]);
        include(intervals_[i].high[row]);
      }
      if (!intervals_[i].samples.empty())
        for (const double value : intervals_[i].samples[row]) include(value);
    }
  }
  const bool is_empty = axis.is_empty();
  if (!is_empty)
    for (const Reference& reference : references_) include(reference.value);
  axis.set_limits(options_.x_limits);
  axis.finish(std::max(2, static_cast<int>(frame.plot_width() / 80)), true);

  std::string contents;
  if (!is_empty) {
    for (std::size_t i = 0; i < references_.size(); ++i)
      if (axis.has(references_[i].value))
        contents += "<path class=\"reference\" d=\"M" +
                    coordinate(frame.pixel_x(axis, references_[i].value)) + ' ' + coordinate(frame.top()) +
                    'v' + coordinate(frame.plot_height()) + '"' + detail::reference_dashes(i) + "/>\n";
    for (std::size_t i = 0; i < series_.size(); ++i)
      for (std::size_t row = 0; row < labels_.size(); ++row)
        contents += dot_at(frame, axis, series_[i], intervals_[i], row, i, rows.middle(row, i));
  }

  detail::Picture picture;
  picture.kind = "Dot plot";
  picture.title = options_.title;
  picture.description = "Dot plot" + (options_.x_label.empty() ? "." : " of " + options_.x_label + '.');
  if (!options_.description.empty()) picture.description += ' ' + options_.description;
  if (options_.description.empty()) {
    for (const RowSeries& series : series_) picture.description += ' ' + series_text(series, labels_);
    for (const Reference& reference : references_)
      picture.description += ' ' + (reference.name.empty() ? "Line" : reference.name) + " at " +
                             detail::value_text(reference.value) + '.';
  }
  picture.body = frame.head();
  picture.body += is_empty ? frame.no_data() : frame.x_ticks(axis);
  picture.body += axis.has_limits() ? frame.clipped(contents, dot_radius) : contents;
  picture.body += frame.border() + rows.draw() + frame.axis_labels();
  picture.width = frame.width();
  picture.height = frame.height();
  return picture;
}

}  // namespace tenbin
