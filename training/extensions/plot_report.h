// PlotReport and plot_log: values of the log as a chart.
#pragma once

#include <string>
#include <vector>

#include "tenbin/plots/line_chart.h"
#include "tenbin/training/extension.h"
#include "tenbin/training/extensions/log_report.h"

namespace tenbin {

/// Options of plot_log.
struct LogPlotOptions {
  std::string title = {};
  std::string y_label = {};
  std::string x = "epoch";  ///< or `iteration` or `elapsed_time`, or another key of the log
  Scale y_scale = Scale::linear;
  double width = 720;  ///< of the image, in pixels
};

/// Training curves: keys of a log as lines. A key without a value in a row, and NaN, are gaps. Errors: no
/// keys; a key, or `x`, that no row has; the text lists those that are there.
///
///     plot_log(read_log("result/log"), {"main/loss", "validation/main/loss"}).save("loss.svg");
LineChart plot_log(const std::vector<LogRow>& rows, const std::vector<std::string>& keys,
                   const LogPlotOptions& options = {});

/// Options of PlotReport.
struct PlotReportOptions {
  std::string file = "plot.svg";  ///< in the trainer's directory
  std::string x = "epoch";        ///< or `iteration` or `elapsed_time`, or another key of the log
  std::string title = {};
  std::string y_label = {};
  Scale y_scale = Scale::linear;
  Trigger trigger = Epochs(1);  ///< when the file is written
};

/// Draws keys of the trainer's LogReport, one line each, as an SVG image, which is replaced atomically. It
/// is written again while training runs. (Chainer: `PlotReport`.)
///
///     trainer.extend(PlotReport({"main/loss", "validation/main/loss"}, {.file = "loss.svg"}));
///
/// The chart is that of plot_log. The points are the rows of the log: for points within
/// an epoch, `LogReport({.trigger = Iterations(100)})` and `.x = "iteration"`. Errors: at the
/// end of the first epoch, a key that is not known; the text lists the known keys.
class PlotReport : public Extension {
 public:
  explicit PlotReport(std::vector<std::string> keys, PlotReportOptions options = {});
  std::string name() const override { return "PlotReport"; }
  bool only_writes() const override { return true; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return options_.trigger; }
  void finalize(Trainer& trainer) override;
  int default_priority() const override { return Priority::reader; }
  bool reads_log() const override { return true; }
  std::vector<std::string> written_files() const override { return {options_.file}; }

 private:
  std::vector<std::string> keys_;
  PlotReportOptions options_;
  std::size_t drawn_ = 0;  // rows in the file
};

}  // namespace tenbin
