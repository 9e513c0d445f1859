// Results of comparisons and models that were never trained, for the tests of reports.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/bundle/predictor.h"
#include "tenbin/comparison/paired_test.h"
#include "tenbin/comparison/result.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/links/mlp.h"

namespace tenbin::testing {

// The means over the folds of the two metrics that next_steps reads. The methods of a fold differ by little
// more than their means: 0.02 is significant, 0.0002 is not.
struct SampleMethod {
  std::string name;
  double average_precision;
  double balanced_accuracy;
  double recall = 0.5;  // of every class but the first, in the decisions
  double false_alarms = 0.1;
};

struct SampleOptions {
  std::vector<std::size_t> counts = {950, 50};
  std::vector<std::string> classes = {};  // empty: "class 0", ...
  std::size_t folds = 5;
  std::string source = "sample.csv";
};

// A number in [0, 1) that looks random.
inline double noise(std::size_t i) {
  const double x = std::sin(static_cast<double>(i + 1) * 12.9898) * 43758.5453;
  return x - std::floor(x);
}

// Such numbers with the mean 0.
inline std::vector<double> centred_noise(std::size_t seed, std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(noise(seed + i));
  const double mean = detail::mean(values);
  for (double& value : values) value -= mean;
  return values;
}

inline Array labels_of(const std::vector<std::size_t>& counts) {
  std::vector<std::int32_t> t;
  for (std::size_t c = 0; c < counts.size(); ++c) t.insert(t.end(), counts[c], static_cast<std::int32_t>(c));
  return Array(t);
}

// Of rows of class c, the first `recall` are decided on rightly; of class 0, all but the first
// `false_alarms`, which are taken for the last class.
inline Array decisions_of(const std::vector<std::size_t>& counts, double recall, double false_alarms) {
  const auto last = static_cast<std::int32_t>(counts.size() - 1);
  std::vector<std::int32_t> decisions;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const auto label = static_cast<std::int32_t>(c);
    const double marked = (c == 0 ? false_alarms : recall) * static_cast<double>(counts[c]);
    for (std::size_t i = 0; i < counts[c]; ++i) {
      const bool is_marked = static_cast<double>(i) + 0.5 < marked;
      decisions.push_back(c == 0 ? (is_marked ? last : 0) : (is_marked ? label : 0));
    }
  }
  return Array(decisions);
}

// Higher for the true class, by chance of every row.
inline Array probabilities_of(const Array& t, std::size_t n_class, double signal, std::size_t seed) {
  const auto labels = t.to_vector<std::int64_t>();
  Array p = Array::zeros({labels.size(), n_class});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    float* const row = p.data<float>() + i * n_class;
    double sum = 0;
    for (std::size_t c = 0; c < n_class; ++c) {
      const double logit =
          3 * noise(seed + i * n_class + c) + (labels[i] == static_cast<std::int64_t>(c) ? signal : 0);
      row[c] = static_cast<float>(std::exp(logit));
      sum += static_cast<double>(row[c]);
    }
    for (std::size_t c = 0; c < n_class; ++c) row[c] = static_cast<float>(static_cast<double>(row[c]) / sum);
  }
  return p;
}

inline MethodResult sample_method(const SampleMethod& sample, std::size_t number,
                                  const ComparisonResult& result) {
  MethodResult method;
  method.name = sample.name;
  method.about = "A method for the tests of " + sample.name + ".";
  for (const ComparisonMetric& metric : comparison_metrics()) {
    const double mean = metric.key == "average_precision"   ? sample.average_precision
                        : metric.key == "balanced_accuracy" ? sample.balanced_accuracy
                                                            : 0.5;
    const std::vector<double> of_fold = centred_noise(0, result.folds.size());
    const std::vector<double> of_method = centred_noise(100 * (number + 1), result.folds.size());
    std::vector<double> values;
    for (std::size_t fold = 0; fold < result.folds.size(); ++fold)
      values.push_back(mean + 0.05 * of_fold[fold] + 0.002 * of_method[fold]);
    method.values.push_back(values);
  }
  method.decisions = decisions_of(result.class_counts, sample.recall, sample.false_alarms);
  method.probabilities =
      probabilities_of(result.t, result.classes.size(), 4 * sample.average_precision, 7 * number);
  method.settings.assign(result.folds.size(), MethodSettings{});
  const double ap = sample.average_precision;
  method.average_precision = {{ap, ap - 0.03, ap + 0.03}, {0, -0.01, 0.01}};
  method.recall_at_fpr = method.average_precision;
  return method;
}

inline MethodResult left_out_method(const std::string& name, const std::string& why) {
  MethodResult method;
  method.name = name;
  method.left_out = why;
  return method;
}

// The first method is the baseline.
inline ComparisonResult sample_result(const std::vector<SampleMethod>& methods,
                                      const SampleOptions& options = {}) {
  ComparisonResult result;
  result.source = options.source;
  result.class_counts = options.counts;
  for (const std::size_t count : options.counts) result.n_rows += count;
  result.n_columns = 9;
  result.n_categorical = 2;
  result.label = "label";
  for (std::size_t c = 0; c < options.counts.size(); ++c)
    result.classes.push_back(c < options.classes.size() ? options.classes[c] : "class " + std::to_string(c));
  result.positive = options.counts.size() - 1;
  result.n_folds = options.folds > 1 ? options.folds : 0;
  result.n_repeats = options.folds > 1 ? 1 : 0;
  result.inner_folds = 3;
  result.seed = 7;
  result.false_alarm_budget = 0.05;
  result.baseline = methods[0].name;
  result.tuned = true;
  result.folds.assign(options.folds, FoldResult{800, 200, {}, {}, {}});
  result.t = labels_of(options.counts);
  for (std::size_t i = 0; i < result.n_rows; ++i) result.rows.push_back(i);
  result.n_pooled_folds = options.folds;
  result.leak_check.steps = {{"preprocessing", 800, 0, 0}, {"training", 800, 0, 0}};
  result.leak_check.train_rows = 800;
  result.leak_check.test_rows = 200;
  result.leak_check.tested = result.n_rows;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    result.methods.push_back(sample_method(methods[i], i, result));
    if (i == 0) continue;
    for (std::size_t m = 0; m < comparison_metrics().size(); ++m) {
      MetricDifference difference;
      for (std::size_t fold = 0; fold < options.folds; ++fold)
        difference.values.push_back(result.methods[i].values[m][fold] - result.methods[0].values[m][fold]);
      difference.mean = detail::mean(difference.values);
      difference.better = (difference.mean > 0) == comparison_metrics()[m].higher_is_better;
      difference.p_value = difference.p_holm = corrected_resampled_t_test(difference.values, 0.25);
      result.methods[i].differences.push_back(difference);
    }
  }
  return result;
}

// An untrained network with made-up predictions.
inline Bundle sample_bundle(const std::vector<std::string>& classes) {
  MLP model({4, 3, classes.size()});
  Bundle bundle;
  bundle.network = model;
  bundle.classes = classes;
  if (classes.size() == 2) bundle.decision = Decision(0.3);
  bundle.made.seed = 3;
  bundle.made.data_hash = "0123456789abcdef";
  bundle.made.data_rows = 5000;
  bundle.made.data_columns = 5;
  bundle.made.options = {{"epochs", "20"}};
  return bundle;
}

inline Predictions sample_predictions(const std::vector<std::string>& classes,
                                      const std::vector<std::size_t>& counts, double recall = 0.74,
                                      double false_alarms = 0.1, double signal = 2) {
  Predictions test;
  test.classes = classes;
  test.t = labels_of(counts);
  test.decisions = decisions_of(counts, recall, false_alarms).astype(Dtype::int64);
  test.probabilities = probabilities_of(test.t, classes.size(), signal, 5);
  return test;
}

}  // namespace tenbin::testing
