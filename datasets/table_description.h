// What is in a table, and what is suspicious about it: to be read before training.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin {

enum class ColumnKind : unsigned char {
  numeric,
  categorical,
  dates,     ///< a categorical column of ISO dates
  constant,  ///< a single value in all rows, or none at all
};

/// "numeric", "categorical", "dates" or "constant".
const char* to_string(ColumnKind kind);

struct ColumnDescription {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;
  bool is_label = false;
  std::size_t missing = 0;
  double missing_share = 0;  ///< of all rows
  std::size_t distinct = 0;  ///< different values, without missing ones
  /// Of the values of a numeric column that are not missing; otherwise NaN.
  double min = std::numeric_limits<double>::quiet_NaN();
  double median = std::numeric_limits<double>::quiet_NaN();
  double mean = std::numeric_limits<double>::quiet_NaN();
  double max = std::numeric_limits<double>::quiet_NaN();
  /// The most frequent categories, up to 10, and their counts; equally frequent ones in the table's order.
  std::vector<std::pair<std::string, std::size_t>> top;
};

enum class TableProblem : unsigned char {
  identifier,  ///< the column looks like a row number, a customer number, a key
  leak,        ///< the column alone gives the class
  constant,    ///< the column says nothing
};

struct TableWarning {
  TableProblem problem;
  std::string column;
  std::string text;          ///< `"id" looks like an identifier: ...; leave it out`
  std::string finding = {};  ///< the text without the advice
};

/// What `describe` returns. `std::cout << description` prints a report of 80 columns.
struct TableDescription {
  std::string source;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t duplicate_rows = 0;  ///< rows that are equal to an earlier one, label included
  std::vector<ColumnDescription> column;
  /// By class number; empty without a label. Rows whose label is missing are not counted.
  std::vector<std::string> classes;
  std::vector<std::size_t> class_counts;
  std::optional<std::size_t> positive;  ///< class 1, if there are two
  double imbalance_ratio = 1;  ///< samples of the largest class per sample of the smallest that occurs
  std::vector<TableWarning> warnings;
};

/// Counts, missing and distinct values, ranges and classes of a table, with warnings. (pandas: `describe`,
/// `info`.)
///
/// A warning is a guess, and says what to look at:
///
/// - identifier: texts that are no dates, of which 95% or more are different, of 20 values or more; whole
///   numbers that rise or fall from row to row in all of 20 values or more; or, of 100 values or more, whole
///   numbers that are all different. A time in seconds can look like that, too.
/// - leak: of two classes with 5 rows or more each, a numeric column whose ROC AUC is at least 0.999, in
///   either direction; a column of n values of which few, n / 10 or less, are different, where the guess of
///   each value's most frequent class has at most 1% of the errors that the guess of the most frequent class
///   has, 5 or more; or the same for whether the value is missing. A good feature of an easy task can look
///   like that, too: ask whether it is known at the time of the prediction.
/// - constant: one value only, and none missing; or all missing.
///
/// Takes O(D N log N) and, for each thread, 32 bytes per row.
///
///     std::cout << describe(load_csv("train.csv", {.label = "Class"}));
TableDescription describe(const Table& table);

std::ostream& operator<<(std::ostream& out, const TableDescription& description);

}  // namespace tenbin
