// The bodies of Elementwise and ElementwiseBinary, for .cpp files with formulas, which are compiled twice
// (functions/detail/back_end.h). Internal.
#pragma once

#include <type_traits>
#include <utility>

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/functions/detail/back_end.h"
#include "tenbin/functions/elementwise.h"

namespace tenbin {

namespace detail {

// The parts of a formula as functors, which can be arguments of kernels.

#define TENBIN_PART(Name, part)                                                                \
  template <class Formula>                                                                     \
  struct Name {                                                                                \
    Formula formula;                                                                           \
    template <class... T, class F = Formula>                                                   \
    constexpr auto operator()(T... x) const -> decltype(std::declval<const F&>().part(x...)) { \
      return formula.part(x...);                                                               \
    }                                                                                          \
  }

TENBIN_PART(PartY, y);
TENBIN_PART(PartGx, gx);
TENBIN_PART(PartGa, ga);
TENBIN_PART(PartGb, gb);

#undef TENBIN_PART

template <class Part, class... Numbers>
constexpr bool takes = std::is_invocable_v<const Part&, Numbers...>;

template <class Formula, class = void>
struct HasCheck : std::false_type {};
template <class Formula>
struct HasCheck<Formula, std::void_t<decltype(&Formula::check)>> : std::true_type {};

}  // namespace detail

template <class Formula>
void Elementwise<Formula>::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  if constexpr (detail::HasCheck<Formula>::value) formula_.check(xs[0]);
}

template <class Formula>
Arrays Elementwise<Formula>::TENBIN_FORWARD(const Arrays& xs) {
  retain(formula_.retains());
  return {back_end::map(detail::PartY<Formula>{formula_}, xs[0])};
}

template <class Formula>
Arrays Elementwise<Formula>::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  using Gx = detail::PartGx<Formula>;
  const Gx gx{formula_};
  if constexpr (detail::takes<Gx, float, float, float>)
    return {back_end::map_last(gx, gys[0], xs[0], retained_output(0))};
  else if constexpr (detail::takes<Gx, float, float>)
    return {
        back_end::map_last(gx, gys[0], formula_.retains() == Retains::output ? retained_output(0) : xs[0])};
  else if constexpr (detail::takes<Gx, float>)
    return {back_end::map_last(gx, gys[0])};
  else
    return gys;
}

template <class Formula>
void ElementwiseBinary<Formula>::check(const Arrays& xs) const {
  require_floating(*this, "a", xs[0]);
  require_floating(*this, "b", xs[1]);
  require_same_dtype(*this, "a", xs[0], "b", xs[1]);
  require_broadcast(*this, "a", xs[0], "b", xs[1]);
}

template <class Formula>
Arrays ElementwiseBinary<Formula>::TENBIN_FORWARD(const Arrays& xs) {
  retain(formula_.retains());
  for (std::size_t i = 0; i < 2; ++i) shapes_[i] = xs[i].shape();
  const Shape shape = require_broadcast(*this, "a", xs[0], "b", xs[1]);
  return {back_end::map(detail::PartY<Formula>{formula_}, back_end::broadcast_to(xs[0], shape),
                        back_end::broadcast_to(xs[1], shape))};
}

template <class Formula>
Arrays ElementwiseBinary<Formula>::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  Array a, b;
  if (xs[0]) a = back_end::broadcast_to(xs[0], gy.shape());
  if (xs[1]) b = back_end::broadcast_to(xs[1], gy.shape());
  const auto gradient = [&](std::size_t i, auto part) {
    using Part = decltype(part);
    if (!needs_grad(i)) return Array();
    Array gx = gy;
    if constexpr (detail::takes<Part, float, float, float, float>)
      gx = back_end::map(part, a, b, retained_output(0), gy);
    else if constexpr (detail::takes<Part, float, float, float>)
      gx = back_end::map(part, a, b, gy);
    else if constexpr (detail::takes<Part, float, float>)
      gx = back_end::map(part, retained_output(0), gy);
    else if constexpr (detail::takes<Part, float>)
      gx = back_end::map(part, gy);
    return back_end::sum_to(gx, shapes_[i]);
  };
  return {gradient(0, detail::PartGa<Formula>{formula_}), gradient(1, detail::PartGb<Formula>{formula_})};
}

TENBIN_WITHOUT_CUDA(
    template <class Formula>
    Arrays Elementwise<Formula>::forward_gpu(const Arrays&) { detail::no_cuda(name()); }

    template <class Formula>
    Arrays Elementwise<Formula>::backward_gpu(const Arrays&, const Arrays&) { detail::no_cuda(name()); }

    template <class Formula>
    Arrays ElementwiseBinary<Formula>::forward_gpu(const Arrays&) { detail::no_cuda(name()); }

    template <class Formula>
    Arrays ElementwiseBinary<Formula>::backward_gpu(const Arrays&, const Arrays&) {
      detail::no_cuda(name());
    })

}  // namespace tenbin

// Compiles the members that are defined above: those of one device.
#define TENBIN_ELEMENTWISE(Formula) template class Elementwise<Formula>
#define TENBIN_ELEMENTWISE_BINARY(Formula) template class ElementwiseBinary<Formula>
