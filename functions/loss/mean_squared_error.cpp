#include "tenbin/functions/loss/mean_squared_error.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/functions/loss/detail/batch_loss.h"

namespace tenbin {

namespace {

// The differences are multiplied by `unit`.
template <class T>
double sum_of_squares(const T* x0, const T* x1, std::size_t size, double unit) {
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double difference = (static_cast<double>(x0[i]) - static_cast<double>(x1[i])) * unit;
    sum += difference * difference;
  }
  return sum;
}

template <class T>
double mean_of_squares(const T* x0, const T* x1, std::size_t size) {
  if (size == 0) return 0;
  const auto count = static_cast<double>(size);
  const double sum = sum_of_squares(x0, x1, size, 1);
  if (std::isfinite(sum)) return sum / count;
  constexpr double small = 0x1p-64;  // no sum of squares whose mean is finite overflows then
  return sum_of_squares(x0, x1, size, small) / count / small / small;
}

}  // namespace

void MeanSquaredError::check(const Arrays& xs) const {
  require_floating(*this, "x0", xs[0]);
  require_same_dtype(*this, "x0", xs[0], "x1", xs[1]);
  require_same_shape(*this, "x0", xs[0], "x1", xs[1]);
}

Arrays MeanSquaredError::forward_cpu(const Arrays& xs) {
  const Array& x0 = xs[0];
  const double loss = visit_floating(x0.dtype(), [&](auto zero) {
    using T = decltype(zero);
    return mean_of_squares(x0.data<T>(), xs[1].data<T>(), x0.size());
  });
  return {Array::scalar(loss, x0.dtype())};
}

Arrays MeanSquaredError::backward_cpu(const Arrays& xs, const Arrays& gys) {
  Arrays gxs{Array(), Array()};
  visit_floating(xs[0].dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* x0 = xs[0].data<T>();
    const T* x1 = xs[1].data<T>();
    const T scale = T{2} * *gys[0].data<T>() / static_cast<T>(xs[0].size());
    for (std::size_t input = 0; input < 2; ++input) {
      if (!needs_grad(input)) continue;
      gxs[input] = new_gradient(input, xs[input]);
      T* gx = gxs[input].data<T>();
      const T sign_scale = input == 0 ? scale : -scale;
      for (std::size_t i = 0; i < xs[0].size(); ++i) gx[i] = sign_scale * (x0[i] - x1[i]);
    }
  });
  return gxs;
}

TENBIN_NO_GPU(MeanSquaredError);

Variable mean_squared_error(const Variable& x0, const Variable& x1) {
  return detail::loss_of_batch(apply<MeanSquaredError>({x0, x1}), Reduce::mean,
                               [&] { return static_cast<double>(x0.size()); });
}

}  // namespace tenbin
