// Tables to comma-separated values.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tenbin/datasets/csv.h"

namespace tenbin {

struct CsvWriteOptions {
  char delimiter = ',';
  /// The list that `load_csv` will be given. A missing value is written as an empty field, or, if the list
  /// lacks the empty text, as its first text.
  std::vector<std::string> missing = default_missing();
};

/// Writes a table as CSV, so that `load_csv` reads it back. (pandas: `to_csv(index=False)`.)
///
/// Numbers have the fewest digits that give the same float64, or float32, again; `inf`, `-inf` and `-0` are
/// kept. Lines end with LF. Fields are quoted where they must be. The file is replaced in one step, and
/// written in pieces of a megabyte, `.csv` whatever its name, never compressed.
///
/// A CSV file has no types. `load_csv(path, csv_options_of(table))` gives an equal table: it says which
/// column is the label, in which order the classes are, and which columns are text though all their texts are
/// numbers. Not kept are categories of a feature that no row has and an order of categories other than
/// ascending, for which there is `Table::like`, classes that are spellings of one number, and a mixture of
/// float32 and float64 columns, all of which become float64.
///
/// Errors: those of OutputFile; no columns; a column without a name or with that of another, which `load_csv`
/// would rename; a NUL byte; a category or a number that `missing` lists, named with its row; a missing value
/// where `missing` is empty; a delimiter that `load_csv` refuses.
///
///     write_csv(table.rows(split.test), "test.csv");
///     const Table test = load_csv("test.csv", csv_options_of(table));
void write_csv(const Table& table, const std::string& path, const CsvWriteOptions& options = {});
/// The same to a stream, such as std::cout. Errors: also a stream that fails; what was written before stays.
void write_csv(const Table& table, std::ostream& out, const CsvWriteOptions& options = {});

/// The options by which `load_csv` reads back what `write_csv` has written of this table.
CsvOptions csv_options_of(const Table& table, const CsvWriteOptions& options = {});

namespace detail {

// The text as a field, in quotes where it needs them.
std::string csv_field(const std::string& text, char delimiter = ',');

}  // namespace detail

}  // namespace tenbin
