// Tables from comma-separated values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin {

/// The texts that stand for a missing value in `load_csv`: pandas' list, `?`, and those in `more`.
///
///     Table table = load_csv("data.csv", {.missing = default_missing({"unknown", "-999"})});
std::vector<std::string> default_missing(const std::vector<std::string>& more = {});

enum class ColumnType : unsigned char { numeric, categorical };

struct CsvOptions {
  /// The column of the classes, which becomes categorical: its name, or, if no column has that name, its
  /// place from 0; "-1" is the last. Empty: there is none.
  std::string label = {};
  std::string positive = {};              ///< of two classes, the one that becomes class 1: "fraud"
  std::vector<std::string> classes = {};  ///< the classes in the order of their numbers, all that occur
  char delimiter = ',';
  bool header = true;  ///< whether the first record has the names; otherwise they are "0", "1", ...
  std::vector<std::string> names = {};  ///< take the place of those in the file
  /// What stands for a missing value, quoted or not; a field counts as a whole, blanks included.
  /// What is given here takes the place of the default; `default_missing({"unknown"})` adds to it.
  std::vector<std::string> missing = default_missing();
  /// Types of columns by name. The others are numeric if all their values are numbers.
  std::vector<std::pair<std::string, ColumnType>> types = {};
  Dtype dtype = Dtype::float64;     ///< of numeric columns: float64 or float32, rounded once more
  bool skip_initial_space = false;  ///< blanks after a delimiter are not part of the field
  /// Fields are separated by one or more blanks or tabs rather than by `delimiter`; those at the ends of a
  /// line separate nothing (pandas: `sep=r"\s+"`). `delimiter = ' '` with `skip_initial_space` means the
  /// same.
  bool whitespace = false;
  char decimal = '.';     ///< the decimal mark: ',' for 1234,5
  char thousands = '\0';  ///< may separate groups of digits: ',' for 1,234.5, which has to be quoted there
  char comment = '\0';    ///< starts a comment, up to the end of the line, where it is not quoted: '#'
  std::size_t max_columns = 100000;
};

/// Reads a CSV file as RFC 4180 describes it, plain or compressed with gzip, whatever its name. (pandas:
/// `read_csv`.)
///
/// A field that starts with a quote ends with one, may hold delimiters and line ends, and quotes as two.
/// Lines end with LF or CRLF; a byte order mark and lines that are blank are skipped. Text is UTF-8, which is
/// not checked. Numbers are decimal, rounded to the nearest float64, in any locale; `inf` and what is too
/// large are infinite. Categories are in ascending order, of their values if all are numbers. So are classes,
/// and `1`, `+1`, `01`, `1.0` and `1e0` are one, named `1`; but of two classes that are texts the rarer is
/// class 1, of equally frequent ones the greater: `positive` or `classes` say which, where it matters, and
/// `class_count_table(table)` shows it. Empty names
/// become `Unnamed: 3` and a second `x` becomes `x.1`, as in pandas; other than there, records of unequal
/// lengths, text behind a closing quote and carriage returns between fields are errors.
///
/// The file is read twice, first for its rows, so that beside the result only some megabytes are needed; a
/// third time if text turns up late in a column of numbers. Errors: `data.csv:17:4: what` with line and
/// character, counted from 1; a file without records; a record beyond 256 MiB; names, types, a label or a
/// class that is not there; a file of another format, named.
///
///     Table table = load_csv("fraud.csv", {.label = "Class", .positive = "fraud"});
///     Dataset all = table;
Table load_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace tenbin
