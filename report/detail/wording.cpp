#include "tenbin/report/detail/wording.h"

#include <cmath>
#include <limits>

#include "tenbin/comparison/paired_test.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/evaluation/confidence_interval.h"
#include "tenbin/plots/detail/svg.h"

namespace tenbin::detail {

namespace {

// The t of the two-sided p-value 0.05.
double t_quantile(double degrees_of_freedom) {
  double low = 0, high = 1e3;  // 12.7 for one degree
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (student_t_p_value(middle, degrees_of_freedom) > 0.05 ? low : high) = middle;
  }
  return high;
}

}  // namespace

std::string decimal_of(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  const std::string text = fixed(std::abs(value), digits);
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  return (value < 0 && !is_zero ? "\u2212" : "") + text;
}

std::string percent_of(double share) {
  if (share > 0 && share < 0.0005) return "<0.1%";
  if (share < 1 && share >= 0.9995) return ">99.9%";
  return std::isfinite(share) ? decimal_of(100 * share, 1) + '%' : "-";
}

std::string count_of(std::size_t count) { return value_text(static_cast<double>(count)); }

std::string counted(std::size_t count, const std::string& singular) {
  return count_of(count) + ' ' + singular + (count == 1 ? "" : "s");
}

std::string quoted(const std::string& name) { return '"' + shortened(name, 60) + '"'; }

std::string p_value_of(double p) { return p < 0.001 ? "p < 0.001" : "p = " + fixed(p, 3); }

std::string share_with_interval(std::size_t successes, std::size_t trials) {
  if (trials == 0) return "-";
  const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
  const auto [low, high] = wilson_interval(k, n);
  return percent_of(k / n) + " [" + percent_of(low) + ", " + percent_of(high) + ']';
}

std::string decision_text(const Decision& decision, const std::vector<std::string>& classes) {
  const std::string kind = decision.kind();
  if (kind == "cost") return "the class of the lowest expected cost";
  if (kind != "threshold") return "the class of the largest probability";
  const Decision::Threshold& rule = decision.threshold();
  return quoted(classes[static_cast<std::size_t>(rule.pos_class)]) + " from a probability of " +
         four_digits(rule.threshold) + " on";
}

Alarms alarms_of(const Array& t, const Array& decisions, std::size_t positive) {
  const auto truth = t.to_vector<std::int64_t>(), decided = decisions.to_vector<std::int64_t>();
  const auto label = static_cast<std::int64_t>(positive);
  Alarms alarms;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const bool is_positive = truth[i] == label, is_alarm = decided[i] == label;
    ++(is_positive ? alarms.present : alarms.others);
    if (is_alarm) ++(is_positive ? alarms.found : alarms.false_alarms);
  }
  return alarms;
}

PairedDifference paired_difference(const ComparisonResult& result, const MethodResult& method,
                                   const MethodResult& other, const std::string& metric) {
  const std::size_t m = metric_index(metric);
  std::vector<double> values;
  for (std::size_t fold = 0; fold < result.folds.size(); ++fold)
    values.push_back(method.values[m][fold] - other.values[m][fold]);
  PairedDifference difference;
  difference.mean = mean(values);
  difference.low = -std::numeric_limits<double>::infinity();
  difference.high = std::numeric_limits<double>::infinity();
  if (values.size() < 2 || !std::isfinite(difference.mean)) return difference;
  const double ratio = result.test_train_ratio();
  const auto count = static_cast<double>(values.size());
  const double width = t_quantile(count - 1) * std::sqrt(1 / count + ratio) * standard_deviation(values, 1);
  difference.low = difference.mean - width;
  difference.high = difference.mean + width;
  difference.p_value = corrected_resampled_t_test(values, ratio);
  return difference;
}

double mean_of(const MethodResult& method, const std::string& metric) {
  return mean(method.values[metric_index(metric)]);
}

}  // namespace tenbin::detail
