// What the commands share: reading tables, options that several have, messages.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenbin/datasets/csv.h"
#include "tenbin/datasets/table_description.h"
#include "tenbin/preprocessing/auto_pipeline.h"
#include "tenbin/preprocessing/table_pipeline.h"
#include "tenbin/tools/commands.h"

namespace tenbin::tools {

/// Errors: options that have no such meaning.
CsvOptions csv_options(const std::string& path, const DataOptions& options);

/// Reads a CSV file, or an ARFF file by its extension. Without a label in the options the table has none.
Table load_table(const std::string& path, const DataOptions& options);

/// Why a label cannot be used: it has no values or one class, or it is a quantity. Empty: it can.
std::string label_problem(const Table& table, bool many_classes);

/// The same with a label: that of the options, or the last column, with a note on standard error. Errors: a
/// label with a `label_problem`.
Table load_labelled(const std::string& path, const DataOptions& options);

/// The parts of a text between commas.
std::vector<std::string> split(const std::string& text);

/// The names that an option gives: each value is a column, or several, separated by commas.
std::vector<std::string> column_names(const std::vector<std::string>& values, const Table& table);

/// Decides what happens to the columns, with notes on standard error.
AutoPipeline prepare(const Table& table, const TableDescription& description, const ColumnOptions& options);

/// The description without warnings about columns that were left out.
TableDescription without_left_out(TableDescription description, const std::vector<ColumnNote>& notes);

/// What a later command needs to read the file in the same way: " --delimiter ';' --drop a", or nothing. The
/// label and the positive class are not in it.
std::string arguments(const DataOptions& data, const ColumnOptions& columns);

/// A text as a shell reads it: in quotes where it needs them.
bool has_column(const Table& table, const std::string& name);

/// How the user calls this program: TENBIN_COMMAND, which scripts/tenbin.sh sets, or `tenbin`.
std::string command_name();

std::string shell_word(const std::string& text);

TransformOptions transform_options(const ToleranceOptions& options);

/// Prints warnings on standard error.
void print(const std::vector<TransformWarning>& warnings);

/// Ends with ".arff" or ".arff.gz".
bool is_arff(const std::string& path);

bool ends_with(const std::string& text, const std::string& end);

/// Errors: a file of that name cannot be written. Nothing is changed.
void require_writable(const std::string& path);

}  // namespace tenbin::tools
