#include "tenbin/report/next_steps.h"

#include <algorithm>
#include <cmath>

#include "tenbin/evaluation/confidence_interval.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/evaluation/roc.h"
#include "tenbin/report/detail/tested_model.h"
#include "tenbin/report/detail/wording.h"

namespace tenbin {

namespace {

using detail::count_of;
using detail::counted;
using detail::percent_of;
using detail::quoted;

constexpr const char* ranking = "average_precision";
constexpr const char* deciding = "balanced_accuracy";
constexpr std::size_t few_rows = 30;  // below it, Wilson's interval of a recall is wider than a third
constexpr double small_loss = 0.05;   // of a metric, for a simpler method that is not significantly worse

const MethodResult* find(const ComparisonResult& result, const std::string& name) {
  for (const MethodResult& method : result.methods)
    if (method.name == name && !method.is_left_out()) return &method;
  return nullptr;
}

// ---- comparison -----------------------------------------------------------------------------------------

class ComparisonReader {
 public:
  explicit ComparisonReader(const ComparisonResult& result)
      : result_(result), baseline_(result[result.baseline]), positive_(result.classes[result.positive]) {}

  NextSteps next() const {
    if (!result_.leak_check.passed()) return leak();
    if (!can_test()) return untested();
    if (const MethodResult* majority = find(result_, "majority"); majority && !ranks_better_than(*majority))
      return no_signal(*majority);
    if (const MethodResult* winner = winner_in(ranking)) return better_ranking(*winner);
    if (const MethodResult* winner = winner_in(deciding)) return better_decisions(*winner);
    return nothing_better();
  }

 private:
  bool has_folds() const { return result_.folds.size() > 1; }

  // On a single split, only by bootstrap intervals.
  bool can_test() const { return has_folds() || baseline_.average_precision.value.has_interval(); }

  bool ranks_better_than(const MethodResult& majority) const {
    const MethodResult& best = result_.best(ranking);
    if (!has_folds()) return best.average_precision.value.low > majority.average_precision.value.value;
    const detail::PairedDifference difference = detail::paired_difference(result_, best, majority, ranking);
    return difference.mean > 0 && difference.p_value < significance_level;
  }

  bool is_better(const MethodResult& method, const std::string& metric) const {
    if (method.is_left_out() || method.differences.empty() || method.name == "majority") return false;
    if (!has_folds()) return metric == ranking && method.average_precision.difference.low > 0;
    const MetricDifference& difference = method.differences[metric_index(metric)];
    return difference.better && difference.p_holm < significance_level;
  }

  // The best of those that are significantly better than the baseline.
  const MethodResult* winner_in(const std::string& metric) const {
    const MethodResult* winner = nullptr;
    for (const MethodResult& method : result_.methods)
      if (is_better(method, metric) &&
          (winner == nullptr || detail::mean_of(method, metric) > detail::mean_of(*winner, metric)))
        winner = &method;
    return winner;
  }

  // Whether `method` is as good as `other`, as far as the folds can tell.
  bool is_as_good(const MethodResult& method, const MethodResult& other, const std::string& metric) const {
    if (!(detail::mean_of(method, metric) >= (1 - small_loss) * detail::mean_of(other, metric))) return false;
    const detail::PairedDifference difference = detail::paired_difference(result_, method, other, metric);
    return difference.mean >= 0 || difference.p_value >= significance_level;
  }

  const MethodResult* simpler_than(const MethodResult& used) const {
    const MethodResult* logistic = find(result_, "logistic regression");
    if (logistic == nullptr || logistic == &used || !is_as_good(*logistic, used, ranking)) return nullptr;
    return logistic;
  }

  std::string folds() const { return counted(result_.folds.size(), "fold"); }

  // What limits an advice, before its full stop.
  std::string reservation() const {
    std::string text;
    const std::size_t rows = result_.class_counts[result_.positive];
    if (rows < few_rows)
      text += "; " + quoted(positive_) + " has only " + counted(rows, "row") +
              ", so repeat the comparison when there are more";
    if (!has_folds()) text += "; repeat it on several folds, since a single split can mislead";
    return text + '.';
  }

  std::string value(const MethodResult& method, const std::string& metric) const {
    return percent_of(detail::mean_of(method, metric));
  }

  // The average precision that is tested: the mean over the folds, or of the positive class in a single
  // split.
  std::string tested(const MethodResult& method) const {
    return has_folds() ? value(method, ranking) : percent_of(method.average_precision.value.value);
  }

  // The class that `method` finds most of that the baseline does not find: of two classes the positive one.
  std::size_t gained_class(const MethodResult& method) const {
    if (result_.classes.size() == 2) return result_.positive;
    const auto recall = [&](const MethodResult& of) {
      return ConfusionMatrix(result_.t, of.decisions, {.n_class = result_.classes.size()}).recall();
    };
    const std::vector<double> with = recall(method), without = recall(baseline_);
    std::size_t most = 0;
    for (std::size_t c = 0; c < with.size(); ++c)
      if (with[c] - without[c] > with[most] - without[most]) most = c;
    return most;
  }

  // `it finds 210 of 348 rows of "1" with 1,203 false alarms, "plain" 3 with 5`.
  std::string found_by(const MethodResult& method) const {
    const std::size_t label = gained_class(method);
    const detail::Alarms with = detail::alarms_of(result_.t, method.decisions, label);
    const detail::Alarms without = detail::alarms_of(result_.t, baseline_.decisions, label);
    return "it finds " + count_of(with.found) + " of " + counted(with.present, "row") + " of " +
           quoted(result_.classes[label]) + " with " + counted(with.false_alarms, "false alarm") + ", " +
           quoted(baseline_.name) + ' ' + count_of(without.found) + " with " + count_of(without.false_alarms);
  }

  NextSteps leak() const {
    std::vector<std::string> names;
    for (const LeakStep& step : result_.leak_check.steps)
      if (step.test_rows > 0 || step.own_rows > 0) names.push_back(quoted(step.step));
    return {"The leak check failed in " + text_of_list(names) +
                ": models were measured on rows that they had seen.",
            "Do not use these numbers; correct the method that reads them, and compare again."};
  }

  static std::string text_of_list(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i)
      text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
    return text;
  }

  NextSteps untested() const {
    const MethodResult& best = result_.best(ranking);
    const bool is_defined = !std::isnan(detail::mean_of(best, ranking));
    return {"A single split without intervals cannot show whether a method is better than " +
                quoted(baseline_.name) +
                (is_defined ? ": the highest average precision, " + value(best, ranking) + ", is that of " +
                                  quoted(best.name) + "."
                            : "."),
            "Compare again on several folds, or with bootstrap intervals, before you choose a method."};
  }

  NextSteps no_signal(const MethodResult& majority) const {
    const MethodResult& best = result_.best(ranking);
    return {
        "No method ranks the rows significantly better than a guess by the class frequencies: the highest "
        "average precision, that of " +
            quoted(best.name) + ", is " + value(best, ranking) + ", that of the guess " +
            value(majority, ranking) + ".",
        "Look for columns that say more about " + quoted(positive_) + ", or for more than its " +
            counted(result_.class_counts[result_.positive], "row") +
            "; no remedy against imbalance replaces them."};
  }

  NextSteps better_ranking(const MethodResult& winner) const {
    const std::string by =
        has_folds() ? "in " + folds() + " (" +
                          detail::p_value_of(winner.differences[metric_index(ranking)].p_holm) + ")"
                    : "in one split, by the bootstrap interval of the difference";
    const std::string finding = quoted(winner.name) + " ranks the rows better than " +
                                quoted(baseline_.name) + ": its average precision" +
                                (has_folds() ? "" : " of " + quoted(positive_)) + " is " + tested(winner) +
                                " against " + tested(baseline_) + ", " + by + '.';
    if (winner.name == "logistic regression")
      return {finding,
              "Use " + quoted(winner.name) + ", which is also the simplest model here" + reservation(),
              winner.name};
    if (const MethodResult* logistic = simpler_than(winner))
      return {finding, use_simpler(*logistic, winner), logistic->name};
    return {finding,
            "Train " + quoted(winner.name) +
                ", and tune its threshold for the recall or the cost that you need, on rows that it was not "
                "trained on" +
                reservation(),
            winner.name};
  }

  NextSteps better_decisions(const MethodResult& winner) const {
    const std::string finding = "No method ranks the rows significantly better than " +
                                quoted(baseline_.name) + ", but " + quoted(winner.name) +
                                " decides better: its balanced accuracy is " + value(winner, deciding) +
                                " against " + value(baseline_, deciding) + "; " + found_by(winner) + '.';
    const MethodResult* tuned = find(result_, baseline_.name + " + tuned threshold");
    if (tuned == nullptr || !is_as_good(*tuned, winner, deciding))
      return {finding, "Train " + quoted(winner.name) +
                           " if a mistake in a rare class costs more than one in a frequent class, and " +
                           quoted(baseline_.name) + " otherwise" + reservation()};
    const MethodResult* logistic = simpler_than(baseline_);
    const std::string model =
        logistic ? quoted(logistic->name) + ", which ranks as well (average precision " +
                       value(*logistic, ranking) + " against " + value(baseline_, ranking) + "),"
                 : quoted(baseline_.name);
    const std::string rest = tuned == &winner
                                 ? ", the highest of all methods"
                                 : ", and that of " + quoted(winner.name) + " is not significantly higher";
    return {finding,
            "Train " + model + " and tune the threshold: " + quoted(tuned->name) +
                " has a balanced accuracy of " + value(*tuned, deciding) + rest + reservation(),
            logistic ? logistic->name : baseline_.name};
  }

  NextSteps nothing_better() const {
    const std::string finding =
        has_folds() ? "Nothing is significantly better than " + quoted(baseline_.name) + " in " + folds() +
                          ", neither in average precision (" + value(baseline_, ranking) +
                          ") nor in balanced accuracy (" + value(baseline_, deciding) + ")."
                    : "No method ranks the rows of " + quoted(positive_) + " significantly better than " +
                          quoted(baseline_.name) + " in this split (average precision " + tested(baseline_) +
                          "); whether another one decides better, a single split cannot show.";
    if (const MethodResult* logistic = simpler_than(baseline_))
      return {finding, use_simpler(*logistic, baseline_), logistic->name};
    return {finding,
            "Train " + quoted(baseline_.name) +
                " and tune its threshold for the recall or the cost that you need: the other methods take "
                "time and gain nothing " +
                (has_folds() ? "here" : "that this split can show") + reservation(),
            baseline_.name};
  }

  std::string use_simpler(const MethodResult& logistic, const MethodResult& other) const {
    return "Use " + quoted(logistic.name) + ": it is as good as " + quoted(other.name) +
           " (average precision " + value(logistic, ranking) + " against " + value(other, ranking) +
           ") and easier to explain" + reservation();
  }

  const ComparisonResult& result_;
  const MethodResult& baseline_;
  const std::string& positive_;
};

// ---- trained model --------------------------------------------------------------------------------------

// Whether an area under the ROC curve is above 0.5 by more than chance, at 5%: by the variance of Mann and
// Whitney's U.
bool is_above_chance(double auc, const detail::Alarms& alarms) {
  const auto p = static_cast<double>(alarms.present), n = static_cast<double>(alarms.others);
  return auc - 0.5 > 1.96 * std::sqrt((p + n + 1) / (12 * p * n));
}

// The mean probability, if the number of rows of the class is not one that such probabilities give: three
// standard deviations away, and by a fifth.
bool is_miscalibrated(const std::vector<double>& probabilities, std::size_t present, double& mean) {
  double expected = 0, variance = 0;
  for (const double p : probabilities) {
    expected += p;
    variance += p * (1 - p);
  }
  mean = expected / static_cast<double>(probabilities.size());
  const auto actual = static_cast<double>(present);
  const double difference = std::abs(expected - actual);
  return difference > 3 * std::sqrt(variance) && difference > 0.2 * actual;
}

NextSteps of_two_classes(const Predictions& test, std::size_t positive) {
  const std::string name = quoted(test.classes[positive]);
  const detail::Alarms alarms = detail::alarms_of(test.t, test.decisions, positive);
  const std::string rows = counted(alarms.present, "row") + " of " + name;
  if (alarms.present == 0 || alarms.others == 0)
    return {"All of the " + counted(test.size(), "test row") + " are of one class: what the model finds of " +
                name + " is not known.",
            "Test it on rows of both classes."};
  const double auc =
      roc_auc_score(test.t, test.probabilities, {.pos_label = static_cast<std::int64_t>(positive)});
  if (!is_above_chance(auc, alarms))
    return {"The model does not rank the test rows significantly better than chance: its ROC AUC is " +
                percent_of(auc) + ", and chance has 50%.",
            "Do not use it; look for columns that say more about " + name + ", or test it on more than " +
                rows + "."};
  if (alarms.found == 0)
    return {"The model finds none of " + rows +
                (alarms.false_alarms == 0 ? ", and gives no alarm."
                                          : ", and its " + counted(alarms.false_alarms, "alarm") +
                                                (alarms.false_alarms == 1 ? " is" : " are") + " false."),
            "Lower its threshold: the chart of thresholds shows which share each of them finds, and how many "
            "alarms it gives."};
  const auto recall = wilson_interval(static_cast<double>(alarms.found), static_cast<double>(alarms.present));
  const std::string interval = percent_of(recall.low) + " to " + percent_of(recall.high);
  const std::string finding =
      "The model finds " + count_of(alarms.found) + " of " + rows + " (" +
      percent_of(static_cast<double>(alarms.found) / static_cast<double>(alarms.present)) +
      ", 95% interval " + interval + ") with " + counted(alarms.false_alarms, "false alarm") + ": " +
      percent_of(static_cast<double>(alarms.found) / static_cast<double>(alarms.alarms())) +
      " of its alarms are right.";
  if (alarms.present < few_rows)
    return {finding, "Test it on more than " + rows +
                         " before you rely on it: the recall may be anything from " + interval + "."};
  double mean = 0;
  if (is_miscalibrated(detail::probabilities_of(test, positive).to_vector<double>(), alarms.present, mean))
    return {finding, "Calibrate it before you use its probabilities: their mean is " + percent_of(mean) +
                         ", but " +
                         percent_of(static_cast<double>(alarms.present) / static_cast<double>(test.size())) +
                         " of the test rows are " + name + "."};
  return {finding,
          "If that is too few found or too many alarms, choose another threshold from the chart of "
          "thresholds; test the model again on newer rows before and while it is used."};
}

NextSteps of_more_classes(const Predictions& test) {
  const ConfusionMatrix matrix(test.t, test.decisions, {.n_class = test.classes.size()});
  const std::vector<double> recall = matrix.recall(), support = matrix.support();
  std::size_t worst = support.size();
  for (std::size_t c = 0; c < support.size(); ++c)
    if (support[c] > 0 && (worst == support.size() || recall[c] < recall[worst])) worst = c;
  const std::string name = quoted(test.classes[worst]);
  const auto rows = static_cast<std::size_t>(support[worst]);
  const double largest = *std::max_element(support.begin(), support.end()) / matrix.total();
  const std::string shares = percent_of(matrix.accuracy()) + " of the " + counted(test.size(), "test row");
  if (matrix.accuracy() <= largest)
    return {"The model is right on " + shares +
                ", which is not better than always deciding on the largest class: " + percent_of(largest) +
                ".",
            "Do not use it where the number of mistakes counts; look at the recalls below if rare classes "
            "matter more."};
  const std::string finding = "The model is right on " + shares + "; the mean recall of the classes is " +
                              percent_of(matrix.balanced_accuracy()) + ", and the lowest is that of " + name +
                              ": " + count_of(static_cast<std::size_t>(matrix(worst, worst))) + " of " +
                              counted(rows, "row") + '.';
  if (rows < few_rows)
    return {finding, "Test it on more rows of " + name + " before you rely on its recall: " +
                         counted(rows, "row") + (rows == 1 ? " says" : " say") + " little."};
  if (recall[worst] < 0.5)
    return {finding, "If rows of " + name +
                         " matter as much as others, compare remedies such as class weights on folds, or get "
                         "more rows of it."};
  return {finding, "Test the model again on newer rows before and while it is used."};
}

}  // namespace

NextSteps next_steps(const ComparisonResult& result) { return ComparisonReader(result).next(); }

NextSteps next_steps(const Bundle& bundle, const Predictions& test) {
  detail::require_test("next_steps", test);
  if (test.classes.size() == 2) return of_two_classes(test, detail::positive_class(bundle));
  return of_more_classes(test);
}

}  // namespace tenbin
