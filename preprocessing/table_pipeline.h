// From a table to the input of a network: what happens to each column, fitted on training rows, saved, and
// applied to tables of other files.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/datasets/sparse_dataset.h"
#include "tenbin/datasets/table.h"

namespace tenbin {

class StateReader;

class TablePipeline;

namespace detail {
struct FittedPipeline;
// What `fit` found, for the export to other formats. Errors: the pipeline is not fitted.
const FittedPipeline& fitted_pipeline(const TablePipeline& pipeline);
}  // namespace detail

/// What `TablePipeline::dates` makes of a date.
enum class DatePart : unsigned char {
  year,
  month,        ///< 1 to 12
  day,          ///< 1 to 31
  weekday,      ///< Monday = 0, as in pandas
  hour,         ///< 0 to 23; 0 for a date without time
  minute,       ///< 0 to 59
  day_of_year,  ///< 1 to 366
  is_weekend,   ///< 1 on Saturday and Sunday
  timestamp,    ///< seconds since 1970-01-01 00:00 UTC; scale it, float32 holds few of its digits
};

struct DatesOptions {
  /// Empty: ISO 8601. Otherwise as in strptime: `%d.%m.%Y`.
  std::string format = {};
};

enum class ImputeStrategy : unsigned char { median, mean, constant };

/// Options of a step. `columns`: the names, or empty for all columns of the suitable type.
struct ImputeOptions {
  std::vector<std::string> columns = {};
  ImputeStrategy strategy = ImputeStrategy::median;
  double fill_value = 0;   ///< for ImputeStrategy::constant
  bool indicator = false;  ///< a column of 0 and 1, "age_missing", where the fitted rows have missing values
};

enum class Scaling : unsigned char {
  standard,  ///< mean 0 and standard deviation 1
  min_max,   ///< the fitted rows fill [0, 1]
  quantile,  ///< the fitted rows have the distribution `output`
};

enum class QuantileOutput : unsigned char {
  uniform,  ///< on [0, 1]
  normal,   ///< mean 0 and standard deviation 1, cut at 5.2
};

struct ScaleOptions {
  std::vector<std::string> columns = {};
  Scaling scaling = Scaling::standard;
  QuantileOutput output = QuantileOutput::uniform;  ///< for Scaling::quantile
  std::size_t n_quantiles = 1000;                   ///< for Scaling::quantile; at most one per fitted row
};

/// What becomes of a category that the fitted rows do not have, and of a missing one if they have none.
enum class UnknownCategory : unsigned char {
  error,   ///< an Error that names the row
  ignore,  ///< one-hot: all zeros; ordinal: -1
  /// The infrequent category if there is one, otherwise the missing one if there is one, otherwise as
  /// `ignore`.
  other,
};

struct EncodeOptions {
  std::vector<std::string> columns = {};
  /// Categories with fewer fitted rows become one category, "infrequent". From 1 on: a count of rows; below
  /// 1: a share of the fitted rows.
  double min_frequency = 0;
  UnknownCategory unknown = UnknownCategory::other;
};

/// How `TablePipeline::transform` treats what the fitted rows did not have.
struct TransformOptions {
  Unknown missing_columns = Unknown::error;  ///< `missing`: as a column of missing values
  /// Text in a numeric column; a number that is infinite, or of which log1p does not exist.
  Unknown unreadable = Unknown::error;
  Unknown invalid_dates = Unknown::error;  ///< text that is not a date
};

/// Something in a table that `TablePipeline::transform` tolerated.
struct TransformWarning {
  enum class Kind : unsigned char {
    extra_column,      ///< ignored
    missing_column,    ///< taken for missing values
    unseen_category,   ///< treated as UnknownCategory says
    unreadable_value,  ///< taken for missing values
    invalid_date,      ///< taken for missing values
  };

  std::string column;
  Kind kind;
  std::string value;      ///< the first; empty for a missing value and for the kinds of columns
  std::size_t row = 0;    ///< of the first, in the table
  std::size_t count = 0;  ///< the number of values; of rows for the kinds of columns
  std::string text;       ///< all of this in a sentence, which starts with the table's source
};

/// The result of `TablePipeline::transform`.
struct Transformed {
  Array x;  ///< float32(N, D), finite
  Array t;  ///< int32(N); empty if the table has no labels
  std::vector<TransformWarning> warnings = {};

  /// Errors: there are no labels.
  // NOLINTNEXTLINE(google-explicit-constructor): as a Table, which is a Dataset, too.
  operator Dataset() const;
};

/// The result of `TablePipeline::transform_sparse`.
struct SparseTransformed {
  CsrMatrix x;  ///< float32(N, D), finite; zeros are not stored
  Array t;      ///< int32(N); empty if the table has no labels
  std::vector<TransformWarning> warnings = {};

  /// Errors: there are no labels.
  // NOLINTNEXTLINE(google-explicit-constructor): as Transformed.
  operator SparseDataset() const;
};

/// The features [begin, end).
struct FeatureRange {
  std::size_t begin;
  std::size_t end;
};

/// What is done to the columns of a table before they are the input of a network, fitted on some rows and
/// applied to any. (scikit-learn: `ColumnTransformer` of `Pipeline`s.)
///
/// The steps have a fixed order, whatever the order of the calls:
/// 1. `drop`; the label is not a feature either.
/// 2. `dates`: a column of dates becomes numeric columns, its parts.
/// 3. Numeric columns: `impute`, `log1p`, `scale`.
/// 4. Categorical columns: `one_hot` or `ordinal`, one of which is needed. A missing value is a category of
///    its own, the last; rare categories are merged.
///
/// A step without `columns` is for all columns of the suitable type: numeric ones and parts of dates (named
/// "when_hour") for `impute`, `log1p` and `scale`, categorical ones for `one_hot` and `ordinal`, which make
/// a numeric column categorical if they name it. A call that names a column goes before one that does not;
/// of two such calls the later one counts.
///
/// Features are in the order of the fitted table's columns; see `feature_names`.
///
///     TablePipeline prep = TablePipeline().drop({"id"}).dates("when",
///     {DatePart::hour}).impute().one_hot().scale(); prep.fit(table, split.train); const Dataset train =
///     prep.transform(table, split.train); save_npz("prep.npz", prep); const Transformed tomorrow =
///     TablePipeline::load("prep.npz").transform(load_csv("tomorrow.csv"));
class TablePipeline {
 public:
  TablePipeline& drop(const std::vector<std::string>& columns);
  /// Without a format, dates are `2026-11-29`, optionally followed by a blank or `T` and a time, `14:03` or
  /// `14:03:59.25`, and `Z` or an offset `+01:00`. A format consists of %Y (4 digits), %y (69 to 99 are
  /// 19xx), %m %d %H %M %S (1 or 2 digits), %z (Z or an offset), %% and other characters. Parts are those of
  /// the text; the offset counts for the timestamp only, and without one the time is UTC. Fractions of
  /// seconds are dropped. The calendar is Gregorian for all years, 1 to 9999. A numeric column is read by its
  /// digits. Errors: no parts, a part twice; a format without year, month or day, or with another directive.
  TablePipeline& dates(const std::string& column, const std::vector<DatePart>& parts,
                       const DatesOptions& options = {});
  /// Missing numbers become the median, the mean or a constant. It covers columns that are complete in the
  /// fitted rows, too. As in scikit-learn, a column without any value in the fitted rows is dropped, unless
  /// the strategy is `constant`. Errors: a fill value that is not finite.
  TablePipeline& impute(const ImputeOptions& options = {});
  /// log(1 + x). Errors in `fit`: x <= -1.
  TablePipeline& log1p(const std::vector<std::string>& columns = {});
  /// One column of 0 and 1 per category, named "country_DE", in the order of `Table`; then "country_missing"
  /// and "country_infrequent". Errors: a min_frequency that is negative or not finite. Errors in `fit`: more
  /// than 10000 columns.
  TablePipeline& one_hot(const EncodeOptions& options = {});
  /// The number of the category among the same columns: for EmbedID. Not scaled.
  TablePipeline& ordinal(const EncodeOptions& options = {});
  /// (x - a) / b: a and b are mean and standard deviation, or minimum and range. Constant columns are divided
  /// by 1, as in scikit-learn. `quantile`: scikit-learn's QuantileTransformer, on all rows (scikit-learn
  /// draws 10,000). Errors: no quantiles.
  TablePipeline& scale(const ScaleOptions& options = {});

  /// Fits on the rows at `rows` only, or on all. No other row matters, except that the classes are those of
  /// the table, and a column is text if any row is. Errors, after which the pipeline is as before: a column
  /// that a step names and the table does not have, or that is of the wrong type; no rows; missing numbers
  /// without `impute`; categories without `one_hot` or `ordinal`; infinite numbers; invalid dates; a column
  /// that is text because of a few odd values, see Categories::codes; two columns of one name.
  TablePipeline& fit(const Table& table);
  TablePipeline& fit(const Table& table, const std::vector<std::size_t>& rows);

  /// The rows of a table, which may have other columns in another order: columns are found by name. Numbers
  /// become categories and texts numbers as in Table::like. Columns that were not in the fitted table are
  /// ignored, with a warning; so is an unseen category, unless `unknown` says otherwise. If the table has a
  /// column with the name of the label, not all of whose values are missing, the classes are found by name.
  /// Errors: what `options` does not allow; a missing number that `impute` does not cover; a class that was
  /// not fitted, or a label that is missing in some rows; a result beyond float32; the pipeline is not
  /// fitted. May be called by several threads.
  Transformed transform(const Table& table, const TransformOptions& options = {}) const;
  Transformed transform(const Table& table, const std::vector<std::size_t>& rows,
                        const TransformOptions& options = {}) const;
  /// The same as sparse rows, without the dense ones: for one-hot features of many categories. The values and
  /// errors are those of `transform`. Scale numbers by `min_max` or leave them: with the mean subtracted, few
  /// are 0, and they are stored.
  ///
  ///     const SparseDataset train = prep.transform_sparse(table, split.train);
  SparseTransformed transform_sparse(const Table& table, const TransformOptions& options = {}) const;
  SparseTransformed transform_sparse(const Table& table, const std::vector<std::size_t>& rows,
                                     const TransformOptions& options = {}) const;

  /// D. As all of these, an Error before `fit`.
  std::size_t n_features() const;
  /// "age", "age_missing", "when_hour", "country_DE". A name that is taken gets "_" appended.
  const std::vector<std::string>& feature_names() const;
  /// The features of each one-hot encoded column, in their order.
  std::vector<FeatureRange> one_hot_features() const;
  /// Empty if the fitted table has no label.
  const std::vector<std::string>& classes() const;
  const std::string& label_name() const;
  /// The columns that `transform` needs.
  std::vector<std::string> input_columns() const;

  /// What `fit` found. A loaded pipeline transforms with the same bits, without the table; it has no steps
  /// and cannot be fitted again, unless it was loaded by `load_npz` into one that has.
  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);
  static TablePipeline load(const std::string& path);

 private:
  struct Dates {
    std::string column;
    std::vector<DatePart> parts;
    std::string format;
  };
  struct Log1p {
    std::vector<std::string> columns;
  };
  struct Encode {
    std::vector<std::string> columns;
    EncodeOptions options;
    bool one_hot;
  };
  friend class FitPipeline;
  friend const detail::FittedPipeline& detail::fitted_pipeline(const TablePipeline& pipeline);

  const detail::FittedPipeline& fitted(const char* call) const;
  TablePipeline& fit_rows(const Table& table, const std::vector<std::size_t>* rows);
  template <class Result>
  Result transform_rows(const char* call, const Table& table, const std::vector<std::size_t>* rows,
                        const TransformOptions& options) const;

  std::vector<std::string> dropped_;
  std::vector<Dates> dates_;
  std::vector<ImputeOptions> imputes_;
  std::vector<Log1p> log1ps_;
  std::vector<Encode> encodes_;
  std::vector<ScaleOptions> scales_;
  bool has_steps_ = true;  // false: loaded from a file
  std::shared_ptr<const detail::FittedPipeline> fitted_;
};

}  // namespace tenbin
