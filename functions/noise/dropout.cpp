#include "tenbin/functions/noise/dropout.h"

#include <algorithm>

#include "tenbin/core/check.h"
#include "tenbin/core/config.h"
#include "tenbin/cpu/level.h"

namespace tenbin {

namespace {

template <class T>
void apply_mask(const random::Draw& draw, std::uint32_t threshold, T scale, const T* __restrict x,
                std::size_t size, T* __restrict y) {
  // Whole blocks of four words are drawn ahead of their use: twice as fast as block by block.
  constexpr std::size_t blocks = 16;
  std::uint32_t words[4 * blocks];
  for (std::size_t start = 0; start < size; start += 4 * blocks) {
    const std::uint64_t first = draw.first + start / 4;
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto block = random::philox(draw.seed, first + b);
      for (std::size_t i = 0; i < 4; ++i) words[4 * b + i] = block[i];
    }
    const std::size_t count = std::min(4 * blocks, size - start);
    for (std::size_t i = 0; i < count; ++i) y[start + i] = words[i] < threshold ? T{0} : x[start + i] * scale;
  }
}

}  // namespace

DropoutFunction::DropoutFunction(double ratio) : ratio_(ratio), threshold_(0) {
  if (!(ratio >= 0 && ratio < 1)) throw Error("dropout: ratio must be in [0, 1), got ", ratio);
  threshold_ = static_cast<std::uint32_t>(ratio * 0x1p32);
}

void DropoutFunction::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Array DropoutFunction::mask_cpu(const Array& x) const {
  Array y = Array::empty_like(x);
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto scale = static_cast<T>(1 / (1 - ratio_));
    cpu::at_level([&, from = x.data<T>(), to = y.data<T>()] {
      apply_mask(draw_, threshold_, scale, from, x.size(), to);
    });
  });
  return y;
}

Arrays DropoutFunction::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  draw_ = random::default_generator().draw(xs[0].size());
  return {mask_cpu(xs[0])};
}

Arrays DropoutFunction::backward_cpu(const Arrays&, const Arrays& gys) { return {mask_cpu(gys[0])}; }

Variable dropout(const Variable& x, double ratio) {
  const Reference<Function> function(new DropoutFunction(ratio));
  return config().train ? function->apply({x})[0] : x;
}

TENBIN_NO_GPU(DropoutFunction);

}  // namespace tenbin
