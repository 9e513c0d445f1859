#include "tenbin/training/extensions/plot_report.h"

#include <limits>

#include "tenbin/core/error.h"
#include "tenbin/training/extensions/log_report.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

// The values of a key in all rows; NaN where a row has none.
std::vector<double> column_of(const LogReport& log, const std::string& key) {
  std::vector<double> values;
  for (const LogRow& row : log.rows())
    values.push_back(value_of(row, key).value_or(std::numeric_limits<double>::quiet_NaN()));
  return values;
}

}  // namespace

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
  LineChartOptions look;
  look.title = options_.title;
  look.x_label = options_.x;
  look.y_label = options_.y_label;
  look.y_scale = options_.y_scale;
  LineChart chart(look);
  for (const std::string& key : keys_) chart.line(key, column_of(log, options_.x), column_of(log, key));
  chart.save(trainer.path_of(options_.file));
  drawn_ = log.rows().size();
}

void PlotReport::finalize(Trainer& trainer) {
  if (trainer.find<LogReport>()->rows().size() != drawn_) (*this)(trainer);
}

}  // namespace tenbin
