#include "tenbin/functions/math/maximum_minimum.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

namespace {

// Calls `f` with the predicate that takes a: a NaN is taken, and of two equal elements the first.
template <class F>
auto with_choice(bool larger, F f) {
  return larger ? f([](auto a, auto b) { return a >= b || a != a; })
                : f([](auto a, auto b) { return a <= b || a != a; });
}

}  // namespace

void MaximumMinimum::check(const Arrays& xs) const {
  require_floating(*this, "a", xs[0]);
  require_floating(*this, "b", xs[1]);
  require_same_dtype(*this, "a", xs[0], "b", xs[1]);
  require_broadcast(*this, "a", xs[0], "b", xs[1]);
}

Arrays MaximumMinimum::forward_cpu(const Arrays& xs) {
  const Shape shape = require_broadcast(*this, "a", xs[0], "b", xs[1]);
  const Array x0 = cpu::broadcast_to(xs[0], shape);
  const Array x1 = cpu::broadcast_to(xs[1], shape);
  return with_choice(kind_ == Kind::maximum, [&](auto takes_a) {
    return Arrays{cpu::map([=](auto a, auto b) { return takes_a(a, b) ? a : b; }, x0, x1)};
  });
}

Arrays MaximumMinimum::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Array x0 = cpu::broadcast_to(xs[0], gy.shape());
  const Array x1 = cpu::broadcast_to(xs[1], gy.shape());
  return with_choice(kind_ == Kind::maximum, [&](auto takes_a) {
    const auto to_a = [=](auto g, auto a, auto b) { return takes_a(a, b) ? g : decltype(g){0}; };
    const auto to_b = [=](auto g, auto a, auto b) { return takes_a(a, b) ? decltype(g){0} : g; };
    return Arrays{needs_grad(0) ? cpu::sum_to(cpu::map(to_a, gy, x0, x1), xs[0].shape()) : Array(),
                  needs_grad(1) ? cpu::sum_to(cpu::map(to_b, gy, x0, x1), xs[1].shape()) : Array()};
  });
}

TENBIN_NO_GPU(MaximumMinimum);

}  // namespace tenbin
