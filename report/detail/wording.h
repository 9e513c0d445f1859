// Numbers and names as the words of a report, and the counts that they are about. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tenbin/calibration/decision.h"
#include "tenbin/comparison/result.h"

namespace tenbin::detail {

// The number with this many digits after the point; `-` for NaN and infinities. The minus is U+2212.
std::string decimal_of(double value, int digits);
// `16.9%`, `<0.1%`, `>99.9%`; `-` for NaN.
std::string percent_of(double share);
// `1,203`.
std::string count_of(std::size_t count);
// `1 row`, `1,203 rows`.
std::string counted(std::size_t count, const std::string& singular);
// `"name"`, shortened.
std::string quoted(const std::string& name);
// `p = 0.031`, `p < 0.001`.
std::string p_value_of(double p);
// The share with Wilson's 95% interval: `74.0% [60.4%, 84.1%]`; `-` without trials.
std::string share_with_interval(std::size_t successes, std::size_t trials);

// When a model decides on a class: `"fraud" from a probability of 0.0123 on`, `the class of the largest
// probability`. classes: their names.
std::string decision_text(const Decision& decision, const std::vector<std::string>& classes);

// The decisions for or against one class.
struct Alarms {
  std::size_t found = 0;         // rows of the class with an alarm
  std::size_t present = 0;       // rows of the class
  std::size_t false_alarms = 0;  // other rows with an alarm
  std::size_t others = 0;        // other rows

  std::size_t alarms() const { return found + false_alarms; }
};

// t, decisions: int32 or int64 (N).
Alarms alarms_of(const Array& t, const Array& decisions, std::size_t positive);

// A pair of methods on the same folds: the difference `method` - `other` of a metric.
struct PairedDifference {
  double mean = 0;
  double low = 0;  // of the 95% interval, by the corrected resampled t-test; -infinity for a single fold
  double high = 0;
  double p_value = 1;
};
PairedDifference paired_difference(const ComparisonResult& result, const MethodResult& method,
                                   const MethodResult& other, const std::string& metric);

double mean_of(const MethodResult& method, const std::string& metric);

}  // namespace tenbin::detail
