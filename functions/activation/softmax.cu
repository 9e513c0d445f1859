// Not one body for both devices: here the threads of a group share a line. On the CPU forward takes a chunk
// of lines in vectorised passes (cpu/softmax.h), and backward takes a line in one loop.
#include "tenbin/functions/activation/softmax.h"

#include "tenbin/core/check.h"
#include "tenbin/cuda/lines.cuh"
#include "tenbin/cuda/softmax.cuh"

namespace tenbin {

using gpu::Index;

Arrays Softmax::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const auto softmax_line = [] __device__(auto group, auto* y, const auto* x, Index length, Index stride) {
    using T = std::remove_pointer_t<decltype(y)>;
    const auto [max, sum, rest] = gpu::line_exponential_sum(group, x, length, stride);
    const T divisor = static_cast<T>(sum);
    for (Index j = group.rank(); j < length; j += group.width)
      y[j * stride] = std::exp(x[j * stride] - max) / divisor;
  };
  return {gpu::map_lines(softmax_line, lines_along(xs[0].shape(), require_axis(*this, xs[0], axis_)), xs[0])};
}

Arrays Softmax::backward_gpu(const Arrays&, const Arrays& gys) {
  const Array& y = retained_output(0);
  const auto gradient_line = [] __device__(auto group, auto* gx, const auto* y, const auto* gy, Index length,
                                           Index stride) {
    using T = std::remove_pointer_t<decltype(gx)>;
    double mean = 0;  // of gy under y
    for (Index j = group.rank(); j < length; j += group.width)
      mean += static_cast<double>(y[j * stride]) * static_cast<double>(gy[j * stride]);
    mean = group.reduce(mean, gpu::Plus());
    for (Index j = group.rank(); j < length; j += group.width)
      gx[j * stride] = y[j * stride] * (gy[j * stride] - static_cast<T>(mean));
  };
  return {gpu::map_lines(gradient_line, lines_along(y.shape(), require_axis(*this, y, axis_)), y, gys[0])};
}

}  // namespace tenbin
