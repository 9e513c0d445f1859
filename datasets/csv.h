// Tables from comma-separated values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin {

/// The texts that stand for a missing value in `load_csv`: pandas' list, `?`, and the texts in `more`.
///
///     Table table = load_csv("data.csv", {.missing = default_missing({"unknown", "-999"})});
std::vector<std::string> default_missing(const std::vector<std::string>& more = {});

enum class ColumnType : unsigned char { numeric, categorical };

struct CsvOptions {
  /// The label: the name of its column, or, if no column has that name, its index from 0; "-1" is the last.
  /// The column becomes categorical. Empty: no label.
  std::string label = {};
  std::string positive = {};              ///< the name of the class that becomes class 1 of two: "fraud"
  std::vector<std::string> classes = {};  ///< all classes of the label, in the order of their numbers
  char delimiter = ',';
  bool header = true;  ///< whether the first record has the column names; otherwise they are "0", "1", ...
  std::vector<std::string> names = {};  ///< column names that replace those of the file
  /// Texts that stand for a missing value, quoted or not; the whole field, blanks included, must be equal. A
  /// list given here replaces the default; `default_missing({"unknown"})` extends it.
  std::vector<std::string> missing = default_missing();
  /// Types of columns by name. Other columns are numeric if all their values are numbers.
  std::vector<std::pair<std::string, ColumnType>> types = {};
  Dtype dtype = Dtype::float64;     ///< of numeric columns: float64 or float32 (rounded from float64)
  bool skip_initial_space = false;  ///< drop blanks after a delimiter
  /// Fields are separated by one or more blanks or tabs rather than by `delimiter`; blanks at the ends of a
  /// line separate nothing (pandas: `sep=r"\s+"`). `delimiter = ' '` with `skip_initial_space` means the
  /// same.
  bool whitespace = false;
  char decimal = '.';     ///< the decimal point of the file: ',' for 1234,5
  char thousands = '\0';  ///< optional digit group separator: ',' for 1,234.5, which must be quoted if ',' is
                          ///< also the delimiter
  char comment = '\0';    ///< starts a comment up to the end of the line, unless quoted: '#'
  std::size_t max_columns = 100000;
};

/// Reads a CSV file as RFC 4180 describes it, plain or compressed with gzip, whatever its name. (pandas:
/// `read_csv`.)
///
/// A field that starts with a quote ends with one; inside, it may hold delimiters and line ends, and two
/// quotes stand for one. Lines end with LF or CRLF; a byte order mark and blank lines are skipped. Text is
/// UTF-8, which is not checked. Numbers are decimal, rounded to the nearest float64, in any locale; `inf` and
/// numbers that are too large are infinite. Categories are in ascending order, by value if all are numbers.
/// So are classes, and `1`, `+1`, `01`, `1.0` and `1e0` are one class, named `1`. But if the classes are two
/// texts, the rarer is class 1, and of equally frequent ones the greater: choose by `positive` or `classes`
/// where it matters; `class_count_table(table)` shows the result. As in pandas, empty column names become
/// `Unnamed: 3` and a second `x` becomes `x.1`; unlike in pandas, records of unequal lengths, text after a
/// closing quote and carriage returns between fields are errors.
///
/// The file is read twice, first to count its rows, so that beside the result only some megabytes are needed;
/// a third time if text turns up late in a column of numbers. Errors, as `data.csv:17:4: what` with line and
/// character, counted from 1; a file without records; a record longer than 256 MiB; names, types, a label or
/// a class that do not exist; a file of another format, named.
///
///     Table table = load_csv("fraud.csv", {.label = "Class", .positive = "fraud"});
///     Dataset all = table;
Table load_csv(const std::string& path, const CsvOptions& options = {});

/// The names of the columns, as `load_csv` gives them, in the order of the file. Fields are not parsed.
/// Errors: those of `load_csv` about the file and its first record.
///
///     const std::vector<std::string> names = csv_column_names("fraud.csv");
std::vector<std::string> csv_column_names(const std::string& path, const CsvOptions& options = {});

/// The delimiter that a file seems to have: of `,`, `;`, tab and `|` the one that is most frequent in its
/// first line, outside quotes; `,` if there is none of them. (Python: `csv.Sniffer`.) Errors: those of
/// `load_csv` about the file.
///
///     load_csv(path, {.label = "class", .delimiter = guess_delimiter(path)});
char guess_delimiter(const std::string& path);

}  // namespace tenbin
