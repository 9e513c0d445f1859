// Charts by class: the confusion matrix, recall, and the number of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/plots/bar_chart.h"
#include "tenbin/plots/curves.h"
#include "tenbin/plots/dot_plot.h"
#include "tenbin/plots/heat_map.h"

namespace tenbin {

/// Options of plot_confusion_matrix and plot_recall_per_class.
struct ClassPlotOptions {
  std::string title = {};                         ///< empty: the chart's
  std::vector<std::string> class_names = {};      ///< by class; empty: their numbers
  std::optional<std::int64_t> ignore_label = {};  ///< as in ConfusionMatrix
  double width = 720;                             ///< of the image, in pixels
};

/// The confusion matrix: rows are the true classes, columns the predicted ones. A cell has the number of rows
/// and its share of the true class, which is its colour. (scikit-learn: `ConfusionMatrixDisplay` with
/// `normalize="true"`.)
///
/// Errors: the number of names is not that of the classes; more than 200 classes.
///
///     plot_confusion_matrix(t, logits, {.class_names = table.class_names()}).save("confusion.svg");
HeatMap plot_confusion_matrix(const ConfusionMatrix& matrix, const ClassPlotOptions& options = {});
/// The same of t: integer (N), and y: logits (N, C) or classes (N), as in ConfusionMatrix.
HeatMap plot_confusion_matrix(const Array& t, const Array& y, const ClassPlotOptions& options = {});

/// The recall of every class with its 95% interval of Wilson, and the counts behind it; the line is the
/// balanced accuracy. Of more than 60 classes, those of the lowest recall (of the first model) are shown.
/// Several models of the same rows are a dot each in every row, without counts.
///
/// Errors: the number of names is not that of the classes; several models of different classes; those of
/// ConfusionMatrix.
///
///     plot_recall_per_class(t, logits).save("recall.svg");
///     plot_recall_per_class(t, {{"plain", logits1}, {"SMOTE", logits2}}).save("recall.svg");
DotPlot plot_recall_per_class(const ConfusionMatrix& matrix, const ClassPlotOptions& options = {});
DotPlot plot_recall_per_class(const Array& t, const Array& y, const ClassPlotOptions& options = {});
DotPlot plot_recall_per_class(const Array& t, const std::vector<NamedScores>& models,
                              const ClassPlotOptions& options = {});

/// Options of plot_class_counts.
struct ClassCountPlotOptions {
  std::string title = {};                     ///< empty: "Rows of every class"
  std::vector<std::string> class_names = {};  ///< by class; empty: their numbers
  Scale x_scale = Scale::log;
  double width = 720;  ///< of the image, in pixels
};

/// The class counts of a data set, by its name.
struct NamedCounts {
  std::string name;
  std::vector<std::size_t> counts;
};

/// The number of rows of every class as bars on a logarithmic scale, so that rare classes are seen. Of more
/// than 60 classes, the 30 largest and the 30 smallest of the first data set.
///
/// counts: as from class_counts. Errors: the number of names or counts differ.
///
///     plot_class_counts(class_counts(t, n_class), {.class_names = names}).save("counts.svg");
///     plot_class_counts({{"train", counts1}, {"test", counts2}}).save("counts.svg");
BarChart plot_class_counts(const std::vector<std::size_t>& counts, const ClassCountPlotOptions& options = {});
BarChart plot_class_counts(const std::vector<NamedCounts>& sets, const ClassCountPlotOptions& options = {});

}  // namespace tenbin
