#include "tenbin/comparison/detail/assembled_result.h"

#include <algorithm>
#include <cmath>

#include "tenbin/comparison/detail/measure.h"
#include "tenbin/comparison/paired_test.h"
#include "tenbin/core/file.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/datasets/text_table.h"

namespace tenbin::detail {

namespace {

// The pooled rows, and where each row of each pooled fold is among them.
struct PooledRows {
  explicit PooledRows(const ComparisonPlan& plan) {
    for (std::size_t i = 0; i < plan.n_pooled_folds; ++i)
      rows.insert(rows.end(), plan.splits[i].test.begin(), plan.splits[i].test.end());
    std::sort(rows.begin(), rows.end());
    for (std::size_t i = 0; i < plan.n_pooled_folds; ++i) {
      at.emplace_back();
      for (const std::size_t row : plan.splits[i].test)
        at.back().push_back(
            static_cast<std::size_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin()));
    }
  }

  std::vector<std::size_t> fold_of() const {
    std::vector<std::size_t> folds(rows.size());
    for (std::size_t i = 0; i < at.size(); ++i)
      for (const std::size_t row : at[i]) folds[row] = i;
    return folds;
  }

  std::vector<std::size_t> rows;
  std::vector<std::vector<std::size_t>> at;
};

MethodResult collected(const ComparisonMethod& method, const ComparisonPlan& plan, const PooledRows& pooled,
                       const RunState& state) {
  const std::size_t n_class = plan.counts.size(), n = pooled.rows.size();
  MethodResult result;
  result.name = method.name;
  result.about = method.about;
  for (std::size_t i = 0; i < plan.splits.size() && result.left_out.empty(); ++i)
    result.left_out = state.result(i, method)->left_out;
  if (result.is_left_out()) return result;
  result.values.assign(comparison_metrics().size(), {});
  result.probabilities = Array::empty({n, n_class});
  result.decisions = Array::empty({n}, Dtype::int32);
  for (std::size_t i = 0; i < plan.splits.size(); ++i) {
    const MethodInFold& found = *state.result(i, method);
    for (std::size_t m = 0; m < found.values.size(); ++m) result.values[m].push_back(found.values[m]);
    result.found.push_back(found.found);
    result.settings.push_back(found.settings);
    if (i >= plan.n_pooled_folds) continue;
    const float* const p = found.probabilities.data<float>();
    for (std::size_t row = 0; row < pooled.at[i].size(); ++row) {
      const std::size_t at = pooled.at[i][row];
      std::copy_n(p + row * n_class, n_class, result.probabilities.data<float>() + at * n_class);
      result.decisions.data<std::int32_t>()[at] = found.decisions.data<std::int32_t>()[row];
    }
  }
  return result;
}

MetricDifference difference_of(const std::vector<double>& values, const std::vector<double>& baseline,
                               bool higher_is_better, double ratio) {
  MetricDifference difference;
  for (std::size_t i = 0; i < values.size(); ++i) difference.values.push_back(values[i] - baseline[i]);
  difference.mean = mean(difference.values);
  difference.better = higher_is_better ? difference.mean > 0 : difference.mean < 0;
  const double p = corrected_resampled_t_test(difference.values, ratio);
  difference.p_value = std::isnan(p) ? 1 : p;
  return difference;
}

void add_differences(std::vector<MethodResult*>& methods, const MethodResult& baseline, double ratio) {
  for (std::size_t m = 0; m < comparison_metrics().size(); ++m) {
    std::vector<MetricDifference*> compared;
    std::vector<double> p_values;
    for (MethodResult* method : methods) {
      if (method == &baseline) continue;
      method->differences.push_back(difference_of(method->values[m], baseline.values[m],
                                                  comparison_metrics()[m].higher_is_better, ratio));
      p_values.push_back(method->differences.back().p_value);
    }
    const std::vector<double> adjusted = holm(p_values);
    std::size_t i = 0;
    for (MethodResult* method : methods)
      if (method != &baseline) method->differences[m].p_holm = adjusted[i++];
  }
}

void describe_data(ComparisonResult& result, const ComparisonPlan& plan) {
  const Table& table = plan.source.table;
  result.source = table.source();
  result.n_rows = table.size();
  result.left_out_columns = plan.left_out_columns;
  TablePipeline pipeline = plan.source.pipeline;
  pipeline.fit(table, plan.splits[0].train);
  result.n_columns = pipeline.input_columns().size();
  result.n_categorical = pipeline.one_hot_features().size();
  result.label = table.label().name;
  result.classes = table.classes();
  result.class_counts = plan.counts;
  result.positive = plan.source.positive;
}

void describe_protocol(ComparisonResult& result, const ComparisonPlan& plan,
                       const ComparisonOptions& options) {
  result.n_folds = plan.n_folds;
  result.n_repeats = plan.n_repeats;
  result.inner_folds = options.inner_folds;
  result.seed = options.seed;
  result.false_alarm_budget = options.false_alarm_budget;
  result.baseline = options.baseline;
  result.tuned = options.tune;
  result.search = plan.source.search;
}

void add_folds(ComparisonResult& result, const ComparisonPlan& plan, const ComparisonMethods& methods,
               const RunState& state) {
  std::vector<std::vector<LeakStep>> leaks;
  for (std::size_t i = 0; i < plan.splits.size(); ++i) {
    const FoldStart& start = *state.start(i);
    const std::size_t train = plan.splits[i].train.size(), test = plan.splits[i].test.size();
    result.folds.push_back(
        {train, test, start.chosen.network, start.chosen.logistic, start.chosen.candidates});
    leaks.push_back(start.leak);
    for (const ComparisonMethod& method : methods) leaks.push_back(state.result(i, method)->leak);
    LeakCheck& check = result.leak_check;
    check.train_rows = std::max(check.train_rows, train);
    check.test_rows = std::max(check.test_rows, test);
    check.duplicates += start.duplicates;
    check.tested += test;
  }
  result.leak_check.steps = combined(leaks);
}

}  // namespace

ComparisonResult assembled(const ComparisonPlan& plan, const ComparisonMethods& methods,
                           const ComparisonOptions& options, const RunState& state, Progress& progress) {
  ComparisonResult result;
  describe_data(result, plan);
  describe_protocol(result, plan, options);
  add_folds(result, plan, methods, state);
  const PooledRows pooled(plan);
  result.rows = pooled.rows;
  result.n_pooled_folds = plan.n_pooled_folds;
  result.t = plan.source.table.rows(pooled.rows).labels();
  for (const ComparisonMethod& method : methods)
    result.methods.push_back(collected(method, plan, pooled, state));
  std::vector<MethodResult*> possible;
  const MethodResult* baseline = nullptr;
  for (MethodResult& method : result.methods) {
    if (method.name == options.baseline) baseline = &method;
    if (!method.is_left_out()) possible.push_back(&method);
  }
  if (baseline->is_left_out())
    throw Error("compare: the baseline \"", printable(baseline->name),
                "\" is not possible: ", escaped(baseline->left_out));
  add_differences(possible, *baseline, result.test_train_ratio());
  bootstrap(possible, *baseline, {result.t.to_vector<std::int32_t>(), pooled.fold_of(), result.positive},
            options.false_alarm_budget, options.n_resamples, options.seed,
            [&] { progress.add(0, "bootstrap"); });
  progress.add(bootstrap_units, "bootstrap");
  return result;
}

}  // namespace tenbin::detail
