#include "tenbin/comparison/detail/measure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "tenbin/core/file.h"
#include "tenbin/core/random.h"
#include "tenbin/core/text.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/evaluation/calibration.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/evaluation/detail/percentile.h"
#include "tenbin/evaluation/detail/probabilities.h"
#include "tenbin/evaluation/mcc_kappa.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/evaluation/roc.h"

namespace tenbin {

const std::vector<ComparisonMetric>& comparison_metrics() {
  static const std::vector<ComparisonMetric> all = {
      {"balanced_accuracy", "bal. acc.", true},
      {"f1_macro", "macro F1", true},
      {"g_mean", "G-mean", true},
      {"matthews_corrcoef", "MCC", true},
      {"roc_auc", "AUC", true},
      {"average_precision", "AP", true},
      {"recall_at_fpr", "recall@FPR", true},
      {"brier_score", "Brier", false},
      {"log_loss", "log loss", false},
      {"expected_calibration_error", "ECE", false},
  };
  return all;
}

std::size_t metric_index(const std::string& key) {
  const std::vector<ComparisonMetric>& all = comparison_metrics();
  std::vector<std::string> keys;
  for (std::size_t m = 0; m < all.size(); ++m) {
    if (all[m].key == key) return m;
    keys.push_back(all[m].key);
  }
  throw Error("metric_index: no metric is named \"", printable(key), "\"; there are ", detail::joined(keys));
}

namespace detail {

namespace {

ConfusionMatrix matrix_of(const Array& t, const Array& decisions, std::size_t n_class) {
  ConfusionMatrixOptions options;
  options.n_class = n_class;
  return ConfusionMatrix(t, decisions, options);
}

// The largest recall with at most a share of the other rows taken for positive.
double recall_at(const RocCurve& curve, double max_fpr) {
  double recall = 0;
  for (std::size_t i = 0; i < curve.fpr.size(); ++i)
    if (curve.fpr[i] <= max_fpr) recall = std::max(recall, curve.tpr[i]);
  return recall;
}

struct Ranking {
  double roc_auc = 0;
  double average_precision = 0;
  double recall = 0;
};

// Of one class against the rest. Precondition: there are rows of both.
Ranking ranking_of(const Array& t, const Array& p, std::size_t c, double max_fpr) {
  RocAucOptions auc;
  AveragePrecisionOptions precision;
  RocCurveOptions curve;
  auc.pos_label = precision.pos_label = curve.pos_label = static_cast<std::int64_t>(c);
  return {roc_auc_score(t, p, auc), average_precision_score(t, p, precision),
          recall_at(roc_curve(t, p, curve), max_fpr)};
}

// Of the positive class of two, or the mean over the classes that occur. NaN if there is no such class.
Ranking mean_ranking(const Array& t, const Array& p, std::size_t positive, double max_fpr) {
  const std::size_t n_class = p.shape()[1];
  std::vector<std::size_t> counts(n_class, 0);
  for (const std::int32_t label : t.to_vector<std::int32_t>()) ++counts[static_cast<std::size_t>(label)];
  Ranking sum;
  double classes = 0;
  for (std::size_t c = 0; c < n_class; ++c) {
    if ((n_class == 2 && c != positive) || counts[c] == 0 || counts[c] == t.size()) continue;
    const Ranking one = ranking_of(t, p, c, max_fpr);
    sum.roc_auc += one.roc_auc;
    sum.average_precision += one.average_precision;
    sum.recall += one.recall;
    ++classes;
  }
  return {sum.roc_auc / classes, sum.average_precision / classes, sum.recall / classes};
}

// ---- bootstrap ------------------------------------------------------------------------------------------

// The rows of a fold, by their index among all.
struct FoldRows {
  std::vector<std::uint32_t> positive;
  std::vector<std::uint32_t> others;
};

std::vector<FoldRows> rows_by_fold(const std::vector<std::int32_t>& t,
                                   const std::vector<std::size_t>& fold_of, std::size_t positive) {
  std::vector<FoldRows> folds(t.empty() ? 0 : 1 + *std::max_element(fold_of.begin(), fold_of.end()));
  for (std::size_t i = 0; i < t.size(); ++i) {
    FoldRows& fold = folds[fold_of[i]];
    (static_cast<std::size_t>(t[i]) == positive ? fold.positive : fold.others)
        .push_back(static_cast<std::uint32_t>(i));
  }
  const auto is_one_sided = [](const FoldRows& fold) { return fold.positive.empty() || fold.others.empty(); };
  folds.erase(std::remove_if(folds.begin(), folds.end(), is_one_sided), folds.end());
  return folds;
}

// The rows of a fold in descending order of a method's score.
struct ScoreOrder {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> is_positive;
  // The ends of the runs of equal scores with a positive row: between them neither metric changes.
  std::vector<std::size_t> ends;
  std::size_t n_positive;
};

ScoreOrder order_of(const FoldRows& fold, const Array& p, std::size_t positive) {
  const std::size_t n_class = p.shape()[1], n = fold.positive.size() + fold.others.size();
  const float* const scores = p.data<float>() + positive;
  const auto score = [&](std::uint32_t row) { return scores[row * n_class]; };
  ScoreOrder order;
  order.n_positive = fold.positive.size();
  order.rows = fold.positive;
  order.rows.insert(order.rows.end(), fold.others.begin(), fold.others.end());
  std::stable_sort(order.rows.begin(), order.rows.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return score(a) > score(b); });
  bool has_positive = false;
  for (std::size_t i = 0; i < n; ++i) {
    const bool is_positive = std::binary_search(fold.positive.begin(), fold.positive.end(), order.rows[i]);
    order.is_positive.push_back(is_positive ? 1 : 0);
    has_positive = has_positive || is_positive;
    if (i + 1 < n && score(order.rows[i]) == score(order.rows[i + 1])) continue;
    if (has_positive) order.ends.push_back(i + 1);
    has_positive = false;
  }
  return order;
}

struct PooledValues {
  double average_precision = 0;
  double recall = 0;
};

// The metrics of a fold in a resample, in which row i occurs counts[i] times.
PooledValues values_of(const ScoreOrder& order, const std::vector<std::uint32_t>& counts, double max_fpr) {
  const auto n_positive = static_cast<double>(order.n_positive);
  const auto n_negative = static_cast<double>(order.rows.size() - order.n_positive);
  PooledValues values;
  std::uint32_t true_positives = 0, predicted = 0;
  std::size_t i = 0;
  for (const std::size_t end : order.ends) {
    const std::uint32_t before = true_positives;
    for (; i < end; ++i) {
      const std::uint32_t count = counts[order.rows[i]];
      predicted += count;
      true_positives += count * order.is_positive[i];
    }
    if (true_positives == before) continue;
    const double found = true_positives;
    values.average_precision += (found - before) / n_positive * found / predicted;
    if ((predicted - true_positives) / n_negative <= max_fpr) values.recall = found / n_positive;
  }
  return values;
}

// How often each row is drawn: as many draws from each side of each fold as it has rows.
std::vector<std::uint32_t> draw_counts(const std::vector<FoldRows>& folds, std::size_t n, std::uint64_t seed,
                                       std::size_t resample) {
  constexpr std::uint64_t stream = 0x626f6f74;
  const std::uint64_t key = random::substream(seed, stream, resample).seed();
  std::vector<std::uint32_t> counts(n, 0);
  std::array<std::uint32_t, 4> words{};
  std::uint64_t word = 0;
  for (const FoldRows& fold : folds)
    for (const std::vector<std::uint32_t>* side : {&fold.positive, &fold.others})
      for (std::size_t i = 0; i < side->size(); ++i, ++word) {
        if (word % 4 == 0) words = random::philox(key, word / 4);
        ++counts[(*side)[std::uint64_t{words[word % 4]} * side->size() >> 32]];
      }
  return counts;
}

BootstrapValue interval_of(double value, std::vector<double> resampled) {
  BootstrapValue result;
  result.value = value;
  if (resampled.empty()) return result;
  std::sort(resampled.begin(), resampled.end());
  result.low = percentile(resampled, 2.5);
  result.high = percentile(resampled, 97.5);
  return result;
}

}  // namespace

std::vector<double> measure(const Array& t, const Array& p, const Array& decisions, std::size_t positive,
                            double false_alarm_budget) {
  const ConfusionMatrix matrix = matrix_of(t, decisions, p.shape()[1]);
  const Ranking ranking = mean_ranking(t, p, positive, false_alarm_budget);
  return {matrix.balanced_accuracy(),
          matrix.macro_average(matrix.f1()),
          matrix.g_mean(),
          matthews_corrcoef(matrix),
          ranking.roc_auc,
          ranking.average_precision,
          ranking.recall,
          brier_score_loss(t, p),
          log_loss(t, p),
          expected_calibration_error(t, p)};
}

void require_probabilities(const std::string& caller, const Array& p) {
  const std::size_t n_class = p.shape()[1];
  const std::vector<double> values = p.to_vector<double>();
  for (std::size_t row = 0; row < p.shape()[0]; ++row)
    require_probability_row(caller.c_str(), values.data() + row * n_class, n_class, row, p.dtype());
}

double balanced_accuracy(const Array& t, const Array& decisions, std::size_t n_class) {
  return matrix_of(t, decisions, n_class).balanced_accuracy();
}

FoundRows count_found(const Array& t, const Array& decisions, std::size_t positive) {
  const std::vector<std::int64_t> truth = t.to_vector<std::int64_t>();
  const std::vector<std::int64_t> guess = decisions.to_vector<std::int64_t>();
  FoundRows count;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] != static_cast<std::int64_t>(positive)) continue;
    ++count.present;
    count.found += guess[i] == truth[i] ? 1 : 0;
  }
  return count;
}

void bootstrap(const std::vector<MethodResult*>& methods, const MethodResult& baseline, const PooledLabels& t,
               double false_alarm_budget, std::size_t n_resamples, std::uint64_t seed,
               const std::function<void()>& progress) {
  constexpr std::size_t resamples_per_report = 64;
  const std::vector<FoldRows> folds = rows_by_fold(t.t, t.fold_of, t.positive);
  if (folds.empty()) return;
  std::vector<std::vector<ScoreOrder>> orders;
  std::size_t base = 0;
  for (const MethodResult* method : methods) {
    if (method == &baseline) base = orders.size();
    orders.emplace_back();
    for (const FoldRows& fold : folds)
      orders.back().push_back(order_of(fold, method->probabilities, t.positive));
  }
  // [method][resample]; the last is the sample itself.
  std::vector<std::vector<PooledValues>> values(methods.size(), std::vector<PooledValues>(n_resamples + 1));
  const auto n_folds = static_cast<double>(folds.size());
  tenbin::parallel_for(n_resamples + 1, [&](std::size_t r) {
    if (progress && r % resamples_per_report == 0) progress();
    const std::vector<std::uint32_t> counts = r == n_resamples ? std::vector<std::uint32_t>(t.t.size(), 1)
                                                               : draw_counts(folds, t.t.size(), seed, r);
    for (std::size_t m = 0; m < methods.size(); ++m)
      for (const ScoreOrder& order : orders[m]) {
        const PooledValues fold = values_of(order, counts, false_alarm_budget);
        values[m][r].average_precision += fold.average_precision / n_folds;
        values[m][r].recall += fold.recall / n_folds;
      }
  });
  for (std::size_t m = 0; m < methods.size(); ++m) {
    const auto pooled = [&](double PooledValues::*metric) {
      const auto of = [&](std::size_t method, std::size_t r) { return values[method][r].*metric; };
      std::vector<double> resampled, differences;
      for (std::size_t r = 0; r < n_resamples; ++r) {
        resampled.push_back(of(m, r));
        differences.push_back(of(m, r) - of(base, r));
      }
      return PooledMetric{interval_of(of(m, n_resamples), std::move(resampled)),
                          interval_of(of(m, n_resamples) - of(base, n_resamples), std::move(differences))};
    };
    methods[m]->average_precision = pooled(&PooledValues::average_precision);
    methods[m]->recall_at_fpr = pooled(&PooledValues::recall);
  }
}

}  // namespace detail

}  // namespace tenbin
