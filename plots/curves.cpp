#include "tenbin/plots/curves.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "tenbin/core/error.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/class_counts.h"
#include "tenbin/evaluation/confidence_interval.h"
#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/ranking.h"
#include "tenbin/evaluation/gain.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/roc.h"
#include "tenbin/plots/detail/class_name.h"
#include "tenbin/plots/detail/svg.h"

namespace tenbin {

namespace {

using detail::percent_text;
using detail::text_of;
using detail::value_text;
using Label = std::optional<std::int64_t>;

constexpr std::size_t most_lines = 24;  // 8 colours, each with 3 patterns of dashes
constexpr AxisLimits shares = {-0.01, 1.01};

// One line of a chart: a model, or a class against the rest.
struct Subject {
  std::string name;
  Array y;
  Label pos_label;
};

std::size_t columns_of(const Array& y) { return y.ndim() == 2 ? y.shape()[1] : 1; }

struct Subjects {
  std::vector<Subject> lines;
  bool has_classes = false;  // a line is a class
  std::string positive;      // the name of the positive class, or empty
};

// `models`: those of a call, of which the name of the only one may be empty.
template <class Options>
Subjects subjects_of(const char* function, const Array& t, const std::vector<NamedScores>& models,
                     const Options& options) {
  if (models.empty()) throw Error(function, ": expected the scores of at least one model");
  Subjects subjects;
  const std::size_t n_class = columns_of(models[0].y);
  if (n_class > 2 && !options.pos_label) {
    if (models.size() > 1)
      throw Error(function, ": expected pos_label for ", models.size(), " models of ", n_class, " classes");
    const std::vector<std::string> names = detail::class_labels(function, options.class_names, n_class);
    const std::vector<std::size_t> counts = class_counts(t, n_class, options.ignore_label);
    subjects.has_classes = true;
    for (std::size_t c = 0; c < n_class; ++c)
      if (counts[c] > 0) subjects.lines.push_back({names[c], models[0].y, static_cast<std::int64_t>(c)});
  } else {
    for (const NamedScores& model : models)
      subjects.lines.push_back({model.name, model.y, options.pos_label});
    if (options.pos_label || !options.class_names.empty())
      subjects.positive = detail::class_name(function, options.class_names, options.pos_label.value_or(1));
  }
  if (subjects.lines.size() > most_lines)
    throw Error(function, ": expected at most ", most_lines, " lines, got ", subjects.lines.size(),
                subjects.has_classes ? " classes: choose one by pos_label" : " models");
  return subjects;
}

std::string title_of(const std::string& given, const std::string& curve, const std::string& positive) {
  if (!given.empty()) return given;
  return curve + (positive.empty() ? "" : ": " + positive);
}

// `plain (AP 0.168)`.
std::string with_score(const std::string& name, const std::string& score) {
  return name.empty() ? score : name + " (" + score + ')';
}

std::string sentence(const std::string& name, const std::string& text) {
  return (name.empty() ? "" : name + ": ") + text;
}

LineChartOptions square(const std::string& title, const char* x_label, const char* y_label, double width,
                        const std::string& description) {
  LineChartOptions look;
  look.title = title;
  look.x_label = x_label;
  look.y_label = y_label;
  look.description = description;
  look.x_limits = look.y_limits = shares;
  look.width = width;
  look.height = std::max(80.0, width - 100);
  return look;
}

double share_of_positives(const Array& t, const Subject& subject, Label ignore_label) {
  const detail::MetricRows rows =
      detail::binary_rows("precision_recall_curve", t, subject.y, {}, subject.pos_label, ignore_label);
  const detail::Ranking ranking(rows);
  return ranking.positives() / (ranking.positives() + ranking.negatives());
}

// Of the points with x up to a limit, the largest y.
double best_up_to(const std::vector<double>& x, const std::vector<double>& y, double limit) {
  double best = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] <= limit) best = std::max(best, y[i]);
  return best;
}

// Options of a metric, such as RocCurveOptions, for one line.
template <class MetricOptions>
MetricOptions options_of(const Subject& subject, Label ignore_label) {
  MetricOptions options;
  options.pos_label = subject.pos_label;
  options.ignore_label = ignore_label;
  return options;
}

struct Curve {
  std::string score;  // in the legend
  std::string text;   // in the description
  std::vector<double> x;
  std::vector<double> y;
};

struct CurveLook {
  const char* title;
  const char* x_label;
  const char* y_label;
  LineStyle style = {};
};

// `curve_of(subject)` is the Curve of a line. `last`: the end of the description.
template <class CurveOf>
LineChart chart_of(const Subjects& subjects, const CurvePlotOptions& options, const CurveLook& look,
                   const CurveOf& curve_of, const std::string& last = "") {
  std::vector<Curve> curves;
  std::string description;
  for (const Subject& subject : subjects.lines) {
    curves.push_back(curve_of(subject));
    description += (description.empty() ? "" : " ") + sentence(subject.name, curves.back().text);
  }
  LineChart chart(square(title_of(options.title, look.title, subjects.positive), look.x_label, look.y_label,
                         options.width, description + last));
  for (std::size_t i = 0; i < curves.size(); ++i)
    chart.line(with_score(subjects.lines[i].name, curves[i].score), std::move(curves[i].x),
               std::move(curves[i].y), look.style);
  return chart;
}

}  // namespace

LineChart plot_roc_curve(const Array& t, const Array& y, const CurvePlotOptions& options) {
  return plot_roc_curve(t, {{"", y}}, options);
}

LineChart plot_roc_curve(const Array& t, const std::vector<NamedScores>& models,
                         const CurvePlotOptions& options) {
  const Subjects subjects = subjects_of("plot_roc_curve", t, models, options);
  const CurveLook look = {"ROC curve", "false positive rate", "true positive rate (recall)"};
  const auto curve_of = [&](const Subject& subject) {
    const double area = roc_auc_score(t, subject.y, options_of<RocAucOptions>(subject, options.ignore_label));
    const RocCurve curve =
        roc_curve(t, subject.y, options_of<RocCurveOptions>(subject, options.ignore_label));
    return Curve{"AUC " + value_text(area),
                 "area " + text_of(area) + "; at a false positive rate of 0.1, the true positive rate is " +
                     text_of(best_up_to(curve.fpr, curve.tpr, 0.1)) + '.',
                 curve.fpr, curve.tpr};
  };
  return chart_of(subjects, options, look, curve_of).reference("chance", {0, 1}, {0, 1});
}

LineChart plot_precision_recall_curve(const Array& t, const Array& y, const CurvePlotOptions& options) {
  return plot_precision_recall_curve(t, {{"", y}}, options);
}

LineChart plot_precision_recall_curve(const Array& t, const std::vector<NamedScores>& models,
                                      const CurvePlotOptions& options) {
  const Subjects subjects = subjects_of("plot_precision_recall_curve", t, models, options);
  const CurveLook look = {"Precision-recall curve", "recall", "precision", {true, false}};
  const auto curve_of = [&](const Subject& subject) {
    const double area = average_precision_score(
        t, subject.y, options_of<AveragePrecisionOptions>(subject, options.ignore_label));
    auto curve_options = options_of<PrecisionRecallCurveOptions>(subject, options.ignore_label);
    curve_options.drop_intermediate = true;
    PrecisionRecallCurve curve = precision_recall_curve(t, subject.y, curve_options);
    // The last point is no threshold.
    curve.precision.back() = curve.precision[curve.precision.size() - 2];
    std::vector<double> negated;  // recall of at least 0.5
    for (const double recall : curve.recall) negated.push_back(-recall);
    return Curve{"AP " + value_text(area),
                 "average precision " + text_of(area) + "; at a recall of 0.5, the precision is " +
                     text_of(best_up_to(negated, curve.precision, -0.5)) + '.',
                 curve.recall, curve.precision};
  };
  if (subjects.has_classes) return chart_of(subjects, options, look, curve_of);
  const double prevalence = share_of_positives(t, subjects.lines[0], options.ignore_label);
  return chart_of(subjects, options, look, curve_of, " The prevalence is " + text_of(prevalence) + '.')
      .reference("prevalence " + value_text(prevalence), {0, 1}, {prevalence, prevalence});
}

LineChart pr_curve(const Array& t, const Array& y, const CurvePlotOptions& options) {
  return plot_precision_recall_curve(t, y, options);
}

LineChart pr_curve(const Array& t, const std::vector<NamedScores>& models, const CurvePlotOptions& options) {
  return plot_precision_recall_curve(t, models, options);
}

LineChart plot_gain_curve(const Array& t, const Array& y, const CurvePlotOptions& options) {
  return plot_gain_curve(t, {{"", y}}, options);
}

LineChart plot_gain_curve(const Array& t, const std::vector<NamedScores>& models,
                          const CurvePlotOptions& options) {
  const Subjects subjects = subjects_of("plot_gain_curve", t, models, options);
  const CurveLook look = {"Cumulative gain", "share of all rows, highest scores first",
                          "share of the positive rows"};
  const auto curve_of = [&](const Subject& subject) {
    const GainCurve curve = gain_curve(t, subject.y, options_of<GainOptions>(subject, options.ignore_label));
    const std::string tenth = percent_text(best_up_to(curve.depth, curve.gain, 0.1));
    const std::string fifth = percent_text(best_up_to(curve.depth, curve.gain, 0.2));
    return Curve{
        "first 10%: " + tenth,
        "the first 10% of the rows have " + tenth + " of the positive rows, the first 20% " + fifth + '.',
        curve.depth, curve.gain};
  };
  LineChart chart = chart_of(subjects, options, look, curve_of);
  chart.reference("random order", {0, 1}, {0, 1});
  if (!subjects.has_classes) {
    const double prevalence = share_of_positives(t, subjects.lines[0], options.ignore_label);
    chart.reference("best possible", {0, prevalence, 1}, {0, 1, 1});
  }
  return chart;
}

LineChart plot_calibration_curve(const Array& t, const Array& y, const CalibrationPlotOptions& options) {
  return plot_calibration_curve(t, {{"", y}}, options);
}

LineChart plot_calibration_curve(const Array& t, const std::vector<NamedScores>& models,
                                 const CalibrationPlotOptions& options) {
  const Subjects subjects = subjects_of("plot_calibration_curve", t, models, options);
  const bool has_band = subjects.lines.size() == 1;
  std::vector<CalibrationCurve> curves;
  std::vector<double> low;
  std::vector<double> high;
  std::string description;
  double top = 0;
  for (const Subject& subject : subjects.lines) {
    auto curve_options = options_of<CalibrationCurveOptions>(subject, options.ignore_label);
    curve_options.n_bins = options.n_bins;
    curve_options.strategy = options.strategy;
    curves.push_back(calibration_curve(t, subject.y, curve_options));
    const CalibrationCurve& curve = curves.back();
    std::string bins;
    for (std::size_t i = 0; i < curve.weight.size(); ++i) {
      const double positive = curve.prob_true[i] * curve.weight[i];
      top = std::max({top, curve.prob_true[i], curve.prob_pred[i]});
      bins += (i == 0 ? "predicted " : ", predicted ") + value_text(curve.prob_pred[i]) + " and " +
              value_text(std::round(positive)) + " of " + value_text(curve.weight[i]) + " positive";
      if (!has_band) continue;
      const ConfidenceInterval interval = wilson_interval(positive, curve.weight[i]);
      low.push_back(interval.low);
      high.push_back(interval.high);
    }
    description += (description.empty() ? "" : " ") + sentence(subject.name, bins + '.');
  }
  LineChartOptions look =
      square(title_of(options.title, "Reliability", subjects.positive), "mean predicted probability",
             "share of positive rows", options.width, description);
  const double end = std::max(1e-9, std::min(1.0, 1.15 * top));
  look.x_limits = look.y_limits = AxisLimits{-0.01 * end, 1.01 * end};
  LineChart chart(look);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    if (has_band) chart.band(curves[i].prob_pred, low, high);
    const std::string name = subjects.lines[i].name;
    chart.line(name.empty() ? "model" : name, std::move(curves[i].prob_pred), std::move(curves[i].prob_true),
               {false, true});
  }
  return chart.reference("perfect calibration", {0, 1}, {0, 1});
}

namespace {

constexpr char sweep[] = "plot_threshold_sweep";

// By descending thresholds: each metric holds from its threshold down to the next one.
struct Sweep {
  std::vector<double> thresholds;
  std::vector<double> precision;
  std::vector<double> recall;
  std::vector<double> positive_rate;
  std::vector<double> cost;
};

Sweep sweep_of(const detail::Ranking& ranking, const ThresholdSweepOptions& options) {
  const double positives = ranking.positives();
  const double n = positives + ranking.negatives();
  Sweep result;
  ranking.for_each_threshold([&](double score, double tp, double fp) {
    result.thresholds.push_back(score);
    result.precision.push_back(tp / (tp + fp));
    result.recall.push_back(tp / positives);
    result.positive_rate.push_back((tp + fp) / n);
    result.cost.push_back((options.cost_fp * fp + options.cost_fn * (positives - tp)) / n);
  });
  return result;
}

void require_cost(const char* name, double cost) {
  if (!std::isfinite(cost) || cost < 0)
    throw Error(sweep, ": expected ", name, " to be finite and >= 0, got ", cost);
}

std::string outcome_text(const Sweep& result, std::size_t i) {
  return "at the threshold " + text_of(result.thresholds[i]) + ", precision " + text_of(result.precision[i]) +
         ", recall " + text_of(result.recall[i]) + ", and " + percent_text(result.positive_rate[i]) +
         " of the rows are predicted positive";
}

void add_vertical(LineChart& chart, const std::string& name, double x, double top) {
  chart.reference(name, {x, x}, {0, top});
}

}  // namespace

ChartColumn plot_threshold_sweep(const Array& t, const Array& y, const ThresholdSweepOptions& options) {
  require_cost("cost_fp", options.cost_fp);
  require_cost("cost_fn", options.cost_fn);
  if (options.threshold && std::isnan(*options.threshold))
    throw Error(sweep, ": expected a threshold that is a number, got NaN");
  std::string positive;
  if (options.pos_label || !options.class_names.empty())
    positive = detail::class_name(sweep, options.class_names, options.pos_label.value_or(1));
  const detail::Ranking ranking(
      detail::binary_rows(sweep, t, y, {}, options.pos_label, options.ignore_label));
  if (ranking.positives() == 0) throw Error(sweep, ": there are no positive rows in t");
  const Sweep result = sweep_of(ranking, options);
  if (!std::isfinite(result.thresholds.front()) || !std::isfinite(result.thresholds.back()))
    throw Error(sweep, ": expected finite scores, got scores from ", result.thresholds.back(), " to ",
                result.thresholds.front());
  const bool has_cost = options.cost_fp > 0 || options.cost_fn > 0;

  LineChartOptions look;
  look.title = title_of(options.title, "Thresholds", positive);
  look.x_label = "threshold: predicted positive from this score on";
  look.x_scale = options.x_scale;
  look.y_label = "share";
  look.y_limits = shares;
  look.width = options.width;
  look.height = 260;
  if (options.threshold) {
    // The lowest score that is predicted positive.
    std::size_t i = 0;
    while (i + 1 < result.thresholds.size() && result.thresholds[i + 1] >= *options.threshold) ++i;
    if (result.thresholds[i] >= *options.threshold)
      look.description =
          "With the threshold " + text_of(*options.threshold) + ": " + outcome_text(result, i) + '.';
  }
  LineChart metrics(look);
  metrics.line("precision", result.thresholds, result.precision, {true, false})
      .line("recall", result.thresholds, result.recall, {true, false})
      .line("share predicted positive", result.thresholds, result.positive_rate, {true, false});
  const std::string chosen = options.threshold ? "threshold " + text_of(*options.threshold) : "";
  if (options.threshold) add_vertical(metrics, chosen, *options.threshold, 1);
  ChartColumn column;
  column.add(metrics);
  if (!has_cost) return column;

  const auto lowest = std::min_element(result.cost.begin(), result.cost.end());
  const auto best = static_cast<std::size_t>(lowest - result.cost.begin());
  const double most = *std::max_element(result.cost.begin(), result.cost.end());
  look.title.clear();
  look.y_label = "mean cost of a row";
  look.description = "The lowest mean cost is " + text_of(*lowest) + ": " + outcome_text(result, best) + '.';
  look.y_limits.reset();
  look.height = 180;
  LineChart costs(look);
  costs.line("cost: FP " + value_text(options.cost_fp) + ", FN " + value_text(options.cost_fn),
             result.thresholds, result.cost, {true, false});
  if (options.threshold) add_vertical(costs, chosen, *options.threshold, most);
  add_vertical(costs, "lowest cost " + value_text(*lowest) + " at " + value_text(result.thresholds[best]),
               result.thresholds[best], most);
  return column.add(costs);
}

}  // namespace tenbin
