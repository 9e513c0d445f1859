// Categories as columns of 0 and 1.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

class StateReader;

enum class HandleUnknown {
  error,  ///< a category that the training rows do not have is an error
  ignore  ///< its row is all zeros
};

/// Alone in OneHotEncoderOptions::columns: all columns.
inline constexpr std::size_t all_columns = std::numeric_limits<std::size_t>::max();

struct OneHotEncoderOptions {
  /// The columns that hold categories: all if not given, none if empty. The other columns are unchanged.
  std::vector<std::size_t> columns = {all_columns};
  HandleUnknown handle_unknown = HandleUnknown::error;
};

/// Replaces each categorical column by one column per category of the training rows: 1 where the row has that
/// category and 0 elsewhere (scikit-learn: `OneHotEncoder`, inside a `ColumnTransformer` that passes the
/// other columns through).
///
/// Fit it on the training part only, and apply it to both parts. x: (N, columns), of any dtype; a category is
/// a number, and NaN, a missing value, is a category too. Categories are ascending, NaN last. Errors: no
/// rows; not two axes; a column that does not exist or is named twice.
///
///     const OneHotEncoder encoder(train.x, {.columns = {0, 3}});
///     const Array x_train = encoder.transform(train.x), x_test = encoder.transform(test.x);
///     save_npz("encoder.npz", encoder);
class OneHotEncoder {
 public:
  explicit OneHotEncoder(const Array& x, const OneHotEncoderOptions& options = {});
  /// Loads an encoder that `save_npz` wrote. Errors: those of NpzReader; contradictory contents.
  static OneHotEncoder load(const std::string& path);

  /// float64 (N, new columns) if x is float64, float32 otherwise, on x's device. Errors: the number of
  /// columns is not the fitted one; `OneHotEncoder::transform: x[17, 3] = 9 is not a category of the training
  /// rows`. An unseen category that `Table::like` has made missing is NaN here: HandleUnknown::ignore covers
  /// both.
  Array transform(const Array& x) const;

  /// The categories of every column of x; empty for a column that is passed through.
  const std::vector<std::vector<double>>& categories() const { return categories_; }
  /// The number of columns that `transform` returns.
  std::size_t n_columns_out() const;
  /// int64 `columns` and `handle_unknown`, and float64 `categories/<column>` for each of the columns.
  NamedArrays save_state() const;
  /// For `load_npz` into a fitted encoder. Errors: those of `load`.
  std::function<void()> prepare_load(StateReader& reader);

 private:
  OneHotEncoder() = default;

  std::vector<std::vector<double>> categories_;
  std::vector<std::size_t> columns_;  // ascending
  HandleUnknown handle_unknown_ = HandleUnknown::error;
};

}  // namespace tenbin
