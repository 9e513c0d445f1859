// Predictions of rows with labels, as text and as JSON: for `train` and `evaluate`.
#pragma once

#include <string>

#include "tenbin/bundle/predictor.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/tools/json.h"

namespace tenbin::tools {

/// The scores of a model on rows with labels.
class Assessment {
 public:
  /// Errors: no labels; no rows.
  Assessment(const Predictions& predictions, const std::string& source);

  const Scores& scores() const { return scores_; }
  /// Scores with intervals, a report of the classes, the confusion matrix.
  std::string text() const;
  /// The scores with intervals alone.
  std::string scores_text() const;
  Json json() const;

 private:
  std::string confusion_text() const;

  std::vector<std::string> classes_;
  ConfusionMatrix matrix_;
  Scores scores_;
  std::map<std::string, ConfidenceInterval> intervals_;
};

/// "\nThe report: test.html\n"; nothing without one.
std::string report_line(const std::string& path);

}  // namespace tenbin::tools
