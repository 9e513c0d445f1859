#include <algorithm>
#include <limits>

#include "tenbin/comparison/detail/tally.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/report/detail/comparison_sections.h"
#include "tenbin/report/detail/page.h"
#include "tenbin/report/detail/sections.h"
#include "tenbin/report/detail/wording.h"
#include "tenbin/report/next_steps.h"
#include "tenbin/report/report.h"

namespace tenbin {

namespace {

using namespace detail;

constexpr const char* separator = ", ";  // of choices

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
        view_(result) {}

  std::string html() {
    summary();
    data();
    method_section(page_, view_);
    difference_section(page_, view_);
    curve_section(page_, view_);
    mistake_section(page_, view_);
    choices();
    leak_check();
    reproduction();
    if (options_.description) columns(page_, *options_.description);
    return page_.html();
  }

 private:
  std::string protocol() const {
    if (!view_.has_folds())
      return "one split of " + count_of(result_.folds[0].train_rows) + " training and " +
             count_of(result_.folds[0].test_rows) + " test rows";
    if (result_.n_folds == 0) return counted(result_.folds.size(), "given split");
    return counted(result_.n_folds, "stratified fold") +
           (result_.n_repeats == 1 ? "" : ", " + count_of(result_.n_repeats) + " times");
  }

  void summary() {
    page_.lead(counted(view_.methods.size(), "method") +
               " on the same data: " + counted(result_.n_rows, "row") + " of " +
               count_of(result_.classes.size()) + " classes, " + protocol() + ".");
    page_.section("What to do next");
    const NextSteps next = next_steps(result_);
    page_.result({next.finding, next.advice});
  }

  std::string rows() const {
    if (!result_.has_test_table()) return count_of(result_.n_rows);
    return count_of(result_.folds[0].train_rows) + " for training, " + count_of(result_.folds[0].test_rows) +
           " for the test";
  }

  // The counts of the classes, of each file.
  void class_tables() {
    if (!result_.has_test_table())
      return class_count_section(page_, "Classes", result_.classes, result_.class_counts);
    std::vector<std::size_t> train = result_.class_counts;
    for (std::size_t c = 0; c < train.size(); ++c) train[c] -= result_.test_class_counts[c];
    class_count_section(page_, "Classes for training", result_.classes, train);
    class_count_section(page_, "Classes of the test file", result_.classes, result_.test_class_counts);
  }

  void data() {
    page_.section("The data");
    Terms terms = {{"File", result_.source}};
    if (result_.has_test_table()) terms.emplace_back("Test file", result_.test_source);
    const Terms more = {{"Rows", rows()},
                        {"Columns used", count_of(result_.n_columns) + ", " +
                                             count_of(result_.n_categorical) + " of them categorical"},
                        {"Label", result_.label},
                        {"Positive class", result_.classes[result_.positive] +
                                               " - thresholds, recall and the curves are about it"}};
    terms.insert(terms.end(), more.begin(), more.end());
    page_.terms(terms);
    class_tables();
    if (!result_.left_out_columns.empty()) {
      page_.subsection("Columns that were left out");
      page_.list(result_.left_out_columns);
    }
    if (options_.description) warnings(page_, *options_.description);
  }

  // ---- protocol -----------------------------------------------------------------------------------------

  void choices() {
    page_.section("What was chosen");
    page_.paragraph("The network is chosen once in every fold, by log loss on " +
                    counted(result_.inner_folds, "inner fold") +
                    " of its training part, and the methods train the same one, except \"majority\", which "
                    "trains nothing, and \"logistic regression\", which has no hidden units. " +
                    (result_.tuned
                         ? "The methods' own settings are chosen on inner folds, too, by balanced accuracy."
                         : "The methods' own settings were not tuned."));
    PageTable table{view_.has_folds() ? "Choices, and in how many of " + view_.folds() + " each was made"
                                      : std::string("Choices"),
                    {"Method", "Choice"},
                    {},
                    2};
    table.rows.push_back(
        {"network of the methods", network_of([](const FoldResult& fold) { return fold.network; })});
    for (const MethodResult* method : view_.methods) {
      if (method->name == "logistic regression")
        table.rows.push_back(
            {method->name, network_of([](const FoldResult& fold) { return fold.logistic; })});
      Tally settings;
      for (const MethodSettings& chosen : method->settings)
        if (!chosen.empty()) settings.add(chosen.to_string());
      if (!settings.empty()) table.rows.push_back({method->name, settings.text(separator)});
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
    return "hidden units " + hidden.text(separator) + "; weight decay " + decay.text(separator) + "; " +
           (shortest == longest ? "" : count_of(shortest) + " to ") + counted(longest, "epoch");
  }

  void leak_check() {
    const LeakCheck& check = result_.leak_check;
    page_.section("Leak check: " + std::string(check.passed() ? "passed" : "failed"));
    page_.paragraph(
        "Which rows every step has seen, as recorded during the comparison. A step that is fitted to test "
        "rows, or measures a model on rows that the model was fitted to, would make the results look better "
        "than they are.");
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
    page_.paragraph(
        "Not recorded: which columns are left out. `auto_pipeline` decides that on all rows, without "
        "labels.");
    if (check.duplicates > 0)
      page_.paragraph(count_of(check.duplicates) + " of " + counted(check.tested, "test row") +
                      (check.duplicates == 1 ? " equals" : " equal") +
                      " a training row of the same fold in all features. That is a property of the data; it "
                      "flatters models that memorise.");
  }

  void reproduction() {
    Terms terms = {{"Protocol", protocol() + "; in each, the methods that train the network chosen there do "
                                             "it from the same initial weights for the same number of steps"},
                   {"Seed", std::to_string(result_.seed)}};
    if (!options_.data_hash.empty()) terms.emplace_back("Hash of the data", options_.data_hash);
    reproduce(page_, options_.command, terms);
    page_.paragraph("The same data, options and version give the same numbers at any number of threads.");
  }

  const ComparisonResult& result_;
  const ReportOptions& options_;
  Page page_;
  ComparisonView view_;
};

}  // namespace

std::string html_report(const ComparisonResult& result, const ReportOptions& options) {
  return ComparisonReport(result, options).html();
}

void save_report(const std::string& path, const ComparisonResult& result, const ReportOptions& options) {
  write_file(path, html_report(result, options));
}

}  // namespace tenbin
