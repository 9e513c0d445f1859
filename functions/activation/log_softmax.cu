// Not one body for both devices: here the threads of a group share a line and its sums, on the CPU one loop
// takes a line, with the exponential of cpu/vector_math.h in backward.
#include "tenbin/functions/activation/log_softmax.h"

#include "tenbin/core/check.h"
#include "tenbin/cuda/lines.cuh"
#include "tenbin/cuda/softmax.cuh"

namespace tenbin {

using gpu::Index;

Arrays LogSoftmax::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const auto log_softmax_line = [] __device__(auto group, auto* y, const auto* x, Index length,
                                              Index stride) {
    const auto [max, log_sum] = gpu::line_log_sum(group, x, length, stride);
    for (Index j = group.rank(); j < length; j += group.width)
      y[j * stride] = (x[j * stride] - max) - log_sum;
  };
  return {
      gpu::map_lines(log_softmax_line, lines_along(xs[0].shape(), require_axis(*this, xs[0], axis_)), xs[0])};
}

Arrays LogSoftmax::backward_gpu(const Arrays&, const Arrays& gys) {
  const Array& y = retained_output(0);
  const auto gradient_line = [] __device__(auto group, auto* gx, const auto* y, const auto* gy, Index length,
                                           Index stride) {
    using T = std::remove_pointer_t<decltype(gx)>;
    double sum = 0;
    for (Index j = group.rank(); j < length; j += group.width) sum += static_cast<double>(gy[j * stride]);
    sum = group.reduce(sum, gpu::Plus());
    for (Index j = group.rank(); j < length; j += group.width)
      gx[j * stride] = gy[j * stride] - std::exp(y[j * stride]) * static_cast<T>(sum);
  };
  return {gpu::map_lines(gradient_line, lines_along(y.shape(), require_axis(*this, y, axis_)), y, gys[0])};
}

}  // namespace tenbin
