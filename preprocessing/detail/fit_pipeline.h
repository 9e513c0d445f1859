// TablePipeline::fit: from the steps and the fitted rows to what is done to each column.
#pragma once

#include <string>
#include <vector>

#include "tenbin/preprocessing/detail/fitted_pipeline.h"

namespace tenbin {

class FitPipeline {
 public:
  FitPipeline(const TablePipeline& steps, const Table& table, const detail::RowSet& rows)
      : steps_(steps), table_(table), rows_(rows) {}

  // Errors: those of TablePipeline::fit.
  detail::FittedPipeline run() const;

 private:
  bool is_label(const Column& column) const;
  bool is_encoded(const Column& column) const;
  const TablePipeline::Dates* dates_of(const std::string& name) const;

  void check_names() const;
  void check_step(const char* step, const std::vector<std::string>& names,
                  const std::vector<std::string>& suitable, const char* type) const;
  std::optional<detail::FittedColumn> fit(const Column& column) const;
  detail::DateMap fit_dates(const Column& column, const TablePipeline::Dates& dates) const;
  // nullopt: no fitted row has a value.
  std::optional<detail::NumberMap> fit_numbers(const std::string& name, const Array& values) const;
  detail::CategoryMap fit_categories(const Column& column) const;
  Column categories_of_numbers(const Column& column) const;

  const TablePipeline& steps_;
  const Table& table_;
  const detail::RowSet& rows_;
};

}  // namespace tenbin
