#include "tenbin/functions/activation/log_softmax.h"

#include <cmath>
#include <limits>

#include "tenbin/core/check.h"
#include "tenbin/core/log_sum.h"
#include "tenbin/cpu/lines.h"
#include "tenbin/cpu/vector_math.h"

namespace tenbin {

namespace {

template <class T>
void log_softmax_line(T* y, const T* x, std::size_t length, std::size_t stride) {
  T largest = -std::numeric_limits<T>::infinity();
  for (std::size_t j = 0; j < length; ++j) largest = x[j * stride] > largest ? x[j * stride] : largest;
  // If only one element equals the maximum, the sum is 1 plus terms that may be too small for its digits:
  // they are summed separately, too.
  double sum = 0, rest = 0;
  for (std::size_t j = 0; j < length; ++j) {
    y[j * stride] = x[j * stride] - largest;
    const double term = std::exp(static_cast<double>(y[j * stride]));
    sum += term;
    rest += term < 1 ? term : 0;
  }
  const T log_sum = static_cast<T>(detail::log_of_sum(sum, rest));
  for (std::size_t j = 0; j < length; ++j) y[j * stride] -= log_sum;
}

template <class T>
void gradient_line(T* gx, const T* y, const T* gy, std::size_t length, std::size_t stride) {
  double sum = 0;
  for (std::size_t j = 0; j < length; ++j) sum += static_cast<double>(gy[j * stride]);
  for (std::size_t j = 0; j < length; ++j)
    gx[j * stride] = gy[j * stride] - vector_math::exp_nonpositive(y[j * stride]) * static_cast<T>(sum);
}

}  // namespace

void LogSoftmax::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  require_axis(*this, xs[0], axis_);
}

Arrays LogSoftmax::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const Lines lines = lines_along(xs[0].shape(), require_axis(*this, xs[0], axis_));
  return {cpu::map_lines([](auto... line) { log_softmax_line(line...); }, lines, xs[0])};
}

Arrays LogSoftmax::backward_cpu(const Arrays&, const Arrays& gys) {
  const Array& y = retained_output(0);
  const Lines lines = lines_along(y.shape(), require_axis(*this, y, axis_));
  return {cpu::map_lines([](auto... line) { gradient_line(line...); }, lines, y, gys[0])};
}

TENBIN_NO_GPU(LogSoftmax);

}  // namespace tenbin
