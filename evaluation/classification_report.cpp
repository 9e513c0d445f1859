#include "tenbin/evaluation/classification_report.h"

#include <algorithm>

#include "tenbin/core/text.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/evaluation/geometric_mean.h"

namespace tenbin {

namespace {

constexpr const char* balanced_accuracy_title = "balanced accuracy";

class Report {
 public:
  Report(std::size_t title_width, int digits)
      : title_width_(title_width),
        column_width_(static_cast<std::size_t>(std::max(10, digits + 4))),
        digits_(digits) {}

  template <class... Cells>
  void line(const std::string& title, const Cells&... cells) {
    text_ += detail::right_aligned(title, title_width_) + ' ';
    ((text_ += detail::right_aligned(to_text(cells), column_width_)), ...);
    text_ += '\n';
  }
  void blank_line() { text_ += '\n'; }
  const std::string& text() const { return text_; }

 private:
  std::string to_text(double value) const { return detail::fixed(value, digits_); }
  std::string to_text(const std::string& text) const { return text; }

  std::string text_;
  std::size_t title_width_;
  std::size_t column_width_;
  int digits_;
};

std::vector<std::string> class_names(const char* function, const ConfusionMatrix& matrix,
                                     const std::vector<std::string>& given) {
  if (!given.empty() && given.size() != matrix.n_class())
    throw Error(function, ": ", given.size(), " class names for ", matrix.n_class(), " classes");
  if (!given.empty()) return given;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < matrix.n_class(); ++c) names.push_back(std::to_string(c));
  return names;
}

void require_digits(const char* function, int digits) {
  if (digits < 0) throw Error(function, ": expected digits of at least 0, got ", digits);
}

std::size_t title_width(const std::vector<std::string>& names, const std::string& longest_other) {
  std::size_t width = longest_other.size();
  for (const std::string& name : names) width = std::max(width, detail::character_count(name));
  return width;
}

// Counts are printed as whole numbers, weights with decimals.
std::vector<std::string> counts(const ConfusionMatrix& matrix, const std::vector<double>& values,
                                int digits) {
  std::vector<std::string> texts;
  for (const double value : values) {
    texts.push_back(detail::fixed(value, matrix.weighted() ? digits : 0));
  }
  return texts;
}

}  // namespace

std::string classification_report(const ConfusionMatrix& matrix, const ClassificationReportOptions& options) {
  constexpr const char* function = "classification_report";
  require_digits(function, options.digits);
  const auto names = class_names(function, matrix, options.class_names);
  const auto precision = matrix.precision(options.zero_division);
  const auto recall = matrix.recall(options.zero_division);
  const auto f1 = matrix.f1(options.zero_division);
  const auto support = counts(matrix, matrix.support(), options.digits);
  const auto total = counts(matrix, {matrix.total()}, options.digits)[0];

  Report report(title_width(names, balanced_accuracy_title), options.digits);
  report.line("", "precision", "recall", "f1-score", "support");
  report.blank_line();
  for (std::size_t c = 0; c < names.size(); ++c)
    report.line(names[c], precision[c], recall[c], f1[c], support[c]);
  report.blank_line();
  report.line("accuracy", "", "", matrix.accuracy(), total);
  report.line("macro avg", matrix.macro_average(precision), matrix.macro_average(recall),
              matrix.macro_average(f1), total);
  report.line("weighted avg", matrix.weighted_average(precision), matrix.weighted_average(recall),
              matrix.weighted_average(f1), total);
  report.line(balanced_accuracy_title, "", "", matrix.balanced_accuracy(), total);
  report.line("G-mean", "", "", matrix.g_mean(), total);
  return report.text();
}

std::string classification_report_imbalanced(const ConfusionMatrix& matrix,
                                             const ClassificationReportImbalancedOptions& options) {
  constexpr const char* function = "classification_report_imbalanced";
  require_digits(function, options.digits);
  const auto names = class_names(function, matrix, options.class_names);
  const std::vector<std::vector<double>> columns = {
      matrix.precision(options.zero_division),
      matrix.recall(options.zero_division),
      matrix.specificity(),
      matrix.f1(options.zero_division),
      geometric_mean_per_class(matrix),
      index_balanced_accuracy(matrix, IndexBalancedAccuracyOptions{options.alpha}),
  };
  const auto support = counts(matrix, matrix.support(), options.digits);

  Report report(title_width(names, "avg / total"), options.digits);
  report.line("", "pre", "rec", "spe", "f1", "geo", "iba", "sup");
  report.blank_line();
  for (std::size_t c = 0; c < names.size(); ++c)
    report.line(names[c], columns[0][c], columns[1][c], columns[2][c], columns[3][c], columns[4][c],
                columns[5][c], support[c]);
  report.blank_line();
  const auto average = [&](std::size_t column) { return matrix.weighted_average(columns[column]); };
  report.line("avg / total", average(0), average(1), average(2), average(3), average(4), average(5),
              counts(matrix, {matrix.total()}, options.digits)[0]);
  return report.text();
}

std::ostream& operator<<(std::ostream& out, const ConfusionMatrix& matrix) {
  return out << classification_report(matrix);
}

}  // namespace tenbin
