#include "tenbin/calibration/threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "tenbin/calibration/detail/binary_scores.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/evaluation/detail/probabilities.h"
#include "tenbin/evaluation/detail/ranking.h"
#include "tenbin/evaluation/detail/scaling.h"

namespace tenbin {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double forbidden = std::numeric_limits<double>::quiet_NaN();

double recall(const BinaryOutcomes& o) { return o.true_positive / (o.true_positive + o.false_negative); }
double specificity(const BinaryOutcomes& o) { return o.true_negative / (o.true_negative + o.false_positive); }
// Where nothing is predicted positive precision is undefined, and the threshold is not allowed.
double precision(const BinaryOutcomes& o) {
  const double predicted = o.true_positive + o.false_positive;
  return predicted == 0 ? forbidden : o.true_positive / predicted;
}
double mean_recall(const BinaryOutcomes& o) { return (recall(o) + specificity(o)) / 2; }

std::string named(const char* name, double argument) { return detail::text_of(name, '(', argument, ')'); }

double require_share(const char* function, const char* argument, double share) {
  if (!(share >= 0 && share <= 1)) throw Error(function, ": ", argument, " must be in [0, 1], got ", share);
  return share;
}

double require_cost(const char* argument, double cost) {
  if (!(cost >= 0 && std::isfinite(cost)))
    throw Error("negative_cost: ", argument, " must be finite and >= 0, got ", cost);
  return cost;
}

// ---- objectives as text

// Lower case, without blanks and underscores: "Balanced Accuracy" is "balancedaccuracy".
std::string compact(const std::string& text) {
  std::string kept;
  for (const char c : detail::lower_case(text))
    if (c != ' ' && c != '\t' && c != '_') kept += c;
  return kept;
}

// "0.9" or "90%".
std::optional<double> share_of(const std::string& text) {
  const bool percent = !text.empty() && text.back() == '%';
  const std::optional<double> value = detail::to_number(text.substr(0, text.size() - (percent ? 1 : 0)));
  return value && percent ? *value / 100 : value;
}

// The value after a start, as 0.9 in "recall>=0.9"; nullopt: the text is another one.
std::optional<double> share_after(const std::string& text, const std::string& start) {
  if (text.compare(0, start.size(), start) != 0) return std::nullopt;
  return share_of(text.substr(start.size()));
}

std::optional<ThresholdObjective> parse_cost(const std::string& text) {
  const std::string start = "cost";
  const std::size_t colon = text.find(':');
  if (text.compare(0, start.size(), start) != 0 || colon == std::string::npos) return std::nullopt;
  const auto fp = detail::to_number(text.substr(start.size(), colon - start.size()));
  const auto fn = detail::to_number(text.substr(colon + 1));
  if (!fp || !fn) return std::nullopt;
  return objective::negative_cost(*fp, *fn);
}

// A number in (lower, upper]: the middle, unless rounding or overflow prevents it.
double between(double lower, double upper) {
  const double middle = lower / 2 + upper / 2;
  return middle > lower && middle <= upper ? middle : upper;
}

// The best threshold so far.
class Best {
 public:
  explicit Best(const ThresholdObjective& objective) : objective_(objective) {}

  // Thresholds come in descending order.
  void consider(double threshold, const BinaryOutcomes& outcomes) {
    const std::pair<double, double> rank(objective_.value(outcomes), mean_recall(outcomes));
    if (std::isnan(rank.first) || (found_ && rank < rank_)) return;
    found_ = true;
    rank_ = rank;
    threshold_ = threshold;
  }

  TunedThreshold result(std::int64_t pos_class) const {
    if (!found_) throw Error("tune_threshold: no threshold satisfies ", objective_.name);
    return {threshold_, rank_.first, pos_class};
  }

 private:
  const ThresholdObjective& objective_;
  bool found_ = false;
  std::pair<double, double> rank_;
  double threshold_ = infinity;
};

}  // namespace

namespace objective {

ThresholdObjective f_beta(double beta) {
  if (!(beta >= 0 && std::isfinite(beta))) throw Error("f_beta: beta must be finite and >= 0, got ", beta);
  const auto value = [beta](const BinaryOutcomes& o) {
    return detail::f_beta(o.true_positive, o.false_negative, o.false_positive, beta, 0);
  };
  return {value, named("f_beta", beta)};
}

ThresholdObjective balanced_accuracy() { return {mean_recall, "balanced_accuracy"}; }

ThresholdObjective g_mean() {
  return {[](const BinaryOutcomes& o) { return std::sqrt(recall(o) * specificity(o)); }, "g_mean"};
}

ThresholdObjective negative_cost(double cost_fp, double cost_fn) {
  require_cost("cost_fp", cost_fp);
  require_cost("cost_fn", cost_fn);
  const auto value = [=](const BinaryOutcomes& o) {
    const double total = o.true_positive + o.false_positive + o.false_negative + o.true_negative;
    const double scale = detail::power_of_two_scale(total, detail::most_factor_exponent);
    return -(cost_fp * (scale * o.false_positive) + cost_fn * (scale * o.false_negative)) / (scale * total);
  };
  return {value, "negative_cost"};
}

ThresholdObjective precision_at_recall(double min_recall) {
  require_share("precision_at_recall", "min_recall", min_recall);
  const auto value = [=](const BinaryOutcomes& o) {
    return recall(o) >= min_recall ? precision(o) : forbidden;
  };
  return {value, named("precision_at_recall", min_recall)};
}

ThresholdObjective recall_at_precision(double min_precision) {
  require_share("recall_at_precision", "min_precision", min_precision);
  const auto value = [=](const BinaryOutcomes& o) {
    const bool any = o.true_positive + o.false_positive > 0;
    return any && precision(o) >= min_precision ? recall(o) : forbidden;
  };
  return {value, named("recall_at_precision", min_precision)};
}

ThresholdObjective recall_at_false_positive_rate(double max_fpr) {
  require_share("recall_at_false_positive_rate", "max_fpr", max_fpr);
  const auto value = [=](const BinaryOutcomes& o) {
    const bool is_allowed = o.false_positive / (o.false_positive + o.true_negative) <= max_fpr;
    return is_allowed ? recall(o) : forbidden;
  };
  return {value, named("recall_at_false_positive_rate", max_fpr)};
}

ThresholdObjective recall_at_alarm_rate(double max_rate) {
  require_share("recall_at_alarm_rate", "max_rate", max_rate);
  const auto value = [=](const BinaryOutcomes& o) {
    const double alarms = o.true_positive + o.false_positive;
    return alarms / (alarms + o.false_negative + o.true_negative) <= max_rate ? recall(o) : forbidden;
  };
  return {value, named("recall_at_alarm_rate", max_rate)};
}

ThresholdObjective parse(const std::string& text) {
  const std::string words = compact(text);
  if (const auto share = share_after(words, "recall>=")) return precision_at_recall(*share);
  if (const auto share = share_after(words, "precision>=")) return recall_at_precision(*share);
  if (const auto share = share_after(words, "fpr<=")) return recall_at_false_positive_rate(*share);
  if (const auto share = share_after(words, "alarms<=")) return recall_at_alarm_rate(*share);
  if (words == "balancedaccuracy") return balanced_accuracy();
  if (words == "g-mean" || words == "gmean") return g_mean();
  if (const auto cost = parse_cost(words)) return *cost;
  if (words.size() > 1 && words[0] == 'f')
    if (const auto beta = detail::to_number(words.substr(1))) return f_beta(*beta);
  throw Error(
      "objective::parse: expected \"recall >= 0.9\", \"precision >= 0.5\", \"fpr <= 0.01\", "
      "\"alarms <= 0.005\", \"f1\", \"f2\", \"balanced accuracy\", \"g-mean\" or \"cost 1:50\", got \"",
      printable(text), '"');
}

}  // namespace objective

TunedThreshold tune_threshold(const Array& t, const Array& scores, const ThresholdObjective& objective,
                              const BinaryFitOptions& options) {
  constexpr const char* function = "tune_threshold";
  if (!objective.value) throw Error(function, ": the objective has no value function");
  const detail::BinarySamples binary = detail::to_binary_samples(function, scores, t, options);
  detail::Ranking ranking(static_cast<bool>(options.sample_weight));
  for (const detail::BinarySample& sample : binary.samples)
    ranking.add(sample.score, sample.positive, sample.weight);
  ranking.sort();

  // The totals are summed in the order of the sweep, so that the counts of negative predictions end at
  // exactly 0.
  const double positives = ranking.positives();
  const double negatives = ranking.negatives();
  Best best(objective);
  double lowest_above = infinity;
  BinaryOutcomes outcomes{0, 0, positives, negatives};
  ranking.for_each_threshold([&](double score, double tp, double fp) {
    best.consider(between(score, lowest_above), outcomes);
    lowest_above = score;
    outcomes = {tp, fp, positives - tp, negatives - fp};
  });
  best.consider(-infinity, outcomes);
  return best.result(static_cast<std::int64_t>(binary.column));
}

Array predict_with_threshold(const Array& scores, double threshold,
                             const PredictWithThresholdOptions& options) {
  constexpr const char* function = "predict_with_threshold";
  if (std::isnan(threshold)) throw Error(function, ": expected a number as threshold, got nan");
  const std::int64_t positive = options.pos_label;
  if (!options.neg_label && positive != 0 && positive != 1)
    throw Error(function, ": expected neg_label, the other class, in addition to pos_label ", positive);
  const std::int64_t negative = options.neg_label.value_or(1 - positive);
  if (positive == negative) throw Error(function, ": pos_label and neg_label are both ", positive);
  const std::vector<double> values = detail::to_scores(function, scores, positive > negative ? 1 : 0);
  Array classes = Array::empty({values.size()}, Dtype::int64);
  std::int64_t* out = classes.data<std::int64_t>();
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i] >= threshold ? positive : negative;
  return classes;
}

Array argmin_expected_cost(const Array& probabilities, const Array& cost) {
  constexpr const char* function = "argmin_expected_cost";
  detail::require_probability_matrix(function, probabilities);
  const std::size_t n_class = probabilities.shape()[1];
  if (!cost || !is_floating(cost.dtype()) || cost.shape() != Shape{n_class, n_class})
    throw Error(function, ": cost must be float32 or float64 (", n_class, ", ", n_class, "), got ", cost);
  const std::vector<double> costs = cost.to_vector<double>();
  for (std::size_t i = 0; i < costs.size(); ++i)
    if (!std::isfinite(costs[i]))
      throw Error(function, ": cost[", i / n_class, ", ", i % n_class, "] = ", costs[i], " is not finite");

  std::vector<double> p = probabilities.to_vector<double>();
  Array classes = Array::empty({probabilities.shape()[0]}, Dtype::int64);
  std::int64_t* out = classes.data<std::int64_t>();
  std::vector<double> expected(n_class);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    double* row = p.data() + i * n_class;
    detail::require_probability_row(function, row, n_class, i, probabilities.dtype());
    for (std::size_t c = 0; c < n_class; ++c) row[c] = std::max(row[c], 0.0);
    std::fill(expected.begin(), expected.end(), 0);
    for (std::size_t c = 0; c < n_class; ++c)
      for (std::size_t k = 0; k < n_class; ++k) expected[k] += row[c] * costs[c * n_class + k];
    out[i] = std::min_element(expected.begin(), expected.end()) - expected.begin();
  }
  return classes;
}

}  // namespace tenbin
