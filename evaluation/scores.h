// The usual scores of a classifier in one call, by name, and as JSON.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/evaluation/confidence_interval.h"

namespace tenbin {

using Scores = std::map<std::string, double>;

/// What is known of a classifier's predictions, by name: "accuracy", "average_precision",
/// "balanced_accuracy", "brier_score", "f1", "g_mean", "log_loss", "matthews_corrcoef", "precision",
/// "recall", "roc_auc".
///
/// For two classes, average_precision, f1, precision and recall are those of class 1, the positive one; for
/// more, they and roc_auc are means over the classes that occur, and "recall/NAME" is the recall of a class.
/// NaN: not defined, as the recall of a class without rows.
///
/// t: integer (N), classes; probabilities: float (N, C); decisions: integer (N), classes. Errors: shapes that
/// do not fit; rows that are not probabilities; a class outside [0, C); the number of names is not C; no
/// rows.
///
///     const Scores scores = classification_scores(t, p, decision(p), {"legit", "fraud"});
///     std::cout << to_json(scores) << '\n';
Scores classification_scores(const Array& t, const Array& probabilities, const Array& decisions,
                             const std::vector<std::string>& class_names);

/// Intervals of `classification_scores`, by the same names, at 95% unless `options` say otherwise: Wilson's
/// for accuracy and, of two classes, for precision and recall; the bootstrap, stratified by class, for the
/// others, which takes about n_resamples times as long as `classification_scores`. Scores that are not
/// defined, and those whose class has no rows, are left out. Errors: those of `classification_scores` and
/// `bootstrap_interval`.
///
///     const auto [low, high] = score_intervals(t, p, decision(p), names).at("average_precision");
std::map<std::string, ConfidenceInterval> score_intervals(const Array& t, const Array& probabilities,
                                                          const Array& decisions,
                                                          const std::vector<std::string>& class_names,
                                                          const BootstrapOptions& options = {});

/// A JSON object, a score per line, with the digits that give the same float64 again. Values that are not
/// finite become null. Errors: names that are not UTF-8.
std::string to_json(const Scores& scores);

}  // namespace tenbin
