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
  /// The label of rows that do not count, for losses and metrics. Given, labels of -1 and 1 are accepted.
  std::optional<std::int64_t> ignore_label = {};
};

/// Samples x and their labels t: row i of one belongs to row i of the other. Copies share the rows. A
/// minibatch is a Dataset too.
///
///     Dataset train(x, t);
///     auto [train_x, train_t] = train;
struct Dataset {
  Dataset() = default;
  /// samples: (N, ...), labels: (N, ...), of any dtype. Errors: an array without axes, first axes that
  /// differ, different devices; integer labels on the CPU that are all -1 or 1, both of which occur: -1 is
  /// the default of `ignore_label`, so that half of the rows would not count. See `labels_from_signs`.
  ///
  ///     Dataset reviewed(x, t, {.ignore_label = -1});  // class 1, and rows that nobody has labelled
  Dataset(Array samples, Array labels, const DatasetOptions& options = {});

  /// The number of samples, N.
  std::size_t size() const { return !x || x.ndim() == 0 ? 0 : x.shape()[0]; }
  /// The samples at `indices`, in that order, copied; an index may come more than once, which counts as
  /// resampling. Errors: an index that is not below N, named with its position.
  Dataset subset(const std::vector<std::size_t>& indices) const;
  /// The same samples on a device. Minibatches and `subset` of a dataset on a GPU are gathered there.
  ///
  ///     const Dataset train = Dataset(x, t).to(Device::cuda(0));
  Dataset to(Device device) const;

  Array x;
  Array t;
  /// What has made, doubled or dropped rows: "smote"; nullptr if the rows are as they were collected. The
  /// functions of resampling/ set it and `subset` keeps it, so that splits can refuse (datasets/split.h). A
  /// Dataset made from the arrays of another does not know it: resample after scaling, or hand it on.
  ///
  ///     Dataset scaled(scaler.transform(data.x), data.t);
  ///     scaled.resampled_by = data.resampled_by;
  const char* resampled_by = nullptr;

  // What `auto [x, t] = data` is made of.
  template <std::size_t I>
  const Array& get() const {
    return I == 0 ? x : t;
  }
  template <std::size_t I>
  Array& get() {
    return I == 0 ? x : t;
  }
};

/// Classes of labels that are signs: 0 for -1 and 1 for 1, of the dtype and on the device of t. t: int32 or
/// int64. Errors: another value, named with its position.
///
///     Dataset train(x, labels_from_signs(t));
Array labels_from_signs(const Array& t);

namespace detail {

// Errors: x and t do not have equally many rows on one device.
void require_rows(const Array& x, const Array& t);

// A part of a data set, whose labels were looked at when it was made. Precondition: `require_rows`.
Dataset part_of_dataset(Array x, Array t);

// Copies the rows of x at indices[0, count) into a new array. Precondition: x is on the CPU, the indices
// exist.
Array gather_rows(const Array& x, const std::size_t* indices, std::size_t count);

// int64 on the CPU: what gpu::gather_rows takes, once it is on the GPU.
Array index_array(const std::vector<std::size_t>& indices);

}  // namespace detail

}  // namespace tenbin

template <>
struct std::tuple_size<tenbin::Dataset> : std::integral_constant<std::size_t, 2> {};
template <std::size_t I>
struct std::tuple_element<I, tenbin::Dataset> {
  using type = tenbin::Array;
};
