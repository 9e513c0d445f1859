#include "tenbin/functions/activation/softmax.h"

#include "tenbin/core/check.h"
#include "tenbin/cpu/lines.h"
#include "tenbin/cpu/softmax.h"

namespace tenbin {

namespace {

template <class T, class Stride>
void gradient_line(T* __restrict gx, const T* y, const T* gy, std::size_t length, Stride stride) {
  double mean = 0;  // of gy under y
  for (std::size_t j = 0; j < length; ++j)
    mean += static_cast<double>(y[j * stride]) * static_cast<double>(gy[j * stride]);
  for (std::size_t j = 0; j < length; ++j)
    gx[j * stride] = y[j * stride] * (gy[j * stride] - static_cast<T>(mean));
}

}  // namespace

void Softmax::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  require_axis(*this, xs[0], axis_);
}

Arrays Softmax::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const Lines lines = lines_along(xs[0].shape(), require_axis(*this, xs[0], axis_));
  Array y = Array::empty_like(xs[0]);
  visit_floating(y.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_softmax_chunk<T>(lines, [&](cpu::SoftmaxChunk<T>& chunk, std::size_t) {
      chunk.softmax(xs[0].data<T>(), y.data<T>());
    });
  });
  return {y};
}

Arrays Softmax::backward_cpu(const Arrays&, const Arrays& gys) {
  const Array& y = retained_output(0);
  const Lines lines = lines_along(y.shape(), require_axis(*this, y, axis_));
  return {cpu::map_lines([](auto... line) { gradient_line(line...); }, lines, y, gys[0])};
}

TENBIN_NO_GPU(Softmax);

}  // namespace tenbin
