#include "tenbin/functions/array/get_item.h"

#include <algorithm>

#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays GetItem::TENBIN_FORWARD(const Arrays& xs) {
  const Array& x = xs[0];
  retain_inputs({});
  x_shape_ = x.shape();
  view_ = view_of(x);
  const std::size_t count = element_count(view_.lengths);
  if (count == 0 || !view_.is_contiguous()) return {back_end::read_view(x, view_)};
  return {x.reshape({x.size()}).slice(view_.offset, view_.offset + count).reshape(view_.lengths)};
}

Arrays GetItem::TENBIN_BACKWARD(const Arrays&, const Arrays& gys) {
  Array gx = Array::zeros(x_shape_, gys[0].dtype(), gys[0].device());
  back_end::write_view(gys[0], view_, gx);
  return {gx};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Slice::Entries Slice::of(std::size_t axis_length) const {
  if (step_ == 0) throw Error("get_item: the step of a slice must not be 0");
  const auto length = static_cast<std::int64_t>(axis_length);
  // Where a slice can begin and end: before the first entry if it goes backwards.
  const std::int64_t lowest = step_ > 0 ? 0 : -1;
  const std::int64_t highest = step_ > 0 ? length : length - 1;
  const auto bounded = [&](const std::optional<std::int64_t>& given, std::int64_t otherwise) {
    if (!given) return otherwise;
    return std::clamp(*given < 0 ? *given + length : *given, lowest, highest);
  };
  const std::int64_t start = bounded(start_, step_ > 0 ? lowest : highest);
  const std::int64_t stop = bounded(stop_, step_ > 0 ? highest : lowest);
  const std::int64_t distance = step_ > 0 ? stop - start : start - stop;
  if (distance <= 0) return {0, 0, 1};
  // Without -step_, which overflows for the smallest number.
  const std::int64_t steps = step_ > 0 ? (distance - 1) / step_ : -((distance - 1) / step_);
  return {static_cast<std::size_t>(start), static_cast<std::size_t>(steps) + 1, step_};
}

View GetItem::view_of(const Array& x) const {
  std::size_t axes = 0;
  bool has_ellipsis = false;
  for (const Index& index : indices_) {
    const bool is_ellipsis = std::holds_alternative<Ellipsis>(index.value_);
    if (is_ellipsis && has_ellipsis) throw Error("get_item: more than one ellipsis for ", x);
    has_ellipsis = has_ellipsis || is_ellipsis;
    if (!is_ellipsis && !std::holds_alternative<NewAxis>(index.value_)) ++axes;
  }
  if (axes > x.ndim()) throw Error("get_item: ", axes, " indices given for ", x);

  const Shape strides = strides_of(x.shape());
  View view;
  std::size_t axis = 0;
  const auto stride = [&] { return static_cast<std::ptrdiff_t>(strides[axis]); };
  const auto keep_axes = [&](std::size_t count) {
    for (const std::size_t end = axis + count; axis < end; ++axis) view.push_back(x.shape()[axis], stride());
  };
  for (const Index& index : indices_) {
    if (std::holds_alternative<Ellipsis>(index.value_)) {
      keep_axes(x.ndim() - axes);
    } else if (std::holds_alternative<NewAxis>(index.value_)) {
      view.push_back(1, 0);
    } else if (const auto* const slice = std::get_if<Slice>(&index.value_)) {
      const Slice::Entries entries = slice->of(x.shape()[axis]);
      view.offset += entries.first * strides[axis];
      // One entry needs no step, and with a huge one the product would overflow.
      view.push_back(entries.count, entries.count > 1 ? entries.step * stride() : 0);
      ++axis;
    } else {
      const std::int64_t entry = std::get<std::int64_t>(index.value_);
      const auto length = static_cast<std::int64_t>(x.shape()[axis]);
      if (entry < -length || entry >= length)
        throw Error("get_item: index ", entry, " is out of range for axis ", axis, " of ", x);
      view.offset += static_cast<std::size_t>(entry < 0 ? entry + length : entry) * strides[axis];
      ++axis;
    }
  }
  keep_axes(x.ndim() - axis);
  return view;
}

TENBIN_NO_GPU(GetItem);

#endif

}  // namespace tenbin
