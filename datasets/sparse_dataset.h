// Sparse samples and their labels.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "tenbin/core/csr_matrix.h"

namespace tenbin {

/// Sparse samples x and their labels t: row i of x belongs to row i of t. Copies share the arrays. A
/// minibatch is a SparseDataset too.
///
///     const SparseDataset data = load_libsvm_sparse("news20.txt");
///     const Split split = stratified_split(data.t, 0.2, 1);
///     const SparseDataset train = data.subset(split.train);
///     for (auto [x, t] : Minibatches(train, {.batch_size = 128, .seed = 1})) {
///       Variable loss = softmax_cross_entropy(model(x), t);
///       ...
///     }
struct SparseDataset {
  SparseDataset() = default;
  /// samples: (N, columns), labels: (N, ...), of any dtype. Errors: an empty matrix or array, labels without
  /// axes, different numbers of rows or devices.
  SparseDataset(CsrMatrix samples, Array labels);

  /// The number of samples, N.
  std::size_t size() const { return x.shape()[0]; }
  /// A copy of the samples at `indices`, in that order. Errors: an index >= N, named with its position.
  SparseDataset subset(const std::vector<std::size_t>& indices) const;
  /// A copy of the samples on a device, where minibatches are then gathered.
  SparseDataset to(Device device) const;

  CsrMatrix x;
  Array t;
  /// The names of the classes of t, in the order of their numbers; empty if a loader has not set them.
  std::vector<std::string> classes;

  // For structured bindings, `auto [x, t] = data`.
  template <std::size_t I>
  const auto& get() const {
    if constexpr (I == 0) {
      return x;
    } else {
      return t;
    }
  }
  template <std::size_t I>
  auto& get() {
    if constexpr (I == 0) {
      return x;
    } else {
      return t;
    }
  }
};

namespace detail {

// Errors: x and t differ in the number of rows or in the device.
void require_rows(const CsrMatrix& x, const Array& t);

}  // namespace detail

}  // namespace tenbin

template <>
struct std::tuple_size<tenbin::SparseDataset> : std::integral_constant<std::size_t, 2> {};
template <>
struct std::tuple_element<0, tenbin::SparseDataset> {
  using type = tenbin::CsrMatrix;
};
template <>
struct std::tuple_element<1, tenbin::SparseDataset> {
  using type = tenbin::Array;
};
