#include "tenbin/evaluation/classification_report.h"

#include <algorithm>
#include <iomanip>

#include "tenbin/core/text.h"

namespace tenbin {

namespace {

constexpr const char* balanced_accuracy_title = "balanced accuracy";

class Report {
 public:
  Report(std::size_t title_width, int digits)
      : title_width_(title_width), column_width_(std::max(10, digits + 4)) {
    out_ << std::fixed << std::setprecision(digits);
  }

  template <class... Cells>
  void line(const std::string& title, const Cells&... cells) {
    out_ << std::string(title_width_ - detail::character_count(title), ' ') << title << ' ';
    ((out_ << std::setw(column_width_) << cells), ...);
    out_ << '\n';
  }
  void blank_line() { out_ << '\n'; }
  std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
  std::size_t title_width_;
  int column_width_;
};

std::vector<std::string> class_names(const ConfusionMatrix& matrix, const std::vector<std::string>& given) {
  if (!given.empty() && given.size() != matrix.n_class())
    throw Error("classification_report: ", given.size(), " class names for ", matrix.n_class(), " classes");
  if (!given.empty()) return given;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < matrix.n_class(); ++c) names.push_back(std::to_string(c));
  return names;
}

}  // namespace

std::string classification_report(const ConfusionMatrix& matrix, const ClassificationReportOptions& options) {
  if (options.digits < 0)
    throw Error("classification_report: expected digits of at least 0, got ", options.digits);
  const auto names = class_names(matrix, options.class_names);
  const auto precision = matrix.precision(options.zero_division);
  const auto recall = matrix.recall(options.zero_division);
  const auto f1 = matrix.f1(options.zero_division);
  const auto support = matrix.support();
  const auto total = matrix.total();

  std::size_t width = std::string(balanced_accuracy_title).size();
  for (const std::string& name : names) width = std::max(width, detail::character_count(name));
  Report report(width, options.digits);
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

std::ostream& operator<<(std::ostream& out, const ConfusionMatrix& matrix) {
  return out << classification_report(matrix);
}

}  // namespace tenbin
