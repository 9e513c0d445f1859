// Curves of labels and scores as charts: ROC, precision-recall, gain, reliability, and metrics over
// thresholds.
//
// plot_<name> draws what the function <name> of evaluation/ computes, with the same t and y:
//
//     plot_precision_recall_curve(t, p).save("pr.svg");
//     plot_roc_curve(t, {{"plain", p1}, {"SMOTE", p2}}, {.class_names = {"legal", "fraud"}}).save("roc.svg");
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/evaluation/calibration.h"
#include "tenbin/plots/line_chart.h"

namespace tenbin {

/// The scores of a model, by its name.
struct NamedScores {
  std::string name;
  Array y;
};

/// Options of plot_roc_curve, plot_precision_recall_curve and plot_gain_curve.
struct CurvePlotOptions {
  std::string title = {};                         ///< empty: the curve's, and the positive class
  std::vector<std::string> class_names = {};      ///< by class; empty: their numbers
  std::optional<std::int64_t> pos_label = {};     ///< as in roc_curve
  std::optional<std::int64_t> ignore_label = {};  ///< as in roc_curve
  double width = 520;                             ///< of the image, in pixels; it is about as high
};

/// The ROC curve, with the area under it, and the diagonal of chance. (scikit-learn: `RocCurveDisplay`.)
///
/// t: integer (N); y: as in roc_curve. Probabilities (N, C) of more than two classes without `pos_label` give
/// a line of every class that has rows, against the rest. Several models of the same rows are a line each.
/// Errors: those of roc_curve; more than 24 lines; several models of more than two classes without
/// `pos_label`; a class without a name.
///
///     plot_roc_curve(t, p).save("roc.svg");
LineChart plot_roc_curve(const Array& t, const Array& y, const CurvePlotOptions& options = {});
LineChart plot_roc_curve(const Array& t, const std::vector<NamedScores>& models,
                         const CurvePlotOptions& options = {});

/// The precision-recall curve as steps, with the average precision, which is the area under them, and the
/// prevalence, the precision of chance. (scikit-learn: `PrecisionRecallDisplay`.) The point of recall 0 and
/// precision 1 is left out: it is no threshold.
///
/// t, y, models, errors: as in plot_roc_curve. For several classes no prevalence is drawn.
///
///     plot_precision_recall_curve(t, {{"plain", p1}, {"SMOTE", p2}}).save("pr.svg");
LineChart plot_precision_recall_curve(const Array& t, const Array& y, const CurvePlotOptions& options = {});
LineChart plot_precision_recall_curve(const Array& t, const std::vector<NamedScores>& models,
                                      const CurvePlotOptions& options = {});

/// The same, by a short name.
///
///     pr_curve(t, p).save("pr.svg");
LineChart pr_curve(const Array& t, const Array& y, const CurvePlotOptions& options = {});
LineChart pr_curve(const Array& t, const std::vector<NamedScores>& models,
                   const CurvePlotOptions& options = {});

/// The cumulative gain curve: the share of the positive rows among the rows with the highest scores, with the
/// diagonal of a random order and the best possible line. (scikit-plot: `plot_cumulative_gain`.)
///
/// t, y, models, errors: as in plot_roc_curve and gain_curve. For several classes no best line is drawn.
LineChart plot_gain_curve(const Array& t, const Array& y, const CurvePlotOptions& options = {});
LineChart plot_gain_curve(const Array& t, const std::vector<NamedScores>& models,
                          const CurvePlotOptions& options = {});

/// Options of plot_calibration_curve.
struct CalibrationPlotOptions {
  std::string title = {};                         ///< empty: the curve's, and the positive class
  std::vector<std::string> class_names = {};      ///< by class; empty: their numbers
  std::optional<std::int64_t> pos_label = {};     ///< as in calibration_curve
  std::optional<std::int64_t> ignore_label = {};  ///< as in calibration_curve
  std::size_t n_bins = 10;
  BinStrategy strategy = BinStrategy::quantile;  ///< a rare class has nearly all rows in one uniform bin
  double width = 520;                            ///< of the image, in pixels; it is about as high
};

/// The reliability diagram: the share of positive rows over the mean probability of bins, with the diagonal
/// of perfect calibration; for one line, with the 95% interval of Wilson of every share as a band. Both axes
/// end at the largest share or probability. (scikit-learn: `CalibrationDisplay`.)
///
/// t, y, models, errors: as in plot_roc_curve and calibration_curve.
LineChart plot_calibration_curve(const Array& t, const Array& y, const CalibrationPlotOptions& options = {});
LineChart plot_calibration_curve(const Array& t, const std::vector<NamedScores>& models,
                                 const CalibrationPlotOptions& options = {});

/// Options of plot_threshold_sweep.
struct ThresholdSweepOptions {
  std::string title = {};                         ///< empty: "Thresholds", and the positive class
  std::vector<std::string> class_names = {};      ///< by class; empty: their numbers
  std::optional<std::int64_t> pos_label = {};     ///< as in roc_curve
  std::optional<std::int64_t> ignore_label = {};  ///< as in roc_curve
  double cost_fp = 0;                             ///< of a false positive
  double cost_fn = 0;                             ///< of a false negative; both 0: no cost is drawn
  std::optional<double> threshold = {};           ///< marked by a line, such as that of tune_threshold
  Scale x_scale = Scale::linear;                  ///< of the thresholds
  double width = 720;                             ///< of the image, in pixels
};

/// Precision, recall and the share of rows predicted positive, over the threshold from which on they are.
/// Below, if costs are given, the mean cost of a row, (cost_fp FP + cost_fn FN) / N, with the threshold of
/// the lowest cost.
///
/// t, y: as in roc_curve, of two classes or with `pos_label`. Errors: those of roc_curve; no positive rows;
/// infinite scores; a cost that is negative or not finite; a threshold of NaN.
///
///     plot_threshold_sweep(t, p, {.cost_fp = 1, .cost_fn = 20, .threshold = 0.05}).save("thresholds.svg");
ChartColumn plot_threshold_sweep(const Array& t, const Array& y, const ThresholdSweepOptions& options = {});

}  // namespace tenbin
