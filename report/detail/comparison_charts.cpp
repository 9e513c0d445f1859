#include <cmath>

#include "tenbin/datasets/text_table.h"
#include "tenbin/plots/class_charts.h"
#include "tenbin/plots/dot_plot.h"
#include "tenbin/report/detail/comparison_sections.h"
#include "tenbin/report/detail/sections.h"
#include "tenbin/report/detail/wording.h"

namespace tenbin::detail {

namespace {

std::string signed_text(double share) { return (share > 0 ? "+" : "") + decimal_of(100 * share, 1); }

class ComparisonCharts {
 public:
  ComparisonCharts(Page& page, const ComparisonView& view) : page_(page), view_(view) {}

  void differences() {
    if (view_.methods.size() < 2) return;
    page_.section("Differences from " + quoted(view_.baseline.name));
    if (view_.has_folds()) {
      page_.wide_charts({difference_chart("average_precision", "Average precision"),
                         difference_chart("balanced_accuracy", "Balanced accuracy")});
    } else {
      page_.wide_charts({bootstrap_chart()});
    }
  }

  void curves_of_methods() {
    page_.section("Curves of " + view_.positive);
    const Alarms rows = alarms_of(view_.result.t, view_.baseline.decisions, view_.result.positive);
    if (rows.present == 0 || rows.others == 0)
      return page_.paragraph("The test rows are all of one kind: there are no curves.");
    page_.paragraph(why_shown());
    std::vector<NamedScores> models;
    for (const MethodResult* method : shown()) models.push_back({method->name, method->probabilities});
    curves(page_, view_.result.t, models, view_.result.classes, view_.result.positive);
  }

  void mistakes() {
    page_.section("Mistakes by class");
    const std::size_t n_class = view_.result.classes.size();
    std::vector<const MethodResult*> methods = {&view_.baseline};
    const MethodResult& best = view_.result.best("balanced_accuracy");
    if (&best != &view_.baseline) methods.push_back(&best);
    std::vector<PageChart> charts;
    std::vector<NamedScores> decided;
    for (const MethodResult* method : methods) {
      const ConfusionMatrix matrix(view_.result.t, method->decisions, {.n_class = n_class});
      if (n_class <= most_matrix_classes)
        charts.push_back(confusion(method->name, matrix, view_.result.classes));
      decided.push_back({method->name, one_hot(method->decisions, n_class)});
    }
    if (n_class <= 6) {
      page_.charts(charts);
    } else {
      page_.wide_charts(charts);
    }
    if (n_class == 2) return;
    page_.wide_charts({{plot_recall_per_class(view_.result.t, decided, {.class_names = view_.result.classes}),
                        "Recall: the share of every class that is found."}});
  }

 private:
  PageChart difference_chart(const std::string& metric, const std::string& name) const {
    std::vector<std::string> labels;
    std::vector<double> values;
    DotIntervals intervals;
    for (const MethodResult* method : view_.methods) {
      if (method == &view_.baseline) continue;
      const PairedDifference difference = paired_difference(view_.result, *method, view_.baseline, metric);
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
    return {DotPlot(labels, {.title = name + " minus that of " + shortened(view_.baseline.name, 40),
                             .x_label = "difference in percentage points",
                             .width = 560})
                .dots("", values, intervals)
                .reference(0),
            name + ": the mean difference from " + quoted(view_.baseline.name) +
                " over the folds, its 95% interval by the corrected resampled t-test, and the difference in "
                "every fold as small dots. An interval is for one method alone; the marks of the tables are "
                "corrected for the number of methods."};
  }

  // The differences on a single split.
  PageChart bootstrap_chart() const {
    const bool has_intervals = view_.baseline.average_precision.value.has_interval();
    std::vector<std::string> labels;
    std::vector<double> values;
    DotIntervals intervals;
    for (const MethodResult* method : view_.methods) {
      if (method == &view_.baseline) continue;
      const BootstrapValue& difference = method->average_precision.difference;
      labels.push_back(method->name);
      values.push_back(100 * difference.value);
      if (has_intervals) {
        intervals.low.push_back(100 * difference.low);
        intervals.high.push_back(100 * difference.high);
      }
      intervals.texts.push_back(signed_text(difference.value));
    }
    return {DotPlot(labels, {.title = "Average precision minus that of " + shortened(view_.baseline.name, 40),
                             .x_label = "difference in percentage points",
                             .width = 560})
                .dots("", values, intervals)
                .reference(0),
            "The difference in average precision of " + view_.positive + " from " +
                quoted(view_.baseline.name) + " on the test rows" +
                (has_intervals ? ", with its 95% bootstrap interval." : ".")};
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
    add(view_.baseline);
    add(view_.result.best("average_precision"));
    add(view_.result.best("balanced_accuracy"));
    for (const MethodResult* method : view_.methods)
      if (method->name == "logistic regression") add(*method);
    return methods;
  }

  std::string why_shown() const {
    const std::string& ranking = view_.result.best("average_precision").name;
    const std::string& deciding = view_.result.best("balanced_accuracy").name;
    const bool has_several = view_.result.classes.size() > 2;
    const std::string means = view_.has_folds() && has_several ? "folds and classes"
                              : view_.has_folds()              ? "folds"
                              : has_several                    ? "classes"
                                                               : "";
    return "The highest average precision is that of " + quoted(ranking) +
           ", the highest balanced accuracy that of " + quoted(deciding) +
           "; they are shown beside the baseline " + quoted(view_.baseline.name) +
           " and the logistic regression, unless their probabilities are the same. The curves are of " +
           counted(view_.result.rows.size(), "test row") + " together" +
           (means.empty() ? "." : "; the tables have means over the " + means + ".");
  }

  // As scores, which have a column of every class, also of those that are never decided on.
  static Array one_hot(const Array& decisions, std::size_t n_class) {
    const auto decided = decisions.to_vector<std::int64_t>();
    Array scores = Array::zeros({decided.size(), n_class});
    for (std::size_t i = 0; i < decided.size(); ++i)
      scores.data<float>()[i * n_class + static_cast<std::size_t>(decided[i])] = 1;
    return scores;
  }

  Page& page_;
  const ComparisonView& view_;
};

}  // namespace

void difference_section(Page& page, const ComparisonView& view) {
  ComparisonCharts(page, view).differences();
}

void curve_section(Page& page, const ComparisonView& view) {
  ComparisonCharts(page, view).curves_of_methods();
}

void mistake_section(Page& page, const ComparisonView& view) { ComparisonCharts(page, view).mistakes(); }

}  // namespace tenbin::detail
