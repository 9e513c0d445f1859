#include "tenbin/examples/remedies/results.h"

#include <algorithm>
#include <cstdint>

#include "tenbin/evaluation/calibration.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/evaluation/mcc_kappa.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/evaluation/roc.h"
#include "tenbin/examples/common/statistics.h"

namespace tenbin::examples {

namespace {

using Value = decltype(Metric::value);

// A metric computed from the confusion matrix.
Value of_matrix(double (*metric)(const ConfusionMatrix&)) {
  return [metric](const Array& t, const Prediction& prediction, std::size_t) {
    return metric(ConfusionMatrix(t, prediction.classes, {.n_class = prediction.p.shape()[1]}));
  };
}

// With two classes the rarer one is the positive class.
std::optional<std::int64_t> positive(const Prediction& prediction, std::size_t rarest) {
  if (prediction.p.shape()[1] > 2) return {};
  return static_cast<std::int64_t>(rarest);
}

double roc_auc(const Array& t, const Prediction& prediction, std::size_t rarest) {
  return roc_auc_score(t, prediction.p, {.pos_label = positive(prediction, rarest)});
}

double average_precision(const Array& t, const Prediction& prediction, std::size_t rarest) {
  return average_precision_score(t, prediction.p, {.pos_label = positive(prediction, rarest)});
}

double brier(const Array& t, const Prediction& prediction, std::size_t) {
  return brier_score_loss(t, prediction.p);
}

double ece(const Array& t, const Prediction& prediction, std::size_t) {
  return expected_calibration_error(t, prediction.p);
}

Found count_found(const Array& t, const Array& classes, std::size_t rarest) {
  const std::vector<std::int64_t> truth = t.to_vector<std::int64_t>();
  const std::vector<std::int64_t> guess = classes.to_vector<std::int64_t>();
  Found count;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] != static_cast<std::int64_t>(rarest)) continue;
    ++count.present;
    count.found += guess[i] == truth[i] ? 1 : 0;
  }
  return count;
}

}  // namespace

const std::vector<Metric>& metrics() {
  using Matrix = ConfusionMatrix;
  static const std::vector<Metric> all = {
      {"bal. acc.", "balanced_accuracy", true,
       of_matrix([](const Matrix& m) { return m.balanced_accuracy(); })},
      {"macro F1", "macro_f1", true, of_matrix([](const Matrix& m) { return m.macro_average(m.f1()); })},
      {"G-mean", "g_mean", true, of_matrix([](const Matrix& m) { return m.g_mean(); })},
      {"MCC", "mcc", true, of_matrix([](const Matrix& m) { return matthews_corrcoef(m); })},
      {"AUC", "roc_auc", true, roc_auc},
      {"AP", "average_precision", true, average_precision},
      {"Brier", "brier", false, brier},
      {"ECE", "ece", false, ece},
  };
  return all;
}

std::size_t baseline_method() {
  const std::vector<std::string>& names = method_names();
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), baseline) - names.begin());
}

Results::Results(std::size_t n_splits, std::size_t folds)
    : values(method_names().size(),
             std::vector<std::vector<double>>(metrics().size(), std::vector<double>(n_splits))),
      rarest(method_names().size(), std::vector<Found>(n_splits)),
      n_folds(folds),
      test_train_ratio(1 / static_cast<double>(folds - 1)) {}

void Results::enter(std::size_t split, const Array& t, const std::vector<Prediction>& predictions,
                    std::size_t rarest_class) {
  for (std::size_t r = 0; r < predictions.size(); ++r) {
    for (std::size_t m = 0; m < metrics().size(); ++m)
      values[r][m][split] = metrics()[m].value(t, predictions[r], rarest_class);
    rarest[r][split] = count_found(t, predictions[r].classes, rarest_class);
  }
}

Found Results::found_in_first_repetition(std::size_t method) const {
  Found sum;
  for (std::size_t split = 0; split < n_folds; ++split) {
    sum.found += rarest[method][split].found;
    sum.present += rarest[method][split].present;
  }
  return sum;
}

std::vector<std::vector<Difference>> Results::differences() const {
  const std::size_t base = baseline_method();
  std::vector<std::vector<Difference>> all(values.size(), std::vector<Difference>(metrics().size()));
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    std::vector<std::size_t> compared;
    std::vector<double> p_values;
    for (std::size_t r = 0; r < values.size(); ++r) {
      if (r == base) continue;
      std::vector<double> difference = values[r][m];
      for (std::size_t split = 0; split < difference.size(); ++split)
        difference[split] -= values[base][m][split];
      compared.push_back(r);
      p_values.push_back(corrected_resampled_t_test(difference, test_train_ratio));
      all[r][m].mean = mean(difference);
      all[r][m].better = (all[r][m].mean > 0) == metrics()[m].higher_is_better;
    }
    const std::vector<double> adjusted = holm(p_values);
    for (std::size_t i = 0; i < compared.size(); ++i) all[compared[i]][m].p_value = adjusted[i];
  }
  return all;
}

}  // namespace tenbin::examples
