// xtensor and arrays: the elements of an array as an xtensor view, the values of an xtensor expression as an
// array.
//
// tenbin.h does not include this file, so that only the programs that use xtensor compile it. It takes the
// xtensor that it finds: 0.24 or 0.25 (C++17, C++20), or 0.26 and later (C++20), where the headers have other
// places. What a loss needs is included here, so that a program is the same for both. docs/xtensor.md shows
// the use.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#if __has_include(<xtensor/containers/xadapt.hpp>)  // 0.26 and later
#if __cplusplus < 202002L
#error "xtensor 0.26 and later needs C++20"
#endif
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

// Under C++20, g++ takes xtensor 0.24's shape of dynamic rank for one of fixed rank, and `xt::eval` of a
// reducer makes a container of the wrong rank (xtensor-stack/xtensor#1970). This selects the right one.
namespace xt::detail {
template <>
struct xtype_for_shape<dynamic_shape<std::size_t>> {
  template <class T, layout_type layout>
  using type = xarray<T, layout>;
};
}  // namespace xt::detail
#endif

#include "tenbin/core/array.h"

namespace tenbin {

namespace detail {

template <class T>
void require_adaptable(const Array& array) {
  if (!array.device().is_cpu()) throw Error("adapt: expected an array on the CPU, got ", array);
  if (array && array.dtype() != dtype_of<T>) throw Error("adapt: expected ", dtype_of<T>, ", got ", array);
}

inline xt::dynamic_shape<std::size_t> xtensor_shape(const Array& array) {
  return xt::dynamic_shape<std::size_t>(array.shape().begin(), array.shape().end());
}

template <std::size_t rank>
std::array<std::size_t, rank> xtensor_shape(const Array& array) {
  if (array.ndim() != rank)
    throw Error("adapt: expected ", rank, rank == 1 ? " axis" : " axes", ", got ", array);
  std::array<std::size_t, rank> shape{};
  for (std::size_t axis = 0; axis < rank; ++axis) shape[axis] = array.shape()[axis];
  return shape;
}

// A: Array or const Array, whose elements the view may or may not change.
template <class T, class A, class S>
auto borrow(A& array, const S& shape) {
  return xt::adapt(array.template data<T>(), array.size(), xt::no_ownership(), shape);
}

// What a view of a temporary holds.
template <class T>
using SharedElements = xt::xbuffer_adaptor<T*, xt::smart_ownership, std::shared_ptr<Array>>;

template <class T>
SharedElements<T> share(Array&& array) {
  T* const elements = array.data<T>();
  const std::size_t size = array.size();
  return SharedElements<T>(elements, size, std::make_shared<Array>(std::move(array)));
}

}  // namespace detail

/// An xtensor view of the elements of an array on the CPU, of its shape. Nothing is copied. What is written
/// to the view is written to the array; the view of a const array is read only. `adapt<T, rank>` has the rank
/// in its type, as `xt::xtensor` has.
///
/// The view of a variable does not own the elements: use it while the array lives. The view of a temporary,
/// such as `x.slice(0, 2)`, shares them.
///
/// Backward does not notice what is written through a view between a forward pass and its backward: say so
/// with `array.mark_changed()`, as for `Array::data`.
///
/// Errors: T is not the dtype; the array is on a GPU, or empty; it does not have `rank` axes.
///
///     xt::view(adapt<float>(x), 0, xt::all()) = 0;       // the first row
///     float largest = xt::amax(adapt<float, 2>(x))();
template <class T>
auto adapt(Array& array) {
  detail::require_adaptable<T>(array);
  return detail::borrow<T>(array, detail::xtensor_shape(array));
}
template <class T>
auto adapt(const Array& array) {
  detail::require_adaptable<T>(array);
  return detail::borrow<T>(array, detail::xtensor_shape(array));
}
template <class T>
auto adapt(Array&& array) {
  detail::require_adaptable<T>(array);
  const auto shape = detail::xtensor_shape(array);
  return xt::xarray_adaptor<detail::SharedElements<T>>(detail::share<T>(std::move(array)), shape);
}
template <class T, std::size_t rank>
auto adapt(Array& array) {
  detail::require_adaptable<T>(array);
  return detail::borrow<T>(array, detail::xtensor_shape<rank>(array));
}
template <class T, std::size_t rank>
auto adapt(const Array& array) {
  detail::require_adaptable<T>(array);
  return detail::borrow<T>(array, detail::xtensor_shape<rank>(array));
}
template <class T, std::size_t rank>
auto adapt(Array&& array) {
  detail::require_adaptable<T>(array);
  const auto shape = detail::xtensor_shape<rank>(array);
  return xt::xtensor_adaptor<detail::SharedElements<T>, rank>(detail::share<T>(std::move(array)), shape);
}

/// The values of an xtensor expression or container as a new array: each is computed once, into its place. An
/// array owns its memory, so the elements of a container are copied, also those of a temporary one.
///
/// The dtype is that of the values' C++ type: 2.f * x of a float32 x is float32, 2.0 * x is float64, and
/// `xt::cast<float>` converts. Types without a dtype are stored as by the constructors of `Array` (bool as
/// uint8, std::size_t as int64) after one more pass.
///
/// To write into an existing array, such as that of `Function::new_gradient`, assign to its view:
/// `xt::noalias(adapt<float>(gx)) = gy * y;`.
///
/// Errors: an unsigned value above 2^63 - 1; more than 8 axes; exceptions of xtensor, such as
/// xt::broadcast_error.
///
///     Array y = from_xtensor(xt::exp(adapt<float>(x)) + 1.f);
template <class E>
Array from_xtensor(const xt::xexpression<E>& expression) {
  const E& values = expression.derived_cast();
  using Value = std::remove_cv_t<typename E::value_type>;
  if constexpr (std::is_same_v<Value, detail::Stored<Value>>) {
    const auto& lengths = values.shape();
    Array array = Array::empty(Shape(lengths.begin(), lengths.end()), dtype_of<Value>);
    xt::noalias(adapt<Value>(array)) = values;
    return array;
  } else {
    const xt::xarray<Value, xt::layout_type::row_major> evaluated = values;
    return Array(evaluated.data(), Shape(evaluated.shape().begin(), evaluated.shape().end()));
  }
}

}  // namespace tenbin
