#include "tenbin/preprocessing/standard_scaler.h"

#include <cmath>
#include <limits>
#include <vector>

#include "tenbin/cpu/parallel.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

std::size_t columns_of(const Array& x) { return x.shape()[0] == 0 ? 0 : x.size() / x.shape()[0]; }

// Calls f(i, c, value) for every value.
template <class T, class F>
void for_each_value(const Array& x, std::size_t columns, F f) {
  const T* value = x.data<T>();
  for (std::size_t i = 0; i < x.shape()[0]; ++i)
    for (std::size_t c = 0; c < columns; ++c, ++value) f(i, c, static_cast<double>(*value));
}

// The same for every stored value.
template <class T, class F>
void for_each_value(const CsrMatrix& x, F f) {
  const auto* const column = x.indices().data<std::int32_t>();
  const auto* const start = x.indptr().data<std::int64_t>();
  for (std::size_t i = 0; i < x.shape()[0]; ++i)
    for (std::int64_t k = start[i]; k < start[i + 1]; ++k)
      f(i, static_cast<std::size_t>(column[k]), static_cast<double>(x.data().data<T>()[k]));
}

// out[i, c] = formula(x[i, c], mean[c], scale[c])
template <class T, class Out, class F>
Array map_columns(const Array& x, const Array& mean, const Array& scale, F formula) {
  Array out = Array::empty(x.shape(), dtype_of<Out>);
  const std::size_t columns = mean.size();
  constexpr std::size_t rows_per_task = 1024;
  const std::size_t rows = x.shape()[0];
  const T* const from = x.data<T>();
  Out* const to = out.data<Out>();
  const double* const m = mean.data<double>();
  const double* const s = scale.data<double>();
  parallel_for((rows + rows_per_task - 1) / rows_per_task, [&](std::size_t task) {
    const std::size_t end = std::min(rows, (task + 1) * rows_per_task);
    for (std::size_t i = task * rows_per_task; i < end; ++i)
      for (std::size_t c = 0; c < columns; ++c)
        to[i * columns + c] =
            static_cast<Out>(formula(static_cast<double>(from[i * columns + c]), m[c], s[c]));
  });
  return out;
}

// x with the values formula(value, scale of its column), on x's device.
template <class F>
CsrMatrix map_values(const CsrMatrix& x, const Array& scale, F formula) {
  const CsrMatrix rows = x.to(Device::cpu());
  Array values = Array::empty({x.nnz()}, x.dtype());
  const auto* const column = rows.indices().data<std::int32_t>();
  const double* const s = scale.data<double>();
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t k = 0; k < x.nnz(); ++k)
      values.data<T>()[k] =
          static_cast<T>(formula(static_cast<double>(rows.data().data<T>()[k]), s[column[k]]));
  });
  Arrays parts = detail::CsrParts::of(x);
  parts[0] = values.to(x.device());
  return detail::CsrParts::matrix(parts);
}

}  // namespace

StandardScaler::StandardScaler(const Array& x, const StandardScalerOptions& options) {
  if (x.ndim() == 0 || x.shape()[0] == 0) throw Error("StandardScaler: expected rows, got ", x);
  const Array rows = x.to(Device::cpu());
  const std::size_t columns = columns_of(rows);
  visit(rows.dtype(), [&](auto zero) {
    fit(rows.shape()[0], columns, options, [&](auto f) { for_each_value<decltype(zero)>(rows, columns, f); });
  });
}

StandardScaler::StandardScaler(const CsrMatrix& x, const StandardScalerOptions& options) {
  if (!x || x.shape()[0] == 0) throw Error("StandardScaler: expected rows, got ", x);
  if (options.with_mean)
    throw Error(
        "StandardScaler: sparse rows cannot be centred and stay sparse; pass {.with_mean = false}, "
        "or dense rows: x.to_dense(); got ",
        x);
  const CsrMatrix rows = x.to(Device::cpu());
  visit_floating(x.dtype(), [&](auto zero) {
    fit(x.shape()[0], x.shape()[1], options, [&](auto f) { for_each_value<decltype(zero)>(rows, f); });
  });
}

template <class ForEach>
void StandardScaler::fit(std::size_t rows, std::size_t columns, const StandardScalerOptions& options,
                         ForEach for_each) {
  mean_ = Array::zeros({columns}, Dtype::float64);
  scale_ = Array::ones({columns}, Dtype::float64);
  // The numbers of values that are not missing, and of those that are not stored.
  std::vector<double> count(columns, static_cast<double>(rows)), zeros(count);
  std::vector<double> squares(columns), residue(columns);
  double* const mean = mean_.data<double>();
  for_each([&](std::size_t i, std::size_t c, double value) {
    --zeros[c];
    if (std::isnan(value)) {
      --count[c];
      return;
    }
    if (std::isinf(value))
      throw Error("StandardScaler: expected finite values or NaN, got x[", i, ", ", c, "] = ", value);
    mean[c] += value;
  });
  for (std::size_t c = 0; c < columns; ++c) {
    if (count[c] == 0) throw Error("StandardScaler: column ", c, " has no values but NaN");
    mean[c] /= count[c];
  }
  for_each([&](std::size_t, std::size_t c, double value) {
    if (std::isnan(value)) return;
    squares[c] += (value - mean[c]) * (value - mean[c]);
    residue[c] += value - mean[c];
  });
  constexpr double eps = std::numeric_limits<double>::epsilon();
  for (std::size_t c = 0; c < columns; ++c) {
    if (zeros[c] > 0) {
      squares[c] += zeros[c] * mean[c] * mean[c];
      residue[c] -= zeros[c] * mean[c];
    }
    // Corrects the rounding error of the mean (Chan, Golub and LeVeque 1983).
    const double variance = (squares[c] - residue[c] * residue[c] / count[c]) / count[c];
    const double rounding = count[c] * eps * variance + std::pow(count[c] * eps * mean[c], 2);
    if (options.with_std && variance > rounding) scale_.data<double>()[c] = std::sqrt(variance);
    if (!options.with_mean) mean[c] = 0;
  }
}

StandardScaler StandardScaler::load(const std::string& path) {
  StandardScaler scaler;
  load_npz(path, scaler);
  return scaler;
}

std::function<void()> StandardScaler::prepare_load(StateReader& reader) {
  const Array mean(read_numbers(reader, "mean")), scale(read_numbers(reader, "scale"));
  if (scale.size() != mean.size())
    reader.fail("scale", "expected ", mean.size(), " values as in mean, got ", scale.size());
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double center = mean.data<double>()[c], divisor = scale.data<double>()[c];
    if (!std::isfinite(center)) reader.fail("mean", "expected finite values, got ", center);
    if (!std::isfinite(divisor) || divisor <= 0) reader.fail("scale", "expected values > 0, got ", divisor);
  }
  return [this, mean, scale] {
    mean_ = mean;
    scale_ = scale;
  };
}

void StandardScaler::check(const char* function, const Array& x) const {
  std::size_t columns = 1;
  for (std::size_t axis = 1; axis < x.ndim(); ++axis) columns *= x.shape()[axis];
  if (x.ndim() == 0 || columns != mean_.size())
    throw Error(function, ": expected ", mean_.size(), " columns as fitted, got ", x);
}

void StandardScaler::check(const char* function, const CsrMatrix& x) const {
  if (!x || x.shape()[1] != mean_.size())
    throw Error(function, ": expected ", mean_.size(), " columns as fitted, got ", x);
  for (std::size_t c = 0; c < mean_.size(); ++c)
    if (mean_.data<double>()[c] != 0)
      throw Error(function, ": the scaler centres column ", c, " by ", mean_.data<double>()[c],
                  ", and centred rows are not sparse; fit it with {.with_mean = false}; got ", x);
}

Array StandardScaler::transform(const Array& x) const {
  check("StandardScaler::transform", x);
  const auto formula = [](double value, double mean, double scale) { return (value - mean) / scale; };
  const Array rows = x.to(Device::cpu());
  return visit(x.dtype(),
               [&](auto zero) {
                 using T = decltype(zero);
                 using Out = std::conditional_t<std::is_same_v<T, double>, double, float>;
                 return map_columns<T, Out>(rows, mean_, scale_, formula);
               })
      .to(x.device());
}

Array StandardScaler::inverse_transform(const Array& x) const {
  check("StandardScaler::inverse_transform", x);
  if (!is_floating(x.dtype()))
    throw Error("StandardScaler::inverse_transform: x must be float32 or float64, got ", x);
  const auto formula = [](double value, double mean, double scale) { return value * scale + mean; };
  const Array rows = x.to(Device::cpu());
  return visit_floating(x.dtype(),
                        [&](auto zero) {
                          using T = decltype(zero);
                          return map_columns<T, T>(rows, mean_, scale_, formula);
                        })
      .to(x.device());
}

CsrMatrix StandardScaler::transform(const CsrMatrix& x) const {
  check("StandardScaler::transform", x);
  return map_values(x, scale_, [](double value, double scale) { return value / scale; });
}

CsrMatrix StandardScaler::inverse_transform(const CsrMatrix& x) const {
  check("StandardScaler::inverse_transform", x);
  return map_values(x, scale_, [](double value, double scale) { return value * scale; });
}

}  // namespace tenbin
