// auto_pipeline: a pipeline chosen from what `describe` finds in each column.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tenbin/datasets/table_description.h"
#include "tenbin/preprocessing/table_pipeline.h"

namespace tenbin {

struct AutoPipelineOptions {
  std::vector<std::string> drop = {};  ///< columns to leave out
  std::vector<std::string> keep = {};  ///< columns that are features whatever `describe` says
  /// Columns of dates and their parts; no parts: the default.
  std::map<std::string, std::vector<DatePart>> dates = {};
  /// Of those columns in `dates` that are not in ISO 8601: see TablePipeline::dates.
  std::string date_format = {};
  std::size_t most_categories = 100;  ///< a categorical column with more is left out
};

/// A decision of `auto_pipeline`, or a doubt.
struct ColumnNote {
  enum class Kind : unsigned char {
    left_out,
    dates,  ///< became parts of dates
    doubt,  ///< it stays, but is a possible leak
  };

  std::string column;
  Kind kind;
  std::string text;  ///< `"id" looks like an identifier: ...`
};

struct AutoPipeline {
  TablePipeline pipeline;         ///< not fitted
  std::vector<ColumnNote> notes;  ///< in the order of the columns

  /// The texts of the notes about columns that are left out.
  std::vector<std::string> left_out() const;
};

/// The steps that suit the columns of a table, and why:
///
/// - identifiers, constant columns, columns without values and texts of more than `most_categories` different
///   values are left out;
/// - dates become their weekday and, if there are times of day, their hour;
/// - missing numbers become the mean, categories are encoded one-hot, numbers are standardised.
///
/// The decisions are made on all rows of the table, without their labels; the steps are fitted later, by
/// `TablePipeline::fit`. Labels are used for the notes of kind `doubt` alone, which change nothing. Show the
/// notes to the user: each is a guess. Errors: a column in the options that does not exist, or is the
/// label; nothing is left.
///
///     AutoPipeline automatic = auto_pipeline(table, {.keep = {"age"}});
///     for (const ColumnNote& note : automatic.notes) std::cerr << note.text << '\n';
///     automatic.pipeline.fit(table, split.train);
AutoPipeline auto_pipeline(const Table& table, const AutoPipelineOptions& options = {});
/// The same where the table has been described already.
AutoPipeline auto_pipeline(const Table& table, const TableDescription& description,
                           const AutoPipelineOptions& options = {});

}  // namespace tenbin
