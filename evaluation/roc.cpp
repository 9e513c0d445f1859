#include "tenbin/evaluation/roc.h"

#include <cmath>
#include <limits>

#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/ranking.h"
#include "tenbin/evaluation/detail/scaling.h"

namespace tenbin {

namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

void require_both_classes(const char* function, const detail::Ranking& ranking) {
  if (ranking.positives() > 0 && ranking.negatives() > 0) return;
  throw Error(function, ": only one class is present in t, a ROC curve needs both: there are ",
              ranking.positives(), " positive and ", ranking.negatives(), " negative rows");
}

// Counts of both classes, each scaled by itself so that they can be multiplied; the scale is 1 except for
// extreme weights.
struct Scales {
  explicit Scales(const detail::Ranking& ranking)
      : positive(detail::power_of_two_scale(ranking.positives(), detail::most_factor_exponent)),
        negative(detail::power_of_two_scale(ranking.negatives(), detail::most_factor_exponent)) {}
  double positive;
  double negative;
};

// The area in units of rows times rows: without weights a multiple of 1/2, which is exact.
double area(const detail::Ranking& ranking, const Scales& scales) {
  double sum = 0;
  double last_tp = 0;
  double last_fp = 0;
  ranking.for_each_threshold([&](double, double tp, double fp) {
    sum += scales.negative * (fp - last_fp) * (scales.positive * (tp + last_tp)) / 2;
    last_tp = tp;
    last_fp = fp;
  });
  return sum;
}

// NaN if a class has no rows.
double auc(const detail::Ranking& ranking) {
  const Scales scales(ranking);
  const double pairs = scales.positive * ranking.positives() * (scales.negative * ranking.negatives());
  return pairs > 0 ? area(ranking, scales) / pairs : NaN;
}

// The area up to fpr = max_fpr, with linear interpolation at max_fpr.
double partial_auc(const detail::Ranking& ranking, double max_fpr) {
  const Scales scales(ranking);
  const double end = max_fpr * ranking.negatives();
  double sum = 0;
  double last_tp = 0;
  double last_fp = 0;
  ranking.for_each_threshold([&](double, double tp, double fp) {
    if (last_fp < end && fp > last_fp) {
      const double cut = std::min(fp, end);
      const double tp_at_cut = last_tp + (tp - last_tp) * ((cut - last_fp) / (fp - last_fp));
      sum += scales.negative * (cut - last_fp) * (scales.positive * (last_tp + tp_at_cut)) / 2;
    }
    last_tp = tp;
    last_fp = fp;
  });
  const double found =
      sum / (scales.positive * ranking.positives() * (scales.negative * ranking.negatives()));
  const double by_chance = max_fpr * max_fpr / 2;
  return (1 + (found - by_chance) / (max_fpr - by_chance)) / 2;
}

double binary_auc(const char* function, const detail::MetricRows& rows, std::optional<double> max_fpr) {
  const detail::Ranking ranking(rows);
  require_both_classes(function, ranking);
  return max_fpr && *max_fpr < 1 ? partial_auc(ranking, *max_fpr) : auc(ranking);
}

std::vector<double> auc_per_class(const detail::MetricRows& rows) {
  std::vector<double> values;
  for (std::size_t c = 0; c < rows.n_class(); ++c)
    values.push_back(auc(detail::Ranking(detail::one_vs_rest(rows, c))));
  return values;
}

double one_vs_rest_auc(const char* function, const detail::MetricRows& rows, ClassAverage average) {
  const std::vector<double> values = auc_per_class(rows);
  const std::vector<double> weights = rows.class_weights(average);
  double sum = 0;
  double total = 0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (weights[c] == 0) continue;
    if (std::isnan(values[c]))
      throw Error(function, ": class ", c, " has none or all of the rows of t, its ROC curve is undefined");
    sum += weights[c] * values[c];
    total += weights[c];
  }
  return sum / total;
}

// Rows of class a by the scores in column a, ranked against those of class b.
double pair_auc(const detail::MetricRows& rows, const std::vector<std::vector<std::size_t>>& rows_of,
                std::size_t a, std::size_t b) {
  const double* y = rows.y.data<double>() + a;
  detail::Ranking ranking(false);
  for (const std::size_t i : rows_of[a]) ranking.add(y[i * rows.n_class()], true, 1);
  for (const std::size_t i : rows_of[b]) ranking.add(y[i * rows.n_class()], false, 1);
  ranking.sort();
  return auc(ranking);
}

double one_vs_one_auc(const char* function, const detail::MetricRows& rows, ClassAverage average) {
  if (rows.weight) throw Error(function, ": sample_weight is not supported for one-vs-one");
  std::vector<std::vector<std::size_t>> rows_of(rows.n_class());
  const std::int64_t* label = rows.t.data<std::int64_t>();
  for (std::size_t i = 0; i < rows.size(); ++i) rows_of[static_cast<std::size_t>(label[i])].push_back(i);
  double sum = 0;
  double total = 0;
  for (std::size_t a = 0; a < rows_of.size(); ++a)
    for (std::size_t b = a + 1; b < rows_of.size(); ++b) {
      if (rows_of[a].empty() || rows_of[b].empty()) continue;
      const auto prevalence = static_cast<double>(rows_of[a].size() + rows_of[b].size());
      const double weight = average == ClassAverage::weighted ? prevalence : 1;
      sum += weight * (pair_auc(rows, rows_of, a, b) + pair_auc(rows, rows_of, b, a)) / 2;
      total += weight;
    }
  if (total == 0)
    throw Error(function, ": only one class is present in t, class ", label[0],
                ": there is no pair of classes");
  return sum / total;
}

// Whether a point is on the line between its neighbours: both steps have the same counts of both classes.
bool on_line(const RocCurve& curve, std::size_t i) {
  const auto second_difference = [i](const std::vector<double>& x) {
    return (x[i + 1] - x[i]) - (x[i] - x[i - 1]);
  };
  return second_difference(curve.fpr) == 0 && second_difference(curve.tpr) == 0;
}

}  // namespace

RocCurve roc_curve(const Array& t, const Array& y, const RocCurveOptions& options) {
  const auto rows =
      detail::binary_rows("roc_curve", t, y, options.sample_weight, options.pos_label, options.ignore_label);
  const detail::Ranking ranking(rows);
  require_both_classes("roc_curve", ranking);
  RocCurve all;  // counts first, since differences of counts are exact
  ranking.for_each_threshold([&](double threshold, double tp, double fp) {
    all.fpr.push_back(fp);
    all.tpr.push_back(tp);
    all.thresholds.push_back(threshold);
  });
  RocCurve curve{{0}, {0}, {std::numeric_limits<double>::infinity()}};
  const std::size_t last = all.fpr.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    if (options.drop_intermediate && i > 0 && i < last && on_line(all, i)) continue;
    curve.fpr.push_back(all.fpr[i] / all.fpr[last]);
    curve.tpr.push_back(all.tpr[i] / all.tpr[last]);
    curve.thresholds.push_back(all.thresholds[i]);
  }
  return curve;
}

double roc_auc_score(const Array& t, const Array& y, const RocAucOptions& options) {
  constexpr const char* function = "roc_auc_score";
  if (options.max_fpr && !(*options.max_fpr > 0 && *options.max_fpr <= 1))
    throw Error(function, ": expected max_fpr in (0, 1], got ", *options.max_fpr);
  const bool binary = !y || y.ndim() != 2 || y.shape()[1] <= 2 || options.pos_label;
  if (binary) {
    const auto rows =
        detail::binary_rows(function, t, y, options.sample_weight, options.pos_label, options.ignore_label);
    return binary_auc(function, rows, options.max_fpr);
  }
  if (options.max_fpr && *options.max_fpr < 1)
    throw Error(function, ": max_fpr is for two classes, got y ", y);
  const auto rows = detail::metric_rows(function, t, y, options.sample_weight, {}, options.ignore_label);
  return options.multi_class == MultiClass::ovr ? one_vs_rest_auc(function, rows, options.average)
                                                : one_vs_one_auc(function, rows, options.average);
}

std::vector<double> roc_auc_per_class(const Array& t, const Array& y, const PerClassOptions& options) {
  return auc_per_class(detail::probability_rows("roc_auc_per_class", t, y, options));
}

}  // namespace tenbin
