// Splits by time: train on the past, test on what came after it.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/split.h"
#include "tenbin/datasets/table.h"

namespace tenbin {

struct TimeSplitOptions {
  double valid = 0.2;  ///< the share of the validation set; 0: none
  double test = 0.2;   ///< the share of the test set
  /// Whether it is an error if a class of the table's label is missing from a set.
  bool require_classes = true;
  /// Whether texts that are no ISO dates are accepted and compared by their bytes.
  bool any_text = false;
};

/// The last rows by time are the test set, those before them the validation set, the earliest the training
/// set. Nothing is shuffled: there is no seed. What a model learns of the past must hold in the future, which
/// a random split does not test.
///
/// time: a numeric column, or a categorical one of ISO dates, "2026-11-29", "2026/11/29" or
/// "2026-11-29 10:15:00", whose order is that of their bytes. The rows need not be sorted. The test set has
/// options.test * N rows, rounded up, and the two sets at the end (options.valid + options.test) * N; but
/// rows of the same time are on one side, so that each border moves to the nearest change of time, or to the
/// earlier of two. The indices on each side are ascending. Rows whose label is missing count as rows of no
/// class.
///
/// Errors: no such column; a missing time, named with its row; texts that are no dates ("29.11.2026", whose
/// order is not that of time), or dates of several formats or time zones; fewer different times than sides;
/// shares outside (0, 1); a class without rows in a set, named.
///
///     const ThreeWaySplit split = time_ordered_split(table, "when", {.valid = 0.1, .test = 0.2});
///     const Table train = table.rows(split.train);
ThreeWaySplit time_ordered_split(const Table& table, const std::string& time,
                                 const TimeSplitOptions& options);
/// Training and test set only.
///
///     const Split split = time_ordered_split(table, "when", 0.2);
Split time_ordered_split(const Table& table, const std::string& time, double test_fraction);
/// The same for a column alone: no classes are checked.
ThreeWaySplit time_ordered_split(const Column& time, const TimeSplitOptions& options);

/// Cross-validation by time: split i trains on the first i + 1 of n_splits + 1 parts, and tests on the next.
/// (scikit-learn: `TimeSeriesSplit`.)
///
/// Parts have N / (n_splits + 1) rows, rounded down, the first also the rest; borders move as in
/// `time_ordered_split`, the later ones first. Texts must be ISO dates. Errors: fewer than 2 folds; those of
/// `time_ordered_split`, but for classes, which are not checked.
///
///     for (const Split& split : time_series_k_fold(table["when"], 5)) ...
std::vector<Split> time_series_k_fold(const Column& time, std::size_t n_splits);

}  // namespace tenbin
