// The metrics of every class as human-readable text.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tenbin/evaluation/confusion_matrix.h"

namespace tenbin {

struct ClassificationReportOptions {
  std::vector<std::string> class_names = {};  ///< empty: the classes' numbers
  int digits = 2;                             ///< after the decimal point
  double zero_division = 0.0;                 ///< the value of 0/0, see ConfusionMatrix
};

/// Precision, recall, F1 and support of every class, then accuracy and averages: scikit-learn's
/// `classification_report`, with balanced accuracy and G-mean in addition.
///
///                        precision    recall  f1-score   support
///
///                   cat       0.50      1.00      0.67         1
///                   dog       1.00      0.67      0.80         3
///
///              accuracy                           0.75         4
///             macro avg       0.75      0.83      0.73         4
///          weighted avg       0.88      0.75      0.77         4
///     balanced accuracy                           0.83         4
///                G-mean                           0.82         4
///
/// Errors: the number of names is not the number of classes; digits below 0.
///
///     std::cout << classification_report(matrix, {.class_names = {"cat", "dog"}});
std::string classification_report(const ConfusionMatrix& matrix,
                                  const ClassificationReportOptions& options = {});

/// Options of classification_report_imbalanced.
struct ClassificationReportImbalancedOptions {
  std::vector<std::string> class_names = {};  ///< empty: the classes' numbers
  int digits = 2;                             ///< after the decimal point
  double alpha = 0.1;                         ///< of the index balanced accuracy
  double zero_division = 0.0;                 ///< the value of 0/0 in precision, recall and F1, see
                                              ///< ConfusionMatrix
};

/// Precision, recall, specificity, F1, G-mean, index balanced accuracy and support of every class, then their
/// means weighted by support: imbalanced-learn's `classification_report_imbalanced`.
///
///                        pre       rec       spe        f1       geo       iba       sup
///
///             cat       0.50      1.00      0.67      0.67      0.82      0.69         1
///             dog       1.00      0.67      1.00      0.80      0.82      0.64         3
///
///     avg / total       0.88      0.75      0.92      0.77      0.82      0.66         4
///
/// Errors: the number of names is not the number of classes; digits below 0.
///
///     std::cout << classification_report_imbalanced({t, y});
std::string classification_report_imbalanced(const ConfusionMatrix& matrix,
                                             const ClassificationReportImbalancedOptions& options = {});

/// Prints the report with the default options.
std::ostream& operator<<(std::ostream& out, const ConfusionMatrix& matrix);

}  // namespace tenbin
