// Samples and their labels.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Options of Dataset's constructor.
struct DatasetOptions {
  /// The label of rows that losses and metrics ignore. If given, labels of -1 and 1 are accepted.
  std::optional<std::int64_t> ignore_label = {};
};

/// Samples x and their labels t: row i of x belongs to row i of t. Copies share the arrays. A minibatch is a
/// Dataset too.
///
///     Dataset train(x, t);
///     auto [train_x, train_t] = train;
struct Dataset {
  Dataset() = default;
  /// samples: (N, ...), labels: (N, ...), of any dtype. Errors: an array without axes, different first axes
  /// or devices; integer labels on the CPU that are all -1 or 1, with both present: -1 is the default of
  /// `ignore_label`, so that the rows of that class would be ignored. See `labels_from_signs`.
  ///
  ///     Dataset reviewed(x, t, {.ignore_label = -1});  // -1 marks unlabelled rows
  Dataset(Array samples, Array labels, const DatasetOptions& options = {});

  /// The number of samples, N.
  std::size_t size() const { return !x || x.ndim() == 0 ? 0 : x.shape()[0]; }
  /// A copy of the samples at `indices`, in that order; with an index that occurs twice the result counts as
  /// resampled. Errors: an index >= N, named with its position.
  Dataset subset(const std::vector<std::size_t>& indices) const;
  /// A copy of the samples on a device. Minibatches and `subset` of a dataset on a GPU are gathered there.
  ///
  ///     const Dataset train = Dataset(x, t).to(Device::cuda(0));
  Dataset to(Device device) const;

  Array x;
  Array t;
  /// The name of the function that created, repeated or removed rows: "smote"; nullptr if the rows are as
  /// collected. The functions of resampling/ set it and `subset` keeps it, so that splits can refuse such
  /// data (datasets/split.h). It is lost where a Dataset is made from the arrays of another: resample after
  /// scaling, or copy the member.
  ///
  ///     Dataset scaled(scaler.transform(data.x), data.t);
  ///     scaled.resampled_by = data.resampled_by;
  const char* resampled_by = nullptr;

  // For structured bindings, `auto [x, t] = data`.
  template <std::size_t I>
  const Array& get() const {
    return I == 0 ? x : t;
  }
  template <std::size_t I>
  Array& get() {
    return I == 0 ? x : t;
  }
};

/// Class numbers for labels that are signs: 0 for -1 and 1 for 1, of the dtype and on the device of t. t:
/// int32 or int64. Errors: another value, named with its position.
///
///     Dataset train(x, labels_from_signs(t));
Array labels_from_signs(const Array& t);

namespace detail {

// Errors: x and t differ in the number of rows or in the device.
void require_rows(const Array& x, const Array& t);

// Errors: the arrays, of which `owner` is made, differ in the number of rows or in the device.
void require_rows(const char* owner, const Arrays& arrays);

// A copy of the rows at `indices` of each array. Precondition: `require_rows`. Errors: an index out of range.
Arrays rows_at(const char* function, const Arrays& arrays, const std::vector<std::size_t>& indices);

// A part of a data set whose labels have been checked. Precondition: `require_rows`.
Dataset part_of_dataset(Array x, Array t);

// int64 on the CPU: after a copy to the GPU, the argument of accelerator::gather_rows.
Array index_array(const std::vector<std::size_t>& indices);

}  // namespace detail

}  // namespace tenbin

template <>
struct std::tuple_size<tenbin::Dataset> : std::integral_constant<std::size_t, 2> {};
template <std::size_t I>
struct std::tuple_element<I, tenbin::Dataset> {
  using type = tenbin::Array;
};
