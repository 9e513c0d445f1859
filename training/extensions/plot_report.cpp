#include "tenbin/training/extensions/plot_report.h"

#include <algorithm>
#include <limits>

#include "tenbin/core/error.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

// The values of a key in all rows; NaN where a row has none.
std::vector<double> column_of(const std::vector<LogRow>& rows, const std::string& key) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const LogRow& row : rows)
    values.push_back(value_of(row, key).value_or(std::numeric_limits<double>::quiet_NaN()));
  return values;
}

LineChart draw(const std::vector<LogRow>& rows, const std::vector<std::string>& keys,
               const LogPlotOptions& options) {
  LineChartOptions look;
  look.title = options.title;
  look.x_label = options.x;
  look.y_label = options.y_label;
  look.y_scale = options.y_scale;
  look.width = options.width;
  LineChart chart(look);
  for (const std::string& key : keys) chart.line(key, column_of(rows, options.x), column_of(rows, key));
  return chart;
}

void require_key(const std::vector<LogRow>& rows, const std::string& key) {
  std::vector<std::string> known;
  for (const LogRow& row : rows)
    for (const auto& [name, value] : row) {
      if (name == key) return;
      if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    }
  throw Error("plot_log: no row of the log has the key ", key, ", known are: ", detail::joined(known));
}

}  // namespace

LineChart plot_log(const std::vector<LogRow>& rows, const std::vector<std::string>& keys,
                   const LogPlotOptions& options) {
  if (keys.empty()) throw Error("plot_log: expected the keys of the lines, got no key");
  if (!rows.empty()) {
    require_key(rows, options.x);
    for (const std::string& key : keys) require_key(rows, key);
  }
  return draw(rows, keys, options);
}

PlotReport::PlotReport(std::vector<std::string> keys, PlotReportOptions options)
    : keys_(std::move(keys)), options_(std::move(options)) {
  if (keys_.empty()) throw Error("PlotReport: expected the keys of the lines, got no key");
}

void PlotReport::operator()(Trainer& trainer) {
  const LogReport& log = *trainer.find<LogReport>();
  if (!log.rows().empty()) {
    trainer.require_keys("PlotReport", keys_);
    trainer.require_keys("PlotReport", {options_.x});
  }
  LogPlotOptions look;
  look.title = options_.title;
  look.x = options_.x;
  look.y_label = options_.y_label;
  look.y_scale = options_.y_scale;
  draw(log.rows(), keys_, look).save(trainer.path_of(options_.file));
  drawn_ = log.rows().size();
}

void PlotReport::finalize(Trainer& trainer) {
  if (trainer.find<LogReport>()->rows().size() != drawn_) (*this)(trainer);
}

}  // namespace tenbin
