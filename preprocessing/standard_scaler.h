// Columns standardised to mean 0 and standard deviation 1, measured on the training rows.
#pragma once

#include <functional>
#include <string>

#include "tenbin/core/array.h"
#include "tenbin/core/csr_matrix.h"

namespace tenbin {

class StateReader;

struct StandardScalerOptions {
  bool with_mean = true;  ///< subtract the mean; without it zeros stay zeros
  bool with_std = true;   ///< divide by the standard deviation
};

/// Subtracts from every column its mean and divides by its standard deviation, both measured on the training
/// rows (scikit-learn: `StandardScaler`).
///
/// Fit it on the training part only, and apply it to both parts: the test part must not influence it. x: (N,
/// ...), of any dtype; all axes but the first are the columns. Sums are taken in float64. A column that is
/// constant up to rounding is divided by 1. NaN is a missing value: it is ignored and stays NaN. Errors: no
/// rows; infinite values; a column with NaN only.
///
/// Sparse rows are divided only: `with_mean` must be false, since centred rows are not sparse. The elements
/// that are not stored are zeros, which count in the deviation.
///
///     const StandardScaler scaler(train.x);
///     const Array x_train = scaler.transform(train.x), x_test = scaler.transform(test.x);
///     save_npz("scaler.npz", scaler);
class StandardScaler {
 public:
  explicit StandardScaler(const Array& x, const StandardScalerOptions& options = {});
  /// Fitted on sparse rows, (N, columns). The scale is that of the dense rows up to rounding. Errors: also
  /// `with_mean`.
  ///
  ///     const StandardScaler scaler(train.x, {.with_mean = false});
  StandardScaler(const CsrMatrix& x, const StandardScalerOptions& options);
  /// Loads a scaler that `save_npz` wrote. Errors: those of NpzReader; other arrays than `mean` and
  /// `scale`; values that are not finite, a scale that is not positive.
  static StandardScaler load(const std::string& path);

  /// (x - mean) / scale, computed in float64: float64 if x is, float32 otherwise, on x's device. Errors: the
  /// columns are not the fitted ones.
  Array transform(const Array& x) const;
  /// scale x + mean, of x's dtype. Errors: also x that is not floating.
  Array inverse_transform(const Array& x) const;
  /// The same of sparse rows, of x's dtype, with x's indices. The values equal those of the dense rows.
  /// Errors: also a scaler that subtracts a mean.
  CsrMatrix transform(const CsrMatrix& x) const;
  CsrMatrix inverse_transform(const CsrMatrix& x) const;

  /// float64 (columns): what is subtracted, 0 without `with_mean`; what is divided by, 1 without `with_std`.
  const Array& mean() const { return mean_; }
  const Array& scale() const { return scale_; }
  NamedArrays save_state() const { return {{"mean", mean_}, {"scale", scale_}}; }
  /// For `load_npz` into a fitted scaler. Errors: those of `load`.
  std::function<void()> prepare_load(StateReader& reader);

 private:
  StandardScaler() = default;
  // `for_each(f)` calls f(i, c, value) for every stored value; the others of the `rows` of a column are 0.
  template <class ForEach>
  void fit(std::size_t rows, std::size_t columns, const StandardScalerOptions& options, ForEach for_each);
  void check(const char* function, const Array& x) const;
  void check(const char* function, const CsrMatrix& x) const;

  Array mean_;
  Array scale_;
};

}  // namespace tenbin
