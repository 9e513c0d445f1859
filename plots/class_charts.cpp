#include "tenbin/plots/class_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenbin/core/error.h"
#include "tenbin/core/file.h"
#include "tenbin/evaluation/confidence_interval.h"
#include "tenbin/plots/detail/class_name.h"
#include "tenbin/plots/detail/svg.h"

namespace tenbin {

namespace {

using detail::percent_text;
using detail::value_text;

constexpr std::size_t most_rows = 60;
constexpr std::size_t most_described = 50;
constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

std::string given_or(const std::string& title, const char* own) { return title.empty() ? own : title; }

template <class T>
std::vector<T> chosen(const std::vector<T>& values, const std::vector<std::size_t>& indices) {
  std::vector<T> result;
  result.reserve(indices.size());
  for (const std::size_t i : indices) result.push_back(values[i]);
  return result;
}

// `132 of 140 (94%)`.
std::string share_text(double part, double whole) {
  return value_text(part) + " of " + value_text(whole) +
         (whole > 0 ? " (" + percent_text(part / whole) + ')' : "");
}

// Short: the count is beside it.
std::string cell_percent(double share) {
  if (share < 0.01) return "<1%";
  return share > 0.99 && share < 1 ? ">99%" : percent_text(share);
}

ConfusionMatrixOptions matrix_options(const ClassPlotOptions& options) {
  ConfusionMatrixOptions result;
  result.n_class = options.class_names.size();
  result.ignore_label = options.ignore_label;
  return result;
}

// All classes, or, of more than 60, those of the lowest recall.
std::vector<std::size_t> shown_classes(const std::vector<double>& recall) {
  std::vector<std::size_t> rows(recall.size());
  std::iota(rows.begin(), rows.end(), 0);
  if (rows.size() <= most_rows) return rows;
  const auto key = [&](std::size_t c) { return std::isnan(recall[c]) ? 2 : recall[c]; };
  std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  rows.resize(most_rows);
  return rows;
}

// Of a chart of recalls of `n_class` classes. `of`: whose recalls are lowest, with a blank before it.
DotPlotOptions recall_look(const ClassPlotOptions& options, const char* title, std::size_t n_class,
                           const std::string& of = "") {
  DotPlotOptions look;
  look.title = given_or(options.title, title);
  if (n_class > most_rows)
    look.title +=
        " (the " + std::to_string(most_rows) + " lowest" + of + " of " + std::to_string(n_class) + ')';
  look.x_label = "recall";
  look.x_limits = AxisLimits{-0.02, 1.02};
  look.width = options.width;
  return look;
}

// `cat: 132 of 140 (94%) right, 6 taken for dog.`
std::string row_text(const ConfusionMatrix& matrix, const std::vector<std::string>& names, std::size_t c,
                     double support) {
  std::string text = names[c] + ": " + share_text(matrix(c, c), support) + " right";
  double most = 0;
  std::size_t confused = c;
  for (std::size_t p = 0; p < matrix.n_class(); ++p)
    if (p != c && matrix(c, p) > most) {
      most = matrix(c, p);
      confused = p;
    }
  if (confused != c) text += ", " + value_text(most) + " taken for " + names[confused];
  return text + '.';
}

}  // namespace

HeatMap plot_confusion_matrix(const Array& t, const Array& y, const ClassPlotOptions& options) {
  return plot_confusion_matrix(ConfusionMatrix(t, y, matrix_options(options)), options);
}

HeatMap plot_confusion_matrix(const ConfusionMatrix& matrix, const ClassPlotOptions& options) {
  const std::size_t n = matrix.n_class();
  const std::vector<std::string> names =
      detail::class_labels("plot_confusion_matrix", options.class_names, n);
  const std::vector<double> support = matrix.support();
  std::vector<double> values;
  HeatMapOptions look;
  look.title = given_or(options.title, "Confusion matrix");
  look.x_label = "predicted class";
  look.y_label = "true class";
  look.limits = AxisLimits{0, 1};
  look.colour_label = "share of the true class";
  look.width = options.width;
  look.description = "Confusion matrix of " + value_text(static_cast<double>(n)) + " classes and " +
                     value_text(matrix.total()) + " rows, accuracy " + percent_text(matrix.accuracy()) + '.';
  for (std::size_t c = 0; c < n; ++c) {
    if (c < most_described) look.description += ' ' + row_text(matrix, names, c, support[c]);
    for (std::size_t p = 0; p < n; ++p) {
      const double count = matrix(c, p);
      const double share = support[c] > 0 ? count / support[c] : 0;
      values.push_back(share);
      look.texts.push_back(value_text(count) + (count > 0 ? '\n' + cell_percent(share) : ""));
    }
  }
  return HeatMap(names, names, std::move(values), std::move(look));
}

DotPlot plot_recall_per_class(const ConfusionMatrix& matrix, const ClassPlotOptions& options) {
  const std::vector<std::string> names =
      detail::class_labels("plot_recall_per_class", options.class_names, matrix.n_class());
  const std::vector<double> support = matrix.support();
  const std::vector<double> recall = matrix.recall(NaN);
  DotIntervals intervals;
  for (std::size_t c = 0; c < names.size(); ++c) {
    // Weights are no counts.
    const bool has_interval = support[c] > 0 && !matrix.weighted();
    const ConfidenceInterval interval =
        has_interval ? wilson_interval(matrix(c, c), support[c]) : ConfidenceInterval{NaN, NaN};
    intervals.low.push_back(interval.low);
    intervals.high.push_back(interval.high);
    intervals.texts.push_back(share_text(matrix(c, c), support[c]));
  }
  const std::vector<std::size_t> rows = shown_classes(recall);
  intervals.low = chosen(intervals.low, rows);
  intervals.high = chosen(intervals.high, rows);
  intervals.texts = chosen(intervals.texts, rows);
  DotPlot plot(chosen(names, rows), recall_look(options, "Recall of every class", names.size()));
  plot.dots("", chosen(recall, rows), std::move(intervals));
  if (matrix.total() > 0)
    plot.reference(matrix.balanced_accuracy(), "balanced accuracy " + value_text(matrix.balanced_accuracy()));
  return plot;
}

DotPlot plot_recall_per_class(const Array& t, const Array& y, const ClassPlotOptions& options) {
  return plot_recall_per_class(ConfusionMatrix(t, y, matrix_options(options)), options);
}

DotPlot plot_recall_per_class(const Array& t, const std::vector<NamedScores>& models,
                              const ClassPlotOptions& options) {
  constexpr char function[] = "plot_recall_per_class";
  if (models.empty()) throw Error(function, ": expected the scores of at least one model");
  std::vector<ConfusionMatrix> matrices;
  for (const NamedScores& model : models) {
    matrices.emplace_back(t, model.y, matrix_options(options));
    if (matrices.back().n_class() != matrices[0].n_class())
      throw Error(function, ": expected models of the same classes, got ", matrices[0].n_class(),
                  " classes of ", printable(models[0].name), " and ", matrices.back().n_class(), " of ",
                  printable(model.name));
  }
  if (models.size() == 1) return plot_recall_per_class(matrices[0], options);
  const std::vector<std::string> names =
      detail::class_labels(function, options.class_names, matrices[0].n_class());
  std::vector<std::string> labels;
  const std::vector<double> support = matrices[0].support();
  for (std::size_t c = 0; c < names.size(); ++c)
    labels.push_back(names[c] + " (" + value_text(support[c]) + ')');
  const std::vector<std::size_t> rows = shown_classes(matrices[0].recall(NaN));
  DotPlot plot(chosen(labels, rows),
               recall_look(options, "Recall of every class (rows)", names.size(), " in " + models[0].name));
  for (std::size_t i = 0; i < models.size(); ++i) {
    DotIntervals intervals;
    const std::vector<double> recall = matrices[i].recall(NaN);
    for (const std::size_t c : rows) {
      const ConfidenceInterval interval =
          support[c] > 0 ? wilson_interval(matrices[i](c, c), support[c]) : ConfidenceInterval{NaN, NaN};
      intervals.low.push_back(interval.low);
      intervals.high.push_back(interval.high);
      intervals.texts.push_back(percent_text(recall[c]));
    }
    plot.dots(models[i].name, chosen(recall, rows), std::move(intervals));
  }
  return plot;
}

BarChart plot_class_counts(const std::vector<std::size_t>& counts, const ClassCountPlotOptions& options) {
  return plot_class_counts({{"", counts}}, options);
}

BarChart plot_class_counts(const std::vector<NamedCounts>& sets, const ClassCountPlotOptions& options) {
  constexpr char function[] = "plot_class_counts";
  if (sets.empty()) throw Error(function, ": expected the counts of at least one data set");
  const std::size_t n_class = sets[0].counts.size();
  for (const NamedCounts& set : sets)
    if (set.counts.size() != n_class)
      throw Error(function, ": expected the counts of ", n_class, " classes in ", printable(set.name),
                  ", got ", set.counts.size());
  std::vector<std::string> labels = detail::class_labels(function, options.class_names, n_class);
  std::vector<std::size_t> rows(n_class);
  std::iota(rows.begin(), rows.end(), 0);
  const std::size_t left_out = n_class > most_rows ? n_class - most_rows : 0;
  if (left_out > 0) {
    const std::vector<std::size_t>& first = sets[0].counts;
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::size_t a, std::size_t b) { return first[a] > first[b]; });
    const auto begin = rows.begin() + most_rows / 2;
    rows.erase(begin, begin + static_cast<std::ptrdiff_t>(left_out));
  }
  labels = chosen(labels, rows);
  const auto gap = static_cast<std::ptrdiff_t>(most_rows / 2);
  if (left_out > 0) labels.insert(labels.begin() + gap, std::to_string(left_out) + " classes between");

  BarChartOptions look;
  look.title = given_or(options.title, "Rows of every class");
  look.x_label = "rows";
  look.x_scale = options.x_scale;
  look.width = options.width;
  BarChart chart(labels, look);
  for (const NamedCounts& set : sets) {
    const double total = std::accumulate(set.counts.begin(), set.counts.end(), 0.0);
    std::vector<double> values;
    std::vector<std::string> texts;
    for (const std::size_t c : rows) {
      values.push_back(static_cast<double>(set.counts[c]));
      texts.push_back(value_text(values.back()) +
                      (total > 0 ? " (" + percent_text(values.back() / total) + ')' : ""));
    }
    if (left_out > 0) {
      values.insert(values.begin() + gap, NaN);
      texts.insert(texts.begin() + gap, "");
    }
    chart.bars(set.name, std::move(values), std::move(texts));
  }
  return chart;
}

}  // namespace tenbin
