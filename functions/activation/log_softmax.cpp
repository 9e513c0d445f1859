#include "tenbin/functions/activation/log_softmax.h"

#include "tenbin/core/check.h"
#include "tenbin/cpu/lines.h"
#include "tenbin/cpu/softmax.h"
#include "tenbin/cpu/vector_math.h"

namespace tenbin {

namespace {

template <class T, class Stride>
void gradient_line(T* __restrict gx, const T* y, const T* gy, std::size_t length, Stride stride) {
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
  Array y = Array::empty_like(xs[0]);
  visit_floating(y.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_softmax_chunk<T>(lines, [&](cpu::SoftmaxChunk<T>& chunk, std::size_t) {
      chunk.log_softmax(xs[0].data<T>(), y.data<T>());
    });
  });
  return {y};
}

Arrays LogSoftmax::backward_cpu(const Arrays&, const Arrays& gys) {
  const Array& y = retained_output(0);
  const Lines lines = lines_along(y.shape(), require_axis(*this, y, axis_));
  return {cpu::map_lines([](auto... line) { gradient_line(line...); }, lines, y, gys[0])};
}

TENBIN_NO_GPU(LogSoftmax);

}  // namespace tenbin
