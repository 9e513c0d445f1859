#include "tenbin/evaluation/scores.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tenbin/core/file.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/evaluation/detail/bootstrap.h"
#include "tenbin/evaluation/mcc_kappa.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/evaluation/roc.h"

namespace tenbin {

namespace {

constexpr double not_defined = std::numeric_limits<double>::quiet_NaN();

// Of two classes the value of class 1; of more the mean over the classes that occur.
double summary(const ConfusionMatrix& matrix, std::vector<double> per_class) {
  const std::vector<double> support = matrix.support();
  for (std::size_t c = 0; c < per_class.size(); ++c)
    if (support[c] == 0) per_class[c] = not_defined;
  return per_class.size() == 2 ? per_class[1] : matrix.macro_average(per_class);
}

ConfusionMatrix matrix_of(const Array& t, const Array& decisions, std::size_t n_class) {
  ConfusionMatrixOptions options;
  options.n_class = n_class;
  return {t, decisions, options};
}

using Score = double (*)(const ConfusionMatrix& matrix, const Array& t, const Array& p);

struct NamedScore {
  const char* name;
  Score value;
};

constexpr NamedScore named_scores[] = {
    {"accuracy", [](const ConfusionMatrix& m, const Array&, const Array&) { return m.accuracy(); }},
    {"average_precision", [](const ConfusionMatrix& m, const Array& t,
                             const Array& p) { return summary(m, average_precision_per_class(t, p)); }},
    {"balanced_accuracy",
     [](const ConfusionMatrix& m, const Array&, const Array&) { return m.balanced_accuracy(); }},
    {"brier_score",
     [](const ConfusionMatrix&, const Array& t, const Array& p) { return brier_score_loss(t, p); }},
    {"f1", [](const ConfusionMatrix& m, const Array&, const Array&) { return summary(m, m.f1()); }},
    {"g_mean", [](const ConfusionMatrix& m, const Array&, const Array&) { return m.g_mean(); }},
    {"log_loss", [](const ConfusionMatrix&, const Array& t, const Array& p) { return log_loss(t, p); }},
    {"matthews_corrcoef",
     [](const ConfusionMatrix& m, const Array&, const Array&) { return matthews_corrcoef(m); }},
    {"precision",
     [](const ConfusionMatrix& m, const Array&, const Array&) { return summary(m, m.precision()); }},
    {"recall", [](const ConfusionMatrix& m, const Array&, const Array&) { return summary(m, m.recall()); }},
    {"roc_auc", [](const ConfusionMatrix& m, const Array& t,
                   const Array& p) { return summary(m, roc_auc_per_class(t, p)); }},
};

// Whether Wilson's interval is for this score.
bool is_share(const std::string& name, std::size_t n_class) {
  return name == "accuracy" || (n_class == 2 && (name == "precision" || name == "recall"));
}

}  // namespace

Scores classification_scores(const Array& t, const Array& probabilities, const Array& decisions,
                             const std::vector<std::string>& class_names) {
  const std::size_t n_class = class_names.size();
  if (n_class < 2 || !probabilities || probabilities.ndim() != 2 || probabilities.shape()[1] != n_class)
    throw Error("classification_scores: expected probabilities (N, ", n_class, ") for ", n_class,
                " names of classes, 2 or more, got ", probabilities);
  const ConfusionMatrix matrix = matrix_of(t, decisions, n_class);
  Scores scores;
  for (const NamedScore& score : named_scores) scores[score.name] = score.value(matrix, t, probabilities);
  if (n_class > 2) {
    const std::vector<double> recall = matrix.recall(not_defined);
    for (std::size_t c = 0; c < n_class; ++c) scores["recall/" + class_names[c]] = recall[c];
  }
  return scores;
}

std::map<std::string, ConfidenceInterval> score_intervals(const Array& t, const Array& probabilities,
                                                          const Array& decisions,
                                                          const std::vector<std::string>& class_names,
                                                          const BootstrapOptions& options) {
  const Scores scores = classification_scores(t, probabilities, decisions, class_names);
  const std::size_t n_class = class_names.size();
  const ConfusionMatrix matrix = matrix_of(t, decisions, n_class);
  const std::vector<double> support = matrix.support(), predicted = matrix.predicted();
  const auto share = [&](double successes, double trials) {
    return wilson_interval(successes, trials, options.confidence_level);
  };
  BootstrapOptions stratified = options;
  stratified.stratified = true;
  std::vector<const NamedScore*> resampled;
  for (const NamedScore& score : named_scores)
    if (!std::isnan(scores.at(score.name)) && !is_share(score.name, n_class)) resampled.push_back(&score);
  const auto metrics = [&](const Array& labels, const std::vector<Array>& ys) {
    const ConfusionMatrix drawn = matrix_of(labels, ys[1], n_class);
    std::vector<double> values;
    values.reserve(resampled.size());
    for (const NamedScore* score : resampled) values.push_back(score->value(drawn, labels, ys[0]));
    return values;
  };
  const std::vector<ConfidenceInterval> found =
      detail::bootstrap_intervals(t, {probabilities, decisions}, resampled.size(), metrics, stratified);
  std::map<std::string, ConfidenceInterval> intervals;
  for (std::size_t i = 0; i < found.size(); ++i) intervals[resampled[i]->name] = found[i];
  double correct = 0;
  for (std::size_t c = 0; c < n_class; ++c) correct += matrix(c, c);
  intervals["accuracy"] = share(correct, matrix.total());
  if (n_class == 2) {
    if (predicted[1] > 0) intervals["precision"] = share(matrix(1, 1), predicted[1]);
    if (support[1] > 0) intervals["recall"] = share(matrix(1, 1), support[1]);
    return intervals;
  }
  for (std::size_t c = 0; c < n_class; ++c)
    if (support[c] > 0) intervals["recall/" + class_names[c]] = share(matrix(c, c), support[c]);
  return intervals;
}

std::string to_json(const Scores& scores) {
  try {
    return nlohmann::json(scores).dump(2);
  } catch (const nlohmann::json::exception& error) {
    throw Error("to_json: ", printable(error.what()));
  }
}

}  // namespace tenbin
