#include "tenbin/report/detail/sections.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenbin/plots/class_charts.h"
#include "tenbin/plots/detail/svg.h"
#include "tenbin/report/detail/wording.h"

namespace tenbin::detail {

namespace {

constexpr std::size_t most_columns = 100;  // of a table of columns
constexpr double chart_width = 440;  // of charts beside each other: their text is legible on a telephone

// The range of a numeric column, or the most frequent categories.
std::string values_of(const ColumnDescription& column) {
  if (std::isfinite(column.min))
    return value_text(column.min) + " to " + value_text(column.max) + ", mean " + value_text(column.mean);
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(column.top.size(), 3); ++i)
    text += (i == 0 ? "" : ", ") + quoted(column.top[i].first) + " (" + count_of(column.top[i].second) + ")";
  if (column.distinct > 3) text += ", ...";
  return text;
}

}  // namespace

void class_count_section(Page& page, const std::string& caption, const std::vector<std::string>& classes,
                         const std::vector<std::size_t>& counts) {
  const std::size_t total = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  PageTable table{caption, {"Class", "Rows", "Share"}, {}};
  for (std::size_t c = 0; c < counts.size(); ++c)
    table.rows.push_back({classes[c], count_of(counts[c]),
                          percent_of(static_cast<double>(counts[c]) / static_cast<double>(total))});
  page.table(table, {plot_class_counts(counts, {.class_names = classes, .width = chart_width}),
                     "The axis is logarithmic, so that rare classes are seen."});
}

void warnings(Page& page, const TableDescription& description) {
  std::vector<std::string> items;
  if (description.duplicate_rows > 0)
    items.push_back(counted(description.duplicate_rows, "row") +
                    (description.duplicate_rows == 1 ? " equals" : " equal") +
                    " an earlier one, label included. If such rows are in the training and in the test part, "
                    "models that memorise look better than they are.");
  for (const TableWarning& warning : description.warnings) items.push_back(warning.text);
  if (items.empty())
    return page.paragraph("No duplicated rows, and no warnings about the columns that are used.");
  page.subsection("Warnings about the data");
  page.list(items);
}

void columns(Page& page, const TableDescription& description) {
  const std::size_t shown = std::min(description.column.size(), most_columns);
  const std::string all = counted(description.column.size(), "column");
  PageTable table{shown < description.column.size() ? "The first " + count_of(shown) + " of " + all : all,
                  {"Column", "Kind", "Values", "Distinct values", "Missing"},
                  {},
                  3};
  for (std::size_t i = 0; i < shown; ++i) {
    const ColumnDescription& column = description.column[i];
    table.rows.push_back({column.name, column.is_label ? "label" : to_string(column.kind), values_of(column),
                          count_of(column.distinct),
                          column.missing == 0
                              ? "0"
                              : count_of(column.missing) + " (" + percent_text(column.missing_share) + ")"});
  }
  page.section("The columns");
  page.table(table);
}

void curves(Page& page, const Array& t, const std::vector<NamedScores>& models,
            const std::vector<std::string>& classes, std::size_t positive) {
  const auto label = static_cast<std::int64_t>(positive);
  CurvePlotOptions options;
  options.class_names = classes;
  options.pos_label = label;
  options.width = chart_width;
  CalibrationPlotOptions calibration;
  calibration.class_names = classes;
  calibration.pos_label = label;
  calibration.width = chart_width;
  const std::string name = quoted(classes[positive]);
  page.charts({
      {plot_precision_recall_curve(t, models, options),
       "Precision and recall: for every threshold, the share of " + name +
           " among the rows above it, over the share of all " + name +
           " that they are. Higher is better; AP is the area under the line."},
      {plot_roc_curve(t, models, options), "ROC: the share of " + name +
                                               " found, over the share of the other rows that are false "
                                               "alarms. AUC is the area under the line: 0.5 "
                                               "is chance, 1 is perfect."},
      {plot_gain_curve(t, models, options), "Gain: the share of " + name +
                                                " found, if only the rows with the highest probabilities are "
                                                "looked at. The dashed lines are a random "
                                                "order and a perfect one."},
      {plot_calibration_curve(t, models, calibration),
       "Reliability: how many rows really are " + name +
           ", over the probability that the model gives them, in ten groups of equal size. On the diagonal "
           "probabilities are right; below it they are too high."},
  });
}

PageChart confusion(const std::string& model, const ConfusionMatrix& matrix,
                    const std::vector<std::string>& classes) {
  ClassPlotOptions options;
  options.title = model;
  options.class_names = classes;
  options.width = matrix.n_class() > 6 ? 720 : chart_width;
  return {
      plot_confusion_matrix(matrix, options),
      "Decisions of " + quoted(model) +
          ": a row for every true class, a column for every decision. Each cell has the number of rows and "
          "their share of the true class."};
}

void reproduce(Page& page, const std::string& command, const Terms& terms) {
  page.section("How to reproduce it");
  if (!command.empty()) page.code(command);
  Terms all = terms;
  all.emplace_back("Version", "tenbin " TENBIN_VERSION);
  page.terms(all);
}

}  // namespace tenbin::detail
