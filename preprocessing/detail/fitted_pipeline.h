// What TablePipeline::fit found: for each column of a table, how its values become features.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tenbin/preprocessing/table_pipeline.h"

namespace tenbin::detail {

// The rows of a table that are fitted or transformed.
class RowSet {
 public:
  RowSet(const char* function, const Table& table, const std::vector<std::size_t>* rows);

  std::size_t size() const { return rows_ == nullptr ? all_ : rows_->size(); }
  std::size_t operator[](std::size_t i) const { return rows_ == nullptr ? i : (*rows_)[i]; }
  bool are_all() const { return rows_ == nullptr; }

 private:
  const std::vector<std::size_t>* rows_;
  std::size_t all_;
};

// A number to its feature.
struct NumberMap {
  std::string name;
  std::optional<double> fill;  // for a missing value
  bool indicator = false;
  bool log1p = false;
  double center = 0;
  double scale = 1;
  std::vector<double> quantiles = {};  // instead of center and scale, unless empty
  bool normal = false;

  std::size_t width() const { return indicator ? 2 : 1; }
  bool accepts(double value) const;  // whether it is finite and, if needed, has a logarithm
  double operator()(double value) const;
};

// A category to its feature.
struct CategoryMap {
  Column fitted;                         // without rows
  std::vector<std::int32_t> feature_of;  // by category
  std::int32_t missing_at = -1;          // -1: no fitted row was missing
  std::int32_t infrequent_at = -1;       // -1: there is none
  bool one_hot = true;
  UnknownCategory unknown = UnknownCategory::other;

  std::size_t choices() const;
  std::size_t width() const { return one_hot ? choices() : 1; }
  // Of an unknown category; -1: none.
  std::int32_t unknown_at() const;
};

struct DateMap {
  std::string format;
  std::vector<DatePart> parts;
  std::vector<NumberMap> numbers;  // of each part
};

struct FittedColumn {
  std::string name;
  std::variant<NumberMap, CategoryMap, DateMap> map;

  std::size_t width() const;
};

struct FittedPipeline {
  std::string source;           // of the fitted table
  std::optional<Column> label;  // without rows
  std::vector<FittedColumn> columns;
  std::vector<std::string> ignored;  // columns of the fitted table that are no features
  std::vector<std::string> feature_names = {};

  void name_features();
};

// A category column without rows.
Column without_rows(const Column& column);

// The values of a numeric column as float64; NaN where they are missing.
Array numbers_of(const Column& column);

// The parsed dates of a column.
class DateColumn {
 public:
  DateColumn(const Column& column, const std::string& format);

  bool is_missing(std::size_t row) const;
  bool is_valid(std::size_t row) const;
  std::string text(std::size_t row) const;
  // float64 (rows of the table); NaN where the date is missing or not valid.
  Array part(DatePart part) const;

 private:
  struct Parsed;
  const Parsed* at(std::size_t row) const;

  const Column* column_;
  Array numbers_;
  std::shared_ptr<const std::vector<Parsed>> parsed_;  // by category, or by row of a numeric column
};

NamedArrays save(const FittedPipeline& fitted);
// Errors: those of StateReader; contents that `fit` cannot have made.
FittedPipeline read_pipeline(StateReader& reader);

}  // namespace tenbin::detail
