#include <algorithm>
#include <cmath>

#include "tenbin/datasets/statistics.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/report/detail/comparison_sections.h"
#include "tenbin/report/detail/sections.h"
#include "tenbin/report/detail/wording.h"

namespace tenbin::detail {

namespace {

constexpr const char* decision_metrics[] = {"balanced_accuracy", "f1_macro", "g_mean", "matthews_corrcoef"};
constexpr const char* probability_metrics[] = {"average_precision", "roc_auc",  "recall_at_fpr",
                                               "brier_score",       "log_loss", "expected_calibration_error"};

std::string percent_number(double share) { return decimal_of(100 * share, 1); }

std::string number_of(const std::string& metric, double value) {
  return metric == "log_loss" ? decimal_of(value, 3) : percent_number(value);
}

class MethodTables {
 public:
  MethodTables(Page& page, const ComparisonView& view) : page_(page), view_(view) {}

  void methods() {
    page_.section("The methods");
    marks();
    metric_table("Probabilities: how well they rank the rows, and how right they are", probability_metrics);
    page_.terms(
        {{"AP, average precision",
          "The area under the precision-recall curve. A random order has the share of the class."},
         {"AUC, area under the ROC curve",
          "The probability that a row of the class is ranked above another row; 50% is chance."},
         {"recall@FPR", "The share of the class that is found, if at most " +
                            percent_of(view_.result.false_alarm_budget) +
                            " of the other rows may be false alarms."},
         {"Brier, log loss", "The squared and the logarithmic error of the probabilities; lower is better."},
         {"ECE", "How far the probabilities are from the shares that they predict; lower is better."}});
    metric_table("Decisions: one class for every row", decision_metrics);
    page_.terms(
        {{"bal. acc., balanced accuracy",
          "The mean of the recalls of the classes; every class has the same weight."},
         {"macro F1", "The mean of the F1 of the classes, the harmonic mean of precision and recall."},
         {"G-mean", "The geometric mean of the recalls: 0 if a class is never found."},
         {"MCC", "The correlation of decisions and classes; 0 is chance."}});
    counts();
    intervals();
    left_out();
    if (std::any_of(view_.methods.begin(), view_.methods.end(),
                    [](const auto* method) { return !method->about.empty(); })) {
      page_.subsection("What the methods are");
      Terms terms;
      for (const MethodResult* method : view_.methods)
        if (!method->about.empty()) terms.emplace_back(method->name, method->about);
      page_.terms(terms);
    }
  }

 private:
  Cell metric_cell(const MethodResult& method, const std::string& metric) const {
    const std::size_t m = metric_index(metric);
    const std::vector<double>& values = method.values[m];
    std::string text = number_of(metric, mean(values));
    if (values.size() > 1 && text != "-")
      text += " \u00b1 " + number_of(metric, standard_deviation(values, 1));
    if (method.differences.empty() || method.differences[m].p_holm >= significance_level) return text;
    return {text, method.differences[m].better ? CellMark::better : CellMark::worse};
  }

  template <std::size_t N>
  void metric_table(const std::string& caption, const char* const (&metrics)[N]) {
    PageTable table{caption, {"Method"}, {}};
    for (const char* const metric : metrics)
      table.columns.push_back(comparison_metrics()[metric_index(metric)].name);
    for (const MethodResult* method : view_.methods) {
      std::vector<Cell> row = {view_.name_of(*method)};
      for (const char* const metric : metrics) row.push_back(metric_cell(*method, metric));
      table.rows.push_back(std::move(row));
    }
    page_.table(table);
  }

  void marks() {
    std::string text = view_.has_folds() ? "Values are means over " + view_.folds() +
                                               ", \u00b1 their standard deviation, in percent"
                                         : std::string("Values are in percent");
    text += "; log loss is in nats.";
    text += view_.result.classes.size() == 2
                ? " AP, AUC and recall@FPR are of " + view_.positive + "."
                : " AP, AUC and recall@FPR are means over the classes, each against the rest.";
    if (view_.has_folds())
      text += " + marks what is significantly better than " + quoted(view_.baseline.name) +
              ", \u2212 what is significantly worse: by a corrected resampled t-test over the folds (Nadeau "
              "and Bengio, 2003) with Holm's correction for the number of methods, at " +
              fixed(100 * significance_level, 0) + "%. Without a mark, the difference may be chance.";
    else
      text += " A single split has no test of differences: small ones may be chance.";
    page_.paragraph(text);
  }

  // "37 of 50 found, 120 false alarms."
  void counts() {
    page_.subsection("The counts of the decisions on " + view_.positive);
    PageTable table{
        "Rows of " + view_.positive + " among " + counted(view_.result.rows.size(), "test row") +
            (view_.result.folds.size() > view_.result.n_pooled_folds ? " of the first repetition" : ""),
        {"Method", "Found", "Recall [95% interval]", "False alarms", "Share of the other rows",
         "Alarms that are right"},
        {}};
    for (const MethodResult* method : view_.methods) {
      const Alarms alarms = alarms_of(view_.result.t, method->decisions, view_.result.positive);
      const std::string share =
          alarms.others == 0
              ? "-"
              : percent_of(static_cast<double>(alarms.false_alarms) / static_cast<double>(alarms.others));
      const std::string right =
          alarms.alarms() == 0
              ? "no alarms"
              : count_of(alarms.found) + " of " + count_of(alarms.alarms()) + " (" +
                    percent_of(static_cast<double>(alarms.found) / static_cast<double>(alarms.alarms())) +
                    ")";
      table.rows.push_back(
          {view_.name_of(*method), count_of(alarms.found) + " of " + count_of(alarms.present),
           share_with_interval(alarms.found, alarms.present), count_of(alarms.false_alarms), share, right});
    }
    page_.table(table);
  }

  static std::string interval_of(const BootstrapValue& value) {
    return percent_number(value.value) + " [" + percent_number(value.low) + ", " +
           percent_number(value.high) + "]";
  }

  // Bootstrap intervals, if there was a bootstrap; or why it was not possible.
  void intervals() {
    const BootstrapValue& value = view_.baseline.average_precision.value;
    const bool is_defined = !std::isnan(value.value);
    if (is_defined && !value.has_interval()) return;
    page_.subsection("Intervals of " + view_.positive + " against the rest");
    if (!is_defined)
      return page_.paragraph("There are none: no fold has test rows of " + view_.positive +
                             " and of another class.");
    PageTable table{
        "Average precision and recall at a false-alarm budget of " +
            percent_of(view_.result.false_alarm_budget) + ", in percent, with 95% bootstrap intervals",
        {"Method", "AP", "AP minus " + view_.baseline.name, "Recall", "Recall minus " + view_.baseline.name},
        {}};
    for (const MethodResult* method : view_.methods) {
      const bool is_baseline = method == &view_.baseline;
      table.rows.push_back({method->name, interval_of(method->average_precision.value),
                            is_baseline ? "-" : interval_of(method->average_precision.difference),
                            interval_of(method->recall_at_fpr.value),
                            is_baseline ? "-" : interval_of(method->recall_at_fpr.difference)});
    }
    page_.table(table);
    page_.paragraph(
        "The intervals are about the rows that were tested, drawn again and again; differences are paired, "
        "on the same rows. They do not include what another training set would change, and are not corrected "
        "for the number of methods.");
  }

  void left_out() {
    std::vector<std::string> items;
    for (const MethodResult& method : view_.result.methods)
      if (method.is_left_out()) items.push_back(method.name + ": " + method.left_out);
    if (items.empty()) return;
    page_.subsection("Methods that were not possible");
    page_.list(items);
  }

  Page& page_;
  const ComparisonView& view_;
};

}  // namespace

ComparisonView::ComparisonView(const ComparisonResult& result)
    : result(result), baseline(result[result.baseline]), positive(quoted(result.classes[result.positive])) {
  for (const MethodResult& method : result.methods)
    if (!method.is_left_out()) methods.push_back(&method);
}

std::string ComparisonView::folds() const { return counted(result.folds.size(), "fold"); }

std::string ComparisonView::name_of(const MethodResult& method) const {
  return method.name + (&method == &baseline ? " (baseline)" : "");
}

void method_section(Page& page, const ComparisonView& view) { MethodTables(page, view).methods(); }

}  // namespace tenbin::detail
