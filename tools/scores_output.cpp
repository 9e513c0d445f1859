#include "tenbin/tools/scores_output.h"

#include <algorithm>

#include "tenbin/core/file.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/evaluation/classification_report.h"

namespace tenbin::tools {

namespace {

constexpr std::size_t name_width = 24;

// All resamples together have about this many rows, so that intervals take seconds for any file.
constexpr std::size_t resampled_rows = 4000000;

BootstrapOptions bootstrap_options(std::size_t n_rows) {
  BootstrapOptions options;
  options.n_resamples = std::clamp<std::size_t>(resampled_rows / n_rows, 100, 1000);
  options.seed = 1;
  return options;
}

std::vector<std::string> short_names(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  all.reserve(names.size());
  for (const std::string& name : names) all.push_back(detail::shortened(name, name_width));
  return all;
}

const Array& labels_of(const Predictions& predictions, const std::string& source) {
  if (!predictions.t)
    throw Error(source, ": expected a column with the true classes, to compare decisions with");
  return predictions.t;
}

}  // namespace

Assessment::Assessment(const Predictions& predictions, const std::string& source)
    : classes_(predictions.classes),
      matrix_(labels_of(predictions, source), predictions.decisions, {.n_class = predictions.classes.size()}),
      scores_(predictions.scores()),
      intervals_(score_intervals(predictions.t, predictions.probabilities, predictions.decisions, classes_,
                                 bootstrap_options(predictions.size()))) {}

std::string Assessment::scores_text() const {
  std::vector<detail::TextRow> rows = {{"score", "value", "95% interval"}};
  for (const auto& [name, value] : scores_) {
    const auto found = intervals_.find(name);
    rows.push_back({detail::shortened(name, name_width),
                    std::isnan(value) ? "not defined" : detail::fixed(value, 4),
                    found == intervals_.end() ? ""
                                              : '[' + detail::fixed(found->second.low, 4) + ", " +
                                                    detail::fixed(found->second.high, 4) + ']'});
  }
  return detail::text_table(rows, detail::Align::left);
}

std::string Assessment::confusion_text() const {
  const std::vector<std::string> names = short_names(classes_);
  std::vector<detail::TextRow> rows(1, {"true class"});
  for (const std::string& name : names) rows[0].push_back(name);
  rows[0].emplace_back("total");
  const std::vector<double> support = matrix_.support();
  for (std::size_t c = 0; c < names.size(); ++c) {
    detail::TextRow& row = rows.emplace_back(1, names[c]);
    for (std::size_t k = 0; k < names.size(); ++k) row.push_back(detail::fixed(matrix_(c, k), 0));
    row.push_back(detail::fixed(support[c], 0));
  }
  return "Rows of each class by decision:\n\n" + detail::text_table(rows, detail::Align::left);
}

std::string Assessment::text() const {
  constexpr std::size_t widest_matrix = 20;  // classes
  std::string text =
      classification_report(matrix_, {.class_names = short_names(classes_)}) + '\n' + scores_text();
  if (classes_.size() <= widest_matrix) text += '\n' + confusion_text();
  return text;
}

Json Assessment::json() const {
  Json scores = Json::object(), intervals = Json::object(), confusion = Json::array();
  for (const auto& [name, value] : scores_) scores[name] = number(value);
  for (const auto& [name, interval] : intervals_)
    intervals[name] = {{"low", interval.low}, {"high", interval.high}};
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    Json row = Json::array();
    for (std::size_t k = 0; k < classes_.size(); ++k) row.push_back(static_cast<std::int64_t>(matrix_(c, k)));
    confusion.push_back(row);
  }
  return {{"rows", static_cast<std::int64_t>(matrix_.total())},
          {"classes", classes_},
          {"scores", scores},
          {"intervals", intervals},
          {"confusion_matrix", confusion}};
}

std::string report_line(const std::string& path) {
  return path.empty() ? "" : "\nThe report: " + path + '\n';
}

}  // namespace tenbin::tools
