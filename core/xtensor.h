// The bridge to xtensor, both ways. Public headers do not include this file, so that nobody compiles xtensor
// who does not use it.
#pragma once

// xtensor 0.24 picks wrong ranks under C++20 with g++ (xtensor-stack/xtensor#1970).
static_assert(__cplusplus < 202002L, "compile files that include tenbin/core/xtensor.h as C++17");

#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>

#include "tenbin/core/array.h"

namespace tenbin {

namespace detail {

inline xt::dynamic_shape<std::size_t> xtensor_shape(const Shape& shape) {
  return xt::dynamic_shape<std::size_t>(shape.begin(), shape.end());
}

inline void require_cpu(const Array& array) {
  if (!array.device().is_cpu()) throw Error("as_xtensor: expected an array on the CPU, got ", array);
}

}  // namespace detail

/// An xtensor view of a CPU array: no copy, no ownership. Errors: T is not the dtype; the array is on a GPU.
///
///     xt::view(as_xtensor<float>(array), 0, xt::all()) = 0;
template <class T>
auto as_xtensor(Array& array) {
  detail::require_cpu(array);
  return xt::adapt(array.data<T>(), array.size(), xt::no_ownership(), detail::xtensor_shape(array.shape()));
}
template <class T>
auto as_xtensor(const Array& array) {
  detail::require_cpu(array);
  return xt::adapt(array.data<T>(), array.size(), xt::no_ownership(), detail::xtensor_shape(array.shape()));
}

/// Evaluates an xtensor expression into a new array of its value type.
///
///     Array y = from_xtensor(xt::exp(as_xtensor<float>(x)) + 1.f);
template <class E>
Array from_xtensor(const xt::xexpression<E>& expression) {
  const E& values = expression.derived_cast();
  using T = std::remove_cv_t<typename E::value_type>;
  Array array = Array::empty(Shape(values.shape().begin(), values.shape().end()), dtype_of<T>);
  xt::noalias(as_xtensor<T>(array)) = values;
  return array;
}

namespace host {

/// The CPU's counterpart of `gpu::map`: evaluates an xtensor expression of floating arrays of one dtype, with
/// NumPy broadcasting, into a new array.
///
///     host::eval([](const auto& x, const auto& gy) { return gy * xt::cos(x); }, x, gy)
///
/// Beware of reducers with `keep_dims` inside an expression: xtensor 0.24 reads out of bounds there.
template <class F, class... Rest>
Array eval(F f, const Array& first, const Rest&... rest) {
  return visit_floating(first.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto evaluate = [&](const auto&... views) { return from_xtensor(f(views...)); };
    return evaluate(as_xtensor<T>(first), as_xtensor<T>(rest)...);
  });
}

}  // namespace host

}  // namespace tenbin
