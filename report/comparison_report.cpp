#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/plots/class_charts.h"
#include "tenbin/plots/dot_plot.h"
#include "tenbin/report/detail/page.h"
#include "tenbin/report/detail/sections.h"
#include "tenbin/report/detail/wording.h"
#include "tenbin/report/next_steps.h"
#include "tenbin/report/report.h"

namespace tenbin {

namespace {

using namespace detail;

constexpr const char* decision_metrics[] = {"balanced_accuracy", "macro_f1", "g_mean", "mcc"};
constexpr const char* probability_metrics[] = {"average_precision", "roc_auc", "recall_at_fpr", "brier",
                                               "log_loss",          "ece"};

// Texts and how often each occurs, in the order of their first appearance.
class Tally {
 public:
  void add(const std::string& text) {
    const auto same =
        std::find_if(counts_.begin(), counts_.end(), [&](const auto& count) { return count.first == text; });
    if (same == counts_.end())
      counts_.emplace_back(text, 1);
    else
      ++same->second;
  }
  bool empty() const { return counts_.empty(); }
  // `16 (3), 64 (2)`; a single one without its number.
  std::string text() const {
    std::string text;
    for (const auto& [name, count] : counts_)
      text += (text.empty() ? "" : ", ") + name + (counts_.size() > 1 ? " (" + count_of(count) + ")" : "");
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::size_t>> counts_;
};

std::string number_of(const std::string& metric, double value) {
  return metric == "log_loss" ? decimal_of(value, 3) : decimal_of(100 * value, 1);
}

// Without its folders.
std::string file_name(const std::string& path) {
  return shortened(path.substr(path.find_last_of('/') + 1), 80);
}

class ComparisonReport {
 public:
  ComparisonReport(const ComparisonResult& result, const ReportOptions& options)
      : result_(result),
        options_(options),
        page_(options.title.empty() ? "Comparison: " + file_name(result.source) : options.title),
        baseline_(result[result.baseline]),
        positive_(quoted(result.classes[result.positive])) {
    for (const MethodResult& method : result.methods)
      if (!method.is_left_out()) methods_.push_back(&method);
  }

  std::string html() {
    summary();
    data();
    methods();
    differences();
    curve_section();
    decisions();
    choices();
    leak_check();
    reproduction();
    if (options_.description) columns(page_, *options_.description);
    return page_.html();
  }

 private:
  bool has_folds() const { return result_.folds.size() > 1; }

  std::string protocol() const {
    if (!has_folds())
      return "one split of " + count_of(result_.folds[0].train_rows) + " training and " +
             count_of(result_.folds[0].test_rows) + " test rows";
    if (result_.n_folds == 0) return counted(result_.folds.size(), "given split");
    return counted(result_.n_folds, "stratified fold") +
           (result_.n_repeats == 1 ? "" : ", " + count_of(result_.n_repeats) + " times");
  }
  std::string folds() const { return counted(result_.folds.size(), "fold"); }

  void summary() {
    page_.lead(counted(methods_.size(), "method") + " on the same data: " + counted(result_.n_rows, "row") +
               " of " + count_of(result_.classes.size()) + " classes, " + protocol() + ".");
    page_.section("What to do next");
    const NextSteps next = next_steps(result_);
    page_.result({next.finding, next.advice});
  }

  void data() {
    page_.section("The data");
    Terms terms = {{"File", result_.source},
                   {"Rows", count_of(result_.n_rows)},
                   {"Columns used", count_of(result_.n_columns) + ", " + count_of(result_.n_categorical) +
                                        " of them categorical"},
                   {"Label", result_.label},
                   {"Positive class",
                    result_.classes[result_.positive] + " - thresholds, recall and the curves are about it"}};
    page_.terms(terms);
    class_counts(page_, "Classes", result_.classes, result_.class_counts);
    if (!result_.left_out_columns.empty()) {
      page_.subsection("Columns that were left out");
      page_.list(result_.left_out_columns);
    }
    if (options_.description) warnings(page_, *options_.description);
  }

  // ---- methods ------------------------------------------------------------------------------------------

  std::string name_of(const MethodResult& method) const {
    return method.name + (&method == &baseline_ ? " (baseline)" : "");
  }

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
    for (const MethodResult* method : methods_) {
      std::vector<Cell> row = {name_of(*method)};
      for (const char* const metric : metrics) row.push_back(metric_cell(*method, metric));
      table.rows.push_back(std::move(row));
    }
    page_.table(table);
  }

  void marks() {
    std::string text =
        has_folds() ? "Values are means over " + folds() + ", \u00b1 their standard deviation, in percent"
                    : std::string("Values are in percent");
    text += "; log loss is in nats.";
    text += result_.classes.size() == 2
                ? " AP, AUC and recall@FPR are of " + positive_ + "."
                : " AP, AUC and recall@FPR are means over the classes, each against the rest.";
    if (has_folds())
      text +=
          " + marks what is significantly better than " + quoted(baseline_.name) +
          ", \u2212 what is significantly worse: by a corrected resampled t-test over the folds (Nadeau and "
          "Bengio, 2003) with Holm's correction for the number of methods, at " +
          fixed(100 * significance_level, 0) + "%. Without a mark, the difference may be chance.";
    else
      text += " A single split has no test of differences: small ones may be chance.";
    page_.paragraph(text);
  }

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
                            percent_of(result_.false_alarm_budget) +
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
    if (std::any_of(methods_.begin(), methods_.end(),
                    [](const auto* method) { return !method->about.empty(); })) {
      page_.subsection("What the methods are");
      Terms terms;
      for (const MethodResult* method : methods_)
        if (!method->about.empty()) terms.emplace_back(method->name, method->about);
      page_.terms(terms);
    }
  }

  // "37 of 50 found, 120 false alarms."
  void counts() {
    page_.subsection("The counts of the decisions on " + positive_);
    PageTable table{"Rows of " + positive_ + " among " + counted(result_.rows.size(), "test row") +
                        (result_.folds.size() > result_.n_pooled_folds ? " of the first repetition" : ""),
                    {"Method", "Found", "Recall [95% interval]", "False alarms", "Share of the other rows",
                     "Alarms that are right"},
                    {}};
    for (const MethodResult* method : methods_) {
      const Alarms alarms = alarms_of(result_.t, method->decisions, result_.positive);
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
      table.rows.push_back({name_of(*method), count_of(alarms.found) + " of " + count_of(alarms.present),
                            share_with_interval(alarms.found, alarms.present), count_of(alarms.false_alarms),
                            share, right});
    }
    page_.table(table);
  }

  static std::string interval_of(const BootstrapValue& value) {
    return number_of("", value.value) + " [" + number_of("", value.low) + ", " + number_of("", value.high) +
           "]";
  }

  // Bootstrap intervals, if there are any.
  void intervals() {
    const BootstrapValue& value = baseline_.average_precision.value;
    if (!(value.low < value.high)) return;
    page_.subsection("Intervals of " + positive_ + " against the rest");
    PageTable table{
        "Average precision and recall at a false-alarm budget of " + percent_of(result_.false_alarm_budget) +
            ", in percent, with 95% bootstrap intervals",
        {"Method", "AP", "AP minus " + baseline_.name, "Recall", "Recall minus " + baseline_.name},
        {}};
    for (const MethodResult* method : methods_) {
      const bool is_baseline = method == &baseline_;
      table.rows.push_back({method->name, interval_of(method->average_precision.value),
                            is_baseline ? "-" : interval_of(method->average_precision.difference),
                            interval_of(method->recall_at_fpr.value),
                            is_baseline ? "-" : interval_of(method->recall_at_fpr.difference)});
    }
    page_.table(table);
    page_.paragraph(
        "The intervals are about the rows that were tested, drawn again and again; differences are paired, "
        "on the "
        "same rows. They do not include what another training set would change, and are not corrected for "
        "the "
        "number of methods.");
  }

  void left_out() {
    std::vector<std::string> items;
    for (const MethodResult& method : result_.methods)
      if (method.is_left_out()) items.push_back(method.name + ": " + method.left_out);
    if (items.empty()) return;
    page_.subsection("Methods that were not possible");
    page_.list(items);
  }

  // ---- charts -------------------------------------------------------------------------------------------

  PageChart difference_chart(const std::string& metric, const std::string& name) const {
    std::vector<std::string> labels;
    std::vector<double> values;
    DotIntervals intervals;
    for (const MethodResult* method : methods_) {
      if (method == &baseline_) continue;
      const PairedDifference difference = paired_difference(result_, *method, baseline_, metric);
      labels.push_back(method->name);
      values.push_back(100 * difference.mean);
      intervals.low.push_back(100 * difference.low);
      intervals.high.push_back(100 * difference.high);
      std::vector<double> samples;
      for (const double value : method->differences[metric_index(metric)].values)
        samples.push_back(100 * value);
      intervals.samples.push_back(std::move(samples));
      intervals.texts.push_back(signed_text(difference.mean));
    }
    return {
        DotPlot(labels, {.title = name + " minus that of " + shortened(baseline_.name, 40),
                         .x_label = "difference in percentage points",
                         .width = 560})
            .dots("", values, intervals)
            .reference(0),
        name + ": the mean difference from " + quoted(baseline_.name) +
            " over the folds, its 95% interval by the corrected resampled t-test, and the difference in "
            "every "
            "fold as small dots. An interval is for one method alone; the marks of the tables are corrected "
            "for the number of methods."};
  }

  static std::string signed_text(double share) { return (share > 0 ? "+" : "") + decimal_of(100 * share, 1); }

  void differences() {
    if (methods_.size() < 2) return;
    page_.section("Differences from " + quoted(baseline_.name));
    if (has_folds()) {
      page_.wide_charts({difference_chart("average_precision", "Average precision"),
                         difference_chart("balanced_accuracy", "Balanced accuracy")});
    } else {
      page_.wide_charts({bootstrap_chart()});
    }
  }

  PageChart bootstrap_chart() const {
    std::vector<std::string> labels;
    std::vector<double> values;
    DotIntervals intervals;
    for (const MethodResult* method : methods_) {
      if (method == &baseline_) continue;
      const BootstrapValue& difference = method->average_precision.difference;
      labels.push_back(method->name);
      values.push_back(100 * difference.value);
      intervals.low.push_back(100 * difference.low);
      intervals.high.push_back(100 * difference.high);
      intervals.texts.push_back(signed_text(difference.value));
    }
    return {DotPlot(labels, {.title = "Average precision minus that of " + shortened(baseline_.name, 40),
                             .x_label = "difference in percentage points",
                             .width = 560})
                .dots("", values, intervals)
                .reference(0),
            "The difference in average precision of " + positive_ + " from " + quoted(baseline_.name) +
                " on the test rows, with its 95% bootstrap interval."};
  }

  // The baseline, the best ones and the logistic regression: a few, without those that have the probabilities
  // of another.
  std::vector<const MethodResult*> shown() const {
    std::vector<const MethodResult*> methods;
    const auto add = [&](const MethodResult& method) {
      const auto p = method.probabilities.to_vector<float>();
      for (const MethodResult* other : methods)
        if (other->probabilities.to_vector<float>() == p) return;
      methods.push_back(&method);
    };
    add(baseline_);
    add(result_.best("average_precision"));
    add(result_.best("balanced_accuracy"));
    for (const MethodResult* method : methods_)
      if (method->name == "logistic regression") add(*method);
    return methods;
  }

  std::string why_shown() const {
    const std::string& ranking = result_.best("average_precision").name;
    const std::string& deciding = result_.best("balanced_accuracy").name;
    const bool has_several = result_.classes.size() > 2;
    const std::string means = has_folds() && has_several ? "folds and classes"
                              : has_folds()              ? "folds"
                              : has_several              ? "classes"
                                                         : "";
    return "The highest average precision is that of " + quoted(ranking) +
           ", the highest balanced accuracy that of " + quoted(deciding) +
           "; they are shown beside the baseline " + quoted(baseline_.name) +
           " and the logistic regression, unless their probabilities are the same. The curves are of " +
           counted(result_.rows.size(), "test row") + " together" +
           (means.empty() ? "." : "; the tables have means over the " + means + ".");
  }

  void curve_section() {
    page_.section("Curves of " + positive_);
    const Alarms rows = alarms_of(result_.t, baseline_.decisions, result_.positive);
    if (rows.present == 0 || rows.others == 0)
      return page_.paragraph("The test rows are all of one kind: there are no curves.");
    page_.paragraph(why_shown());
    std::vector<NamedScores> models;
    for (const MethodResult* method : shown()) models.push_back({method->name, method->probabilities});
    curves(page_, result_.t, models, result_.classes, result_.positive);
  }

  void decisions() {
    page_.section("Mistakes by class");
    const std::size_t n_class = result_.classes.size();
    std::vector<const MethodResult*> methods = {&baseline_};
    const MethodResult& best = result_.best("balanced_accuracy");
    if (&best != &baseline_) methods.push_back(&best);
    std::vector<PageChart> charts;
    std::vector<NamedScores> decided;
    for (const MethodResult* method : methods) {
      const ConfusionMatrix matrix(result_.t, method->decisions, {.n_class = n_class});
      if (n_class <= most_matrix_classes) charts.push_back(confusion(method->name, matrix, result_.classes));
      decided.push_back({method->name, one_hot(method->decisions, n_class)});
    }
    if (n_class <= 6) {
      page_.charts(charts);
    } else {
      page_.wide_charts(charts);
    }
    if (n_class == 2) return;
    page_.wide_charts({{plot_recall_per_class(result_.t, decided, {.class_names = result_.classes}),
                        "Recall: the share of every class that is found."}});
  }

  // As scores, which have a column of every class, also of those that are never decided on.
  static Array one_hot(const Array& decisions, std::size_t n_class) {
    const auto decided = decisions.to_vector<std::int64_t>();
    Array scores = Array::zeros({decided.size(), n_class});
    for (std::size_t i = 0; i < decided.size(); ++i)
      scores.data<float>()[i * n_class + static_cast<std::size_t>(decided[i])] = 1;
    return scores;
  }

  // ---- protocol -----------------------------------------------------------------------------------------

  void choices() {
    page_.section("What was chosen");
    page_.paragraph("The network is chosen once in every fold, by log loss on " +
                    counted(result_.inner_folds, "inner fold") +
                    " of its training part, and all methods train the same one. " +
                    (result_.tuned
                         ? "The methods' own settings are chosen on inner folds, too, by balanced accuracy."
                         : "The methods' own settings were not tuned."));
    PageTable table{
        has_folds() ? "Choices, and in how many of " + folds() + " each was made" : std::string("Choices"),
        {"Method", "Choice"},
        {},
        2};
    table.rows.push_back(
        {"network of all methods", network_of([](const FoldResult& fold) { return fold.network; })});
    for (const MethodResult* method : methods_) {
      if (method->name == "logistic regression")
        table.rows.push_back(
            {method->name, network_of([](const FoldResult& fold) { return fold.logistic; })});
      Tally settings;
      for (const MethodSettings& chosen : method->settings)
        if (!chosen.empty()) settings.add(chosen.to_string());
      if (!settings.empty()) table.rows.push_back({method->name, settings.text()});
    }
    page_.table(table);
  }

  // `hidden units 16 (3), 64 (2); weight decay 0.03; 19 to 30 epochs`.
  template <class NetworkOf>
  std::string network_of(const NetworkOf& network_of_fold) const {
    Tally hidden, decay;
    std::size_t shortest = std::numeric_limits<std::size_t>::max(), longest = 0;
    for (const FoldResult& fold : result_.folds) {
      const NetworkSettings network = network_of_fold(fold);
      hidden.add(network.hidden == 0 ? "none" : std::to_string(network.hidden));
      decay.add(text_of(network.weight_decay));
      shortest = std::min(shortest, network.epochs);
      longest = std::max(longest, network.epochs);
    }
    return "hidden units " + hidden.text() + "; weight decay " + decay.text() + "; " +
           (shortest == longest ? "" : count_of(shortest) + " to ") + counted(longest, "epoch");
  }

  void leak_check() {
    const LeakCheck& check = result_.leak_check;
    page_.section("Leak check: " + std::string(check.passed() ? "passed" : "failed"));
    page_.paragraph(
        "Which rows every step has seen, as recorded during the comparison. A step that is fitted to test "
        "rows, or "
        "measures a model on rows that the model was fitted to, would make the results look better than they "
        "are.");
    PageTable table{"Rows that the steps have seen",
                    {"Step", "Training rows, at most in a fold", "Test rows", "Own rows it was measured on"},
                    {}};
    for (const LeakStep& step : check.steps)
      table.rows.push_back(
          {step.step,
           count_of(step.train_rows) + " of " + count_of(check.train_rows),
           {count_of(step.test_rows), step.test_rows > 0 ? CellMark::worse : CellMark::plain},
           {count_of(step.own_rows), step.own_rows > 0 ? CellMark::worse : CellMark::plain}});
    page_.table(table);
    if (check.duplicates > 0)
      page_.paragraph(count_of(check.duplicates) + " of " + counted(check.tested, "test row") +
                      (check.duplicates == 1 ? " equals" : " equal") +
                      " a training row of the same fold in all features. That is a property of the data; it "
                      "flatters models that memorise.");
  }

  void reproduction() {
    Terms terms = {
        {"Protocol", protocol() + "; in each, all methods train from the same initial weights for the same "
                                  "number of steps"},
        {"Seed", std::to_string(result_.seed)}};
    if (!options_.data_hash.empty()) terms.emplace_back("Hash of the data", options_.data_hash);
    reproduce(page_, options_.command, terms);
    page_.paragraph("The same data, options and version give the same numbers at any number of threads.");
  }

  const ComparisonResult& result_;
  const ReportOptions& options_;
  Page page_;
  const MethodResult& baseline_;
  std::string positive_;
  std::vector<const MethodResult*> methods_;  // that were possible
};

}  // namespace

std::string html_report(const ComparisonResult& result, const ReportOptions& options) {
  return ComparisonReport(result, options).html();
}

void save_report(const std::string& path, const ComparisonResult& result, const ReportOptions& options) {
  write_file(path, html_report(result, options));
}

}  // namespace tenbin
