#include "tenbin/evaluation/precision_recall.h"

#include <algorithm>

#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/ranking.h"

namespace tenbin {

namespace {

double average_precision(const detail::Ranking& ranking) {
  double sum = 0;
  double last_tp = 0;
  ranking.for_each_threshold([&](double, double tp, double fp) {
    if (tp > last_tp) sum += (tp - last_tp) * (tp / (tp + fp));
    last_tp = tp;
  });
  return last_tp > 0 ? sum / last_tp : 0;
}

std::vector<double> per_class(const detail::MetricRows& rows) {
  std::vector<double> values;
  for (std::size_t c = 0; c < rows.n_class(); ++c)
    values.push_back(average_precision(detail::Ranking(detail::one_vs_rest(rows, c))));
  return values;
}

struct Points {
  std::vector<double> tp;
  std::vector<double> fp;
  std::vector<double> thresholds;
};

// Whether a point and both its neighbours have one recall: no positive row is between them.
bool within_equal_recall(const std::vector<double>& tp, std::size_t i) {
  return tp[i - 1] == tp[i] && tp[i] == tp[i + 1];
}

}  // namespace

PrecisionRecallCurve precision_recall_curve(const Array& t, const Array& y,
                                            const PrecisionRecallCurveOptions& options) {
  const auto rows = detail::binary_rows("precision_recall_curve", t, y, options.sample_weight,
                                        options.pos_label, options.ignore_label);
  Points all;
  detail::Ranking(rows).for_each_threshold([&](double threshold, double tp, double fp) {
    all.tp.push_back(tp);
    all.fp.push_back(fp);
    all.thresholds.push_back(threshold);
  });
  const std::size_t last = all.tp.size() - 1;
  PrecisionRecallCurve curve{{1}, {0}, {}};  // built from the highest threshold on, reversed at the end
  for (std::size_t i = 0; i <= last; ++i) {
    if (options.drop_intermediate && i > 0 && i < last && within_equal_recall(all.tp, i)) continue;
    curve.precision.push_back(all.tp[i] / (all.tp[i] + all.fp[i]));
    curve.recall.push_back(all.tp[last] > 0 ? all.tp[i] / all.tp[last] : 1);
    curve.thresholds.push_back(all.thresholds[i]);
  }
  for (auto* values : {&curve.precision, &curve.recall, &curve.thresholds})
    std::reverse(values->begin(), values->end());
  return curve;
}

double average_precision_score(const Array& t, const Array& y, const AveragePrecisionOptions& options) {
  constexpr const char* function = "average_precision_score";
  const bool binary = !y || y.ndim() != 2 || y.shape()[1] <= 2 || options.pos_label;
  if (binary)
    return average_precision(detail::Ranking(
        detail::binary_rows(function, t, y, options.sample_weight, options.pos_label, options.ignore_label)));
  const auto rows = detail::metric_rows(function, t, y, options.sample_weight, {}, options.ignore_label);
  const std::vector<double> values = per_class(rows);
  const std::vector<double> weights = rows.class_weights(options.average);
  double sum = 0;
  double total = 0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    sum += weights[c] * values[c];
    total += weights[c];
  }
  return sum / total;
}

std::vector<double> average_precision_per_class(const Array& t, const Array& y,
                                                const PerClassOptions& options) {
  return per_class(detail::probability_rows("average_precision_per_class", t, y, options));
}

}  // namespace tenbin
