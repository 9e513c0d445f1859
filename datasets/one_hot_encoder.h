// Categories as columns of 0 and 1.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

enum class HandleUnknown {
  error,  ///< a category that the training rows do not have is an error
  ignore  ///< it becomes a row of zeros
};

/// Alone in OneHotEncoderOptions::columns: all columns.
inline constexpr std::size_t all_columns = std::numeric_limits<std::size_t>::max();

struct OneHotEncoderOptions {
  /// The columns that hold categories: all if not given, none if empty. The others stay as they are.
  std::vector<std::size_t> columns = {all_columns};
  HandleUnknown handle_unknown = HandleUnknown::error;
};

/// Puts one column for each category of the training rows in the place of a categorical column, 1 where the
/// row is of that category and 0 elsewhere (scikit-learn: `OneHotEncoder`, inside a `ColumnTransformer` that
/// passes the other columns through).
///
/// Fitted on the training part alone, and applied to both. x: (N, columns), of any dtype; a category is a
/// number, and NaN, a missing value, is one too. Categories are ascending, NaN last. Errors: no rows; other
/// than two axes; a column that is not there or named twice.
///
///     const OneHotEncoder encoder(train.x, {.columns = {0, 3}});
///     const Array x_train = encoder.transform(train.x), x_test = encoder.transform(test.x);
///     save_npz("encoder.npz", encoder);
class OneHotEncoder {
 public:
  explicit OneHotEncoder(const Array& x, const OneHotEncoderOptions& options = {});
  /// From a file that `save_npz` wrote. Errors: those of NpzReader; contradictory contents.
  static OneHotEncoder load(const std::string& path);

  /// float64 (N, new columns) if x is float64, float32 otherwise, on x's device. Errors: another number of
  /// columns than fitted; `OneHotEncoder::transform: x[17, 3] = 9 is no category of the training rows`. An
  /// unseen category that `Table::like` has made missing is NaN here: HandleUnknown::ignore is for both.
  Array transform(const Array& x) const;

  /// The categories of every column of x; of one that is passed through, none.
  const std::vector<std::vector<double>>& categories() const { return categories_; }
  /// The number of columns that `transform` returns.
  std::size_t n_columns_out() const;
  /// `columns` and `handle_unknown` int64, and for each of the columns `categories/<column>` float64.
  NamedArrays state_arrays() const;

 private:
  OneHotEncoder() = default;

  std::vector<std::vector<double>> categories_;
  std::vector<std::size_t> columns_;  // the categorical ones, ascending
  HandleUnknown handle_unknown_ = HandleUnknown::error;
};

}  // namespace tenbin
