// Not one body for both devices: here a thread uses its block of words at once, on the CPU several blocks are
// drawn ahead.
#include "tenbin/functions/noise/dropout.h"

#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

namespace {

// One thread for the four elements of a block of words.
template <class T>
void apply_mask(const gpu::StepValue<random::Draw>& draw, std::uint32_t threshold, T scale,
                const Array& x_array, Array& y_array) {
  const auto size = static_cast<gpu::Index>(x_array.size());
  const T* const x = x_array.data<T>();
  T* const y = y_array.data<T>();
  gpu::for_each(gpu::Context::of(x_array), (x_array.size() + 3) / 4, [=] __device__(gpu::Index block) {
    const random::Draw& drawn = draw.get();
    const auto words = random::philox(drawn.seed, drawn.first + static_cast<std::uint64_t>(block));
    for (int k = 0; k < 4; ++k) {
      const gpu::Index i = 4 * block + k;
      if (i < size) y[i] = words[k] < threshold ? T{0} : x[i] * scale;
    }
  });
}

}  // namespace

Array DropoutFunction::mask_gpu(const Array& x) const {
  Array y = Array::empty_like(x);
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    apply_mask(gpu::StepValue<random::Draw>{draw_, recorded_draw_}, threshold_,
               static_cast<T>(1 / (1 - ratio_)), x, y);
  });
  return y;
}

Arrays DropoutFunction::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  const auto draw = gpu::step_value([size = xs[0].size()] { return random::default_generator().draw(size); });
  draw_ = draw.value;
  recorded_draw_ = draw.recorded;
  return {mask_gpu(xs[0])};
}

Arrays DropoutFunction::backward_gpu(const Arrays&, const Arrays& gys) { return {mask_gpu(gys[0])}; }

}  // namespace tenbin
