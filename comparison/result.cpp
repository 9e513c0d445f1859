#include "tenbin/comparison/result.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tenbin/comparison/detail/tally.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/csv_writer.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/evaluation/confidence_interval.h"

namespace tenbin {

namespace {

using Json = nlohmann::ordered_json;

using detail::escaped;
using detail::fixed;

double spread(const std::vector<double>& values) {
  return values.size() < 2 ? 0 : detail::standard_deviation(values, 1);
}

// Without a minus before zeros.
std::string rounded(double value, int digits) {
  const std::string text = fixed(value, digits);
  return text.find_first_not_of("-0.") == std::string::npos ? fixed(0, digits) : text;
}

std::string percent(double share) { return rounded(100 * share, 1); }

// ---- text -----------------------------------------------------------------------------------------------

const char* mark(const MethodResult& method, std::size_t metric) {
  if (method.differences.empty() || method.differences[metric].p_holm >= significance_level) return " ";
  return method.differences[metric].better ? "+" : "-";
}

std::string cell(const MethodResult& method, std::size_t metric) {
  const bool is_log_loss = comparison_metrics()[metric].key == "log_loss";
  const auto number = [&](double value) { return is_log_loss ? fixed(value, 3) : percent(value); };
  const std::vector<double>& values = method.values[metric];
  std::string text = number(detail::mean(values));
  if (values.size() > 1) text += " \u00b1" + number(spread(values));
  return text + mark(method, metric);
}

std::string cell(const FoundRows& rows) {
  const auto interval = wilson_interval(static_cast<double>(rows.found), static_cast<double>(rows.present));
  return std::to_string(rows.found) + " of " + std::to_string(rows.present) + " [" +
         fixed(100 * interval.low, 0) + ", " + fixed(100 * interval.high, 0) + "]";
}

std::string cell(const BootstrapValue& value) {
  const std::string interval =
      value.has_interval() ? " [" + percent(value.low) + ", " + percent(value.high) + "]" : "";
  return percent(value.value) + interval;
}

std::string table_text(std::vector<detail::TextRow> rows) {
  detail::TextRow rule;
  for (const std::size_t width : detail::column_widths(rows)) rule.emplace_back(width, '-');
  rows.insert(rows.begin() + 1, rule);
  return detail::text_table(rows, detail::Align::left);
}

std::string metrics_table(const ComparisonResult& result) {
  std::vector<detail::TextRow> rows(1, {"method"});
  for (const ComparisonMetric& metric : comparison_metrics()) rows[0].push_back(metric.name);
  rows[0].push_back("found");
  for (const MethodResult& method : result.methods) {
    if (method.is_left_out()) continue;
    detail::TextRow row = {escaped(method.name)};
    for (std::size_t m = 0; m < comparison_metrics().size(); ++m) row.push_back(cell(method, m));
    row.push_back(cell(result.found(method)));
    rows.push_back(std::move(row));
  }
  return table_text(std::move(rows));
}

std::string pooled_table(const ComparisonResult& result) {
  const std::string minus = "minus " + escaped(result.baseline);
  std::vector<detail::TextRow> rows(1, {"method", "AP", minus, "recall@FPR", minus});
  for (const MethodResult& method : result.methods) {
    if (method.is_left_out()) continue;
    rows.push_back({escaped(method.name), cell(method.average_precision.value),
                    cell(method.average_precision.difference), cell(method.recall_at_fpr.value),
                    cell(method.recall_at_fpr.difference)});
  }
  return table_text(std::move(rows));
}

// The metrics of the positive class against the rest.
std::string pooled_text(const ComparisonResult& result) {
  const std::string positive = '"' + escaped(result.classes[result.positive]) + '"';
  const std::string baseline = '"' + escaped(result.baseline) + '"';
  const BootstrapValue& value = result[result.baseline].average_precision.value;
  if (std::isnan(value.value))
    return "Average precision and recall@FPR of " + positive +
           " are not defined: no fold has test rows of it and of another class.\n";
  return "Average precision and recall@FPR of " + positive +
         " in percent: means over the pooled folds, with " +
         (value.has_interval() ? "95% bootstrap\nintervals over rows, and their differences from " +
                                     baseline + " on the same resamples"
                               : "their differences\nfrom " + baseline + "; without intervals") +
         "\n\n" + pooled_table(result);
}

std::string choices_text(const ComparisonResult& result) {
  constexpr const char* separator = "; ";
  detail::Tally networks;
  for (const FoldResult& fold : result.folds) networks.add(to_text(fold.network));
  std::string text = "Chosen on inner folds (number of folds)\n  network: " + networks.text(separator) + '\n';
  for (const MethodResult& method : result.methods) {
    detail::Tally settings;
    for (const MethodSettings& chosen : method.settings)
      if (!chosen.empty()) settings.add(chosen.to_string());
    if (!settings.empty())
      text += "  " + escaped(method.name) + ": " + escaped(settings.text(separator)) + '\n';
  }
  return text;
}

std::string left_out_text(const ComparisonResult& result) {
  std::string text;
  for (const std::string& column : result.left_out_columns) text += "  column " + escaped(column) + '\n';
  for (const MethodResult& method : result.methods)
    if (method.is_left_out())
      text += "  method " + escaped(method.name) + ": " + escaped(method.left_out) + '\n';
  return text.empty() ? text : "Left out\n" + text + '\n';
}

std::string folds_text(const ComparisonResult& result) {
  if (result.has_test_table()) return "trained on the rows of the first file, tested on those of the second";
  if (result.n_folds == 0) return std::to_string(result.folds.size()) + " given split(s)";
  return std::to_string(result.n_folds) + " stratified folds, " + std::to_string(result.n_repeats) +
         " time(s)";
}

// `train.csv: 800 rows`, and of the test table `; test.csv: 200 rows`.
std::string rows_text(const ComparisonResult& result) {
  const std::string source = escaped(result.source);
  if (!result.has_test_table()) return detail::text_of(source, ": ", result.n_rows, " rows");
  const std::size_t test_rows =
      std::accumulate(result.test_class_counts.begin(), result.test_class_counts.end(), std::size_t{0});
  return detail::text_of(source, ": ", result.n_rows - test_rows, " rows; ", escaped(result.test_source),
                         ": ", test_rows, " rows");
}

// `24`, and of the test table ` + 9`.
std::string count_text(const ComparisonResult& result, std::size_t c) {
  if (!result.has_test_table()) return std::to_string(result.class_counts[c]);
  const std::size_t test = result.test_class_counts[c];
  return detail::text_of(result.class_counts[c] - test, " + ", test);
}

std::string header_text(const ComparisonResult& result) {
  std::string text = detail::text_of(rows_text(result), ", ", result.n_columns, " columns, ",
                                     result.n_categorical, " of them categorical\n");
  for (std::size_t c = 0; c < result.classes.size(); ++c)
    text += detail::text_of("  ", escaped(result.classes[c]), ": ", count_text(result, c),
                            c == result.positive ? "  (positive)" : "", '\n');
  return text + folds_text(result) + "\n\n";
}

std::string explanation(const ComparisonResult& result) {
  return detail::text_of(
      "\nMean and standard deviation over the folds, in percent; log loss as it is. + better, - worse than "
      "\"",
      escaped(result.baseline),
      "\": corrected\nresampled t-test with Holm's correction, 5%. Brier, log loss, ECE: lower is better. "
      "recall@FPR: with at most ",
      percent(result.false_alarm_budget), "%\nof the other rows taken for positive. found: rows of \"",
      escaped(result.classes[result.positive]),
      "\" in the pooled folds, with Wilson's 95% interval of the share.\n\n");
}

// ---- JSON -----------------------------------------------------------------------------------------------

Json json_of(const BootstrapValue& value) {
  Json json = {{"value", value.value}};
  if (value.has_interval()) json.update({{"low", value.low}, {"high", value.high}});
  return json;
}

Json json_of(const PooledMetric& metric) {
  return {{"value", json_of(metric.value)}, {"difference", json_of(metric.difference)}};
}

Json json_of(const NetworkSettings& network) {
  return {{"hidden", network.hidden}, {"weight_decay", network.weight_decay}, {"epochs", network.epochs}};
}

Json json_of(const FoldResult& fold) {
  Json candidates = Json::array();
  for (const NetworkCandidate& candidate : fold.candidates) {
    candidates.push_back(json_of(candidate.settings));
    candidates.back()["log_loss"] = candidate.log_loss;
  }
  return {{"train_rows", fold.train_rows},
          {"test_rows", fold.test_rows},
          {"network", json_of(fold.network)},
          {"candidates", candidates}};
}

Json json_of(const ComparisonResult& result, const MethodResult& method) {
  Json json = {{"method", method.name}};
  if (method.is_left_out()) {
    json["left_out"] = method.left_out;
    return json;
  }
  Json values = Json::object(), differences = Json::object(), settings = Json::array();
  for (std::size_t m = 0; m < comparison_metrics().size(); ++m) {
    const std::string& key = comparison_metrics()[m].key;
    values[key] = method.values[m];
    if (method.differences.empty()) continue;
    const MetricDifference& difference = method.differences[m];
    differences[key] = {{"difference", difference.mean},
                        {"p_value", difference.p_holm},
                        {"p_value_unadjusted", difference.p_value},
                        {"better", difference.better},
                        {"values", difference.values}};
  }
  for (const MethodSettings& chosen : method.settings) settings.push_back(chosen.values());
  const FoundRows found = result.found(method);
  json["values"] = values;
  if (!differences.empty()) json["differences"] = differences;
  json["settings"] = settings;
  json["found"] = found.found;
  json["present"] = found.present;
  json["average_precision"] = json_of(method.average_precision);
  json["recall_at_fpr"] = json_of(method.recall_at_fpr);
  return json;
}

Json json_of(const LeakCheck& check) {
  Json steps = Json::array();
  for (const LeakStep& step : check.steps)
    steps.push_back({{"step", step.step},
                     {"train_rows", step.train_rows},
                     {"test_rows", step.test_rows},
                     {"own_rows", step.own_rows}});
  return {{"passed", check.passed()},       {"steps", steps},
          {"train_rows", check.train_rows}, {"test_rows", check.test_rows},
          {"duplicates", check.duplicates}, {"tested", check.tested}};
}

}  // namespace

bool LeakCheck::passed() const {
  return std::all_of(steps.begin(), steps.end(),
                     [](const LeakStep& step) { return step.test_rows == 0 && step.own_rows == 0; });
}

std::string to_text(const LeakCheck& check) {
  std::vector<detail::TextRow> rows = {
      {"step", "training rows seen", "test rows seen", "measured on own rows"}};
  for (const LeakStep& step : check.steps)
    rows.push_back({step.step == "network" ? "network, early stopping" : escaped(step.step),
                    detail::text_of(step.train_rows, " of ", check.train_rows),
                    std::to_string(step.test_rows), std::to_string(step.own_rows)});
  std::string text = detail::text_of("Leak check: ", check.passed() ? "passed" : "FAILED", "\n\n");
  text += table_text(std::move(rows));
  text +=
      "\nNot recorded: which columns are left out. `auto_pipeline` decides that on all rows, without "
      "labels.\n";
  if (check.duplicates > 0)
    text += detail::text_of(check.duplicates, " of ", check.tested,
                            " test rows equal a training row of their fold in all features.\n");
  return text;
}

const MethodResult& ComparisonResult::operator[](const std::string& method) const {
  std::vector<std::string> names;
  for (const MethodResult& each : methods) {
    if (each.name == method) return each;
    names.push_back(each.name);
  }
  throw Error("ComparisonResult: no method is named \"", printable(method), "\"; there are ",
              escaped(detail::joined(names)));
}

double ComparisonResult::test_train_ratio() const {
  double sum = 0;
  for (const FoldResult& fold : folds)
    sum += static_cast<double>(fold.test_rows) / static_cast<double>(fold.train_rows);
  return sum / static_cast<double>(folds.size());
}

FoundRows ComparisonResult::found(const MethodResult& method) const {
  FoundRows sum;
  for (std::size_t fold = 0; fold < std::min(n_pooled_folds, method.found.size()); ++fold) {
    sum.found += method.found[fold].found;
    sum.present += method.found[fold].present;
  }
  return sum;
}

const MethodResult& ComparisonResult::best(const std::string& metric) const {
  const std::size_t m = metric_index(metric);
  const double sign = comparison_metrics()[m].higher_is_better ? 1 : -1;
  const MethodResult* found = nullptr;
  double highest = 0;
  for (const MethodResult& method : methods) {
    if (method.is_left_out() || method.name == "majority") continue;
    const double value = sign * detail::mean(method.values[m]);
    if (found != nullptr && !(value > highest || (std::isnan(highest) && !std::isnan(value)))) continue;
    found = &method;
    highest = value;
  }
  if (found == nullptr) throw Error("ComparisonResult::best: there is no method to choose from");
  return *found;
}

std::string to_text(const ComparisonResult& result) {
  return header_text(result) + metrics_table(result) + explanation(result) + pooled_text(result) + '\n' +
         choices_text(result) + '\n' + left_out_text(result) + to_text(result.leak_check);
}

std::string to_json(const ComparisonResult& result) {
  Json folds = Json::array(), methods = Json::array();
  for (const FoldResult& fold : result.folds) folds.push_back(json_of(fold));
  for (const MethodResult& method : result.methods) methods.push_back(json_of(result, method));
  Json json = {{"source", result.source},
               {"rows", result.n_rows},
               {"columns", result.n_columns},
               {"categorical", result.n_categorical},
               {"columns_left_out", result.left_out_columns},
               {"label", result.label},
               {"classes", result.classes},
               {"class_counts", result.class_counts},
               {"positive", result.classes[result.positive]},
               {"folds", result.n_folds},
               {"repeats", result.n_repeats},
               {"inner_folds", result.inner_folds},
               {"seed", result.seed},
               {"tuned", result.tuned},
               {"false_alarm_budget", result.false_alarm_budget},
               {"baseline", result.baseline},
               {"max_epochs", result.search.max_epochs},
               {"batch_size", result.search.batch_size},
               {"alpha", result.search.alpha},
               {"splits", folds},
               {"methods", methods},
               {"leak_check", json_of(result.leak_check)}};
  if (result.has_test_table()) {
    json["test_source"] = result.test_source;
    json["test_class_counts"] = result.test_class_counts;
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string to_csv(const ComparisonResult& result) {
  detail::TextStream text;
  text.precision(std::numeric_limits<double>::max_digits10);
  text << "method,metric,fold,value\n";
  for (const MethodResult& method : result.methods)
    for (std::size_t m = 0; m < method.values.size(); ++m)
      for (std::size_t fold = 0; fold < method.values[m].size(); ++fold)
        text << detail::csv_field(method.name) << ',' << comparison_metrics()[m].key << ',' << fold << ','
             << method.values[m][fold] << '\n';
  return text.str();
}

}  // namespace tenbin
