// TablePipeline::transform: the features and labels of some rows of a table.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tenbin/preprocessing/detail/fitted_pipeline.h"

namespace tenbin::detail {

class TransformTable {
 public:
  TransformTable(const FittedPipeline& fitted, const Table& table, const RowSet& rows,
                 const TransformOptions& options);

  // Errors: those of TablePipeline::transform. One of them is called, once.
  void run(Transformed& result) { run_into(result); }
  void run(SparseTransformed& result) { run_into(result); }

 private:
  // A column of the result, or some, with what they are computed from.
  struct Prepared {
    const NumberMap* number = nullptr;
    Array values = {};  // float64, of all rows of the table
    const CategoryMap* category = nullptr;
    std::vector<std::int32_t> slots = {};  // of the transformed rows: the feature, -1 for none
    std::size_t at = 0;                    // the first column of the result
  };

  // nullptr: the table does not have the column.
  const Column* find(const std::string& name) const;
  Column like(const Column& column, const Column& fitted, bool is_label) const;

  void find_extra_columns();
  void prepare(const FittedColumn& column);
  void prepare_number(const NumberMap& map, const Column* column, const std::string& name);
  void prepare_category(const CategoryMap& map, const Column* column);
  void prepare_dates(const DateMap& map, const Column* column, const std::string& name);
  void add_number(const NumberMap& map, Array values, const std::string& column);
  Array labels() const;
  // Calls `begin_block(block, rows)` for every block of rows, and `put(block, row in the block, feature,
  // value)` for every feature but the zeros of one-hot codes, those of a row in ascending order. Several
  // blocks at once.
  template <class BeginBlock, class Put>
  void write_features(BeginBlock begin_block, Put put) const;
  void features(Array& x) const;
  void features(CsrMatrix& x) const;
  template <class Result>
  void run_into(Result& result) {
    find_extra_columns();
    for (const FittedColumn& column : fitted_.columns) prepare(column);
    features(result.x);
    result.t = labels();
    result.warnings = std::move(warnings_);
  }

  void warn(TransformWarning::Kind kind, const std::string& column, const std::string& value, std::size_t row,
            std::size_t count);
  template <class... Parts>
  [[noreturn]] void fail(const std::string& column, const Parts&... what) const;

  const FittedPipeline& fitted_;
  const Table& table_;
  const RowSet& rows_;
  const TransformOptions& options_;
  std::unordered_map<std::string, const Column*> columns_;  // nullptr: more than one has that name
  std::vector<Prepared> prepared_;
  std::size_t width_ = 0;
  std::vector<TransformWarning> warnings_;
};

}  // namespace tenbin::detail
