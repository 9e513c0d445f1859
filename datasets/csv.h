// Tables from comma-separated values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin {

enum class ColumnType : unsigned char { numeric, categorical };

struct CsvOptions {
  /// The column of the classes, which becomes categorical: its name, or, if no column has that name, its
  /// place from 0; "-1" is the last. Empty: there is none.
  std::string label = {};
  char delimiter = ',';
  bool header = true;  ///< whether the first record has the names; otherwise they are "0", "1", ...
  std::vector<std::string> names = {};  ///< take the place of those in the file
  /// What stands for a missing value, quoted or not; a field counts as a whole, blanks included.
  std::vector<std::string> missing = {"", "?", "N/A", "NA", "NULL", "NaN", "nan", "null"};
  /// Types of columns by name. The others are numeric if all their values are numbers.
  std::vector<std::pair<std::string, ColumnType>> types = {};
  Dtype dtype = Dtype::float64;     ///< of numeric columns: float64 or float32, rounded once more
  bool skip_initial_space = false;  ///< blanks after a delimiter are not part of the field
  std::size_t max_columns = 100000;
};

/// Reads a CSV file as RFC 4180 describes it, plain or compressed with gzip, whatever its name. (pandas:
/// `read_csv`.)
///
/// A field that starts with a quote ends with one, may hold delimiters and line ends, and quotes as two.
/// Lines end with LF or CRLF; a byte order mark and lines that are blank are skipped. Text is UTF-8, which is
/// not checked. Numbers are decimal, rounded to the nearest float64, in any locale; `inf` and what is too
/// large are infinite. Categories are in ascending order, of their values if all are numbers. Empty names
/// become `Unnamed: 3` and a second `x` becomes `x.1`, as in pandas; other than there, records of unequal
/// lengths, text behind a closing quote and carriage returns between fields are errors.
///
/// The file is read twice, first for its rows, so that beside the result only some megabytes are needed; a
/// third time if text turns up late in a column of numbers. Errors: `data.csv:17:4: what` with line and
/// character, counted from 1; a file without records; a record beyond 256 MiB; names, types or a label that
/// no column has.
///
///     Table table = load_csv("shuttle.csv", {.label = "Class"});
///     Dataset all = table;
Table load_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace tenbin
