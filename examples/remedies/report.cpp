#include "tenbin/examples/remedies/report.h"

#include <iomanip>
#include <limits>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/evaluation/confidence_interval.h"
#include "tenbin/examples/common/statistics.h"
#include "tenbin/examples/common/table.h"

namespace tenbin::examples {

namespace {

std::string percent(double share) { return fixed(100 * share, 1); }

const char* mark(const Difference& difference) {
  if (difference.p_value >= significance_level) return " ";
  return difference.better ? "+" : "-";
}

std::string cell(const std::vector<double>& values, const Difference& difference) {
  return percent(mean(values)) + " \u00b1" + percent(standard_deviation(values)) + mark(difference);
}

std::string cell(const Found& count) {
  const auto interval = wilson_interval(static_cast<double>(count.found), static_cast<double>(count.present));
  return std::to_string(count.found) + " of " + std::to_string(count.present) + " [" +
         fixed(100 * interval.low, 0) + ", " + fixed(100 * interval.high, 0) + "]";
}

}  // namespace

std::string to_table(const Results& results) {
  std::vector<std::string> header = {"method"};
  for (const Metric& metric : metrics()) header.push_back(metric.name);
  header.push_back("rarest found");
  TextTable table(header);
  const auto differences = results.differences();
  for (std::size_t r = 0; r < method_names().size(); ++r) {
    std::vector<std::string> row = {method_names()[r]};
    for (std::size_t m = 0; m < metrics().size(); ++m)
      row.push_back(cell(results.values[r][m], differences[r][m]));
    row.push_back(cell(results.found_in_first_repetition(r)));
    table.add(row);
  }
  return table.to_string();
}

Json to_json(const Results& results, const ComparisonData& data, const TrainingOptions& training,
             std::uint64_t seed) {
  Json methods = Json::array();
  const auto differences = results.differences();
  for (std::size_t r = 0; r < method_names().size(); ++r) {
    Json values = Json::object(), against_baseline = Json::object();
    for (std::size_t m = 0; m < metrics().size(); ++m) {
      values.set(metrics()[m].key, results.values[r][m]);
      against_baseline.set(
          metrics()[m].key,
          Json::object().set("difference", differences[r][m].mean).set("p_value", differences[r][m].p_value));
    }
    const Found count = results.found_in_first_repetition(r);
    methods.push_back(Json::object()
                          .set("method", method_names()[r])
                          .set("values", values)
                          .set(std::string("against_") + baseline, against_baseline)
                          .set("rarest_found", count.found)
                          .set("rarest_present", count.present));
  }
  return Json::object()
      .set("data", data.source)
      .set("classes", data.classes)
      .set("class_counts", data.counts)
      .set("columns_left_out", data.left_out)
      .set("folds", results.n_folds)
      .set("repeats", results.values[0][0].size() / results.n_folds)
      .set("hidden", training.n_hidden)
      .set("epochs", training.epochs)
      .set("batch_size", training.batch_size)
      .set("alpha", training.alpha)
      .set("weight_decay", training.weight_decay)
      .set("seed", seed)
      .set("methods", methods);
}

void save_csv(const Results& results, const std::string& path) {
  detail::TextStream text;
  text << std::setprecision(std::numeric_limits<double>::max_digits10) << "method,metric,split,value\n";
  for (std::size_t r = 0; r < method_names().size(); ++r)
    for (std::size_t m = 0; m < metrics().size(); ++m)
      for (std::size_t split = 0; split < results.values[r][m].size(); ++split)
        text << method_names()[r] << ',' << metrics()[m].key << ',' << split << ','
             << results.values[r][m][split] << '\n';
  write_file(path, text.str());
}

}  // namespace tenbin::examples
