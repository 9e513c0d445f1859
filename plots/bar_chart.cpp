#include "tenbin/plots/bar_chart.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tenbin/plots/detail/rows.h"

namespace tenbin {

namespace {

using detail::Axis;
using detail::RowSeries;

// Where bars begin. On a logarithmic scale a bar of the smallest value is seen, too.
double origin_of(const Axis& axis, Scale scale, const std::vector<RowSeries>& series) {
  if (scale == Scale::linear) return 0;
  double smallest = 1;
  for (const RowSeries& one : series)
    for (const double value : one.values)
      if (axis.has(value)) smallest = std::min(smallest, value);
  const double origin = std::pow(10, std::floor(std::log10(smallest))) / 2;
  return origin > 0 ? origin : smallest;  // below the smallest number
}

}  // namespace

BarChart::BarChart(std::vector<std::string> labels, BarChartOptions options)
    : labels_(std::move(labels)), options_(std::move(options)) {
  detail::require_size("BarChart", "width", options_.width);
}

BarChart& BarChart::bars(std::string name, std::vector<double> values, std::vector<std::string> texts) {
  detail::require_count("BarChart", name, "values", labels_.size(), values.size());
  if (!texts.empty()) detail::require_count("BarChart", name, "texts", labels_.size(), texts.size());
  if (texts.empty())
    for (const double value : values) texts.push_back(detail::value_text(value));
  series_.push_back({std::move(name), std::move(values), std::move(texts)});
  return *this;
}

detail::Picture BarChart::draw() const {
  const bool is_grouped = series_.size() > 1;
  const double slot = is_grouped ? 15 : 16;
  detail::Frame frame(options_.title, options_.x_label, "", options_.width);
  const detail::Rows rows(frame, labels_, series_, detail::LegendEntry::Mark::bar, slot);

  Axis axis(options_.x_scale, true);
  for (const RowSeries& series : series_)
    for (const double value : series.values)
      if (axis.has(value)) axis.include(value);
  const bool is_empty = axis.is_empty();
  const double origin = origin_of(axis, options_.x_scale, series_);
  if (!is_empty) axis.include(origin);
  axis.finish(std::max(2, static_cast<int>(frame.plot_width() / 80)), false);

  detail::Picture picture;
  picture.kind = "Bar chart";
  picture.title = options_.title;
  picture.description = "Bar chart" + (options_.x_label.empty() ? "." : " of " + options_.x_label + '.');
  if (!options_.description.empty()) picture.description += ' ' + options_.description;
  if (options_.description.empty())
    for (const RowSeries& series : series_) picture.description += ' ' + series_text(series, labels_);

  picture.body = frame.head();
  picture.body += is_empty ? frame.no_data() : frame.x_ticks(axis);
  for (std::size_t i = 0; i < series_.size(); ++i) {
    for (std::size_t row = 0; row < labels_.size(); ++row) {
      const double value = series_[i].values[row];
      if (!axis.has(value)) continue;
      const double begin = frame.pixel_x(axis, origin);
      const double end = frame.pixel_x(axis, value);
      const double height = slot - (is_grouped ? 3 : 0);
      picture.body += "<rect class=\"" + detail::colour_class("d", i) + '"' +
                      detail::attribute("x", std::min(begin, end)) +
                      detail::attribute("y", rows.middle(row, i) - height / 2) +
                      detail::attribute("width", std::abs(end - begin)) +
                      detail::attribute("height", height) + "/>\n";
    }
  }
  picture.body += frame.border() + rows.draw() + frame.axis_labels();
  picture.width = frame.width();
  picture.height = frame.height();
  return picture;
}

}  // namespace tenbin
