#include "tenbin/functions/math/clip.h"

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

void Clip::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  if (!(x_min_ <= x_max_)) throw Error("clip: expected x_min <= x_max, got ", x_min_, " and ", x_max_);
}

Arrays Clip::forward_cpu(const Arrays& xs) {
  const auto clip = [x_min = x_min_, x_max = x_max_](auto x) {
    const auto low = static_cast<decltype(x)>(x_min);
    const auto high = static_cast<decltype(x)>(x_max);
    const auto raised = x < low ? low : x;
    return raised > high ? high : raised;
  };
  return {cpu::map(clip, xs[0])};
}

Arrays Clip::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const auto pass = [x_min = x_min_, x_max = x_max_](auto x, auto gy) {
    const auto low = static_cast<decltype(x)>(x_min);
    const auto high = static_cast<decltype(x)>(x_max);
    return low <= x && x <= high ? gy : decltype(gy){0};
  };
  return {cpu::map(pass, xs[0], gys[0])};
}

TENBIN_NO_GPU(Clip);

}  // namespace tenbin
