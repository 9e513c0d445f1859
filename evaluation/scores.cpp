#include "tenbin/evaluation/scores.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "tenbin/core/file.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/evaluation/mcc_kappa.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/evaluation/proper_scores.h"
#include "tenbin/evaluation/roc.h"

namespace tenbin {

Scores classification_scores(const Array& t, const Array& probabilities, const Array& decisions,
                             const std::vector<std::string>& class_names) {
  const std::size_t n_class = class_names.size();
  if (n_class < 2 || !probabilities || probabilities.ndim() != 2 || probabilities.shape()[1] != n_class)
    throw Error("classification_scores: expected probabilities (N, ", n_class, ") for ", n_class,
                " names of classes, 2 or more, got ", probabilities);
  ConfusionMatrixOptions options;
  options.n_class = n_class;
  const ConfusionMatrix matrix(t, decisions, options);
  const std::vector<double> support = matrix.support();
  const auto score = [&](std::vector<double> per_class) {
    for (std::size_t c = 0; c < n_class; ++c)
      if (support[c] == 0) per_class[c] = std::numeric_limits<double>::quiet_NaN();
    return n_class == 2 ? per_class[1] : matrix.macro_average(per_class);
  };
  Scores scores = {{"accuracy", matrix.accuracy()},
                   {"average_precision", score(average_precision_per_class(t, probabilities))},
                   {"balanced_accuracy", matrix.balanced_accuracy()},
                   {"brier_score", brier_score_loss(t, probabilities)},
                   {"f1", score(matrix.f1())},
                   {"g_mean", matrix.g_mean()},
                   {"log_loss", log_loss(t, probabilities)},
                   {"matthews_corrcoef", matthews_corrcoef(matrix)},
                   {"precision", score(matrix.precision())},
                   {"recall", score(matrix.recall())},
                   {"roc_auc", score(roc_auc_per_class(t, probabilities))}};
  if (n_class > 2) {
    const std::vector<double> recall = matrix.recall(std::numeric_limits<double>::quiet_NaN());
    for (std::size_t c = 0; c < n_class; ++c) scores["recall/" + class_names[c]] = recall[c];
  }
  return scores;
}

std::string to_json(const Scores& scores) {
  try {
    return nlohmann::json(scores).dump(2);
  } catch (const nlohmann::json::exception& error) {
    throw Error("to_json: ", printable(error.what()));
  }
}

}  // namespace tenbin
