// Samples of any number of arrays: features, codes, labels, weights.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/datasets/dataset.h"

namespace tenbin {

/// N arrays with the same number of rows: row i of each belongs to sample i. Copies share the arrays. A
/// minibatch is a TupleDataset too. (Chainer: `TupleDataset`.)
///
///     TupleDataset train(x, codes, t, weight);
///     for (auto [x, codes, t, w] : Minibatches(train, {.batch_size = 64, .seed = 1})) { ... }
template <std::size_t N>
class TupleDataset {
  static_assert(N > 0, "a TupleDataset has at least one array");

 public:
  TupleDataset() = default;
  /// Arrays (rows, ...) of any dtype. Errors: an array without axes, different first axes or devices.
  template <class... A,
            class = std::enable_if_t<sizeof...(A) == N && (std::is_convertible_v<A, Array> && ...)>>
  explicit TupleDataset(A... parts) : arrays_{Array(std::move(parts))...} {
    detail::require_rows("TupleDataset", arrays());
  }

  /// The number of samples.
  std::size_t size() const { return arrays_[0] ? arrays_[0].shape()[0] : 0; }
  /// A copy of the samples at `indices`, in that order. Errors: an index out of range, named with its
  /// position.
  TupleDataset subset(const std::vector<std::size_t>& indices) const {
    detail::require_rows("TupleDataset", arrays());  // `get` gives access to the arrays
    Arrays rows = detail::rows_at("TupleDataset::subset", arrays(), indices);
    TupleDataset part;
    for (std::size_t i = 0; i < N; ++i) part.arrays_[i] = std::move(rows[i]);
    return part;
  }
  /// A copy of the samples on a device, where minibatches are then gathered.
  TupleDataset to(Device device) const {
    TupleDataset moved = *this;
    for (Array& array : moved.arrays_) array = array.to(device);
    return moved;
  }

  /// For structured bindings, `auto [x, t] = data`.
  template <std::size_t I>
  const Array& get() const {
    return arrays_[I];
  }
  template <std::size_t I>
  Array& get() {
    return arrays_[I];
  }

  /// Array i. Errors: i >= N.
  const Array& operator[](std::size_t i) const {
    if (i >= N) throw Error("TupleDataset: array ", i, " is out of range for ", N, " arrays");
    return arrays_[i];
  }
  Array& operator[](std::size_t i) { return const_cast<Array&>(std::as_const(*this)[i]); }

  Arrays arrays() const { return Arrays(arrays_.begin(), arrays_.end()); }

 private:
  std::array<Array, N> arrays_;
};

template <class... A, class = std::enable_if_t<(std::is_convertible_v<A, Array> && ...)>>
TupleDataset(A...) -> TupleDataset<sizeof...(A)>;

}  // namespace tenbin

template <std::size_t N>
struct std::tuple_size<tenbin::TupleDataset<N>> : std::integral_constant<std::size_t, N> {};
template <std::size_t I, std::size_t N>
struct std::tuple_element<I, tenbin::TupleDataset<N>> {
  using type = tenbin::Array;
};
