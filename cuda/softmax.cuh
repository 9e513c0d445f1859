// What softmax makes of a row: its maximum and the sum of its exponentials. For .cu files.
#pragma once

#include <cmath>
#include <limits>

#include "tenbin/core/softmax.h"
#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

/// softmax(x)[c] = exp(x[c] - max) / sum. The sum is in double: where one element is far ahead, its logarithm
/// is of 1 plus very little.
template <class T>
struct ExponentialSum {
  T max;
  double sum;

  __device__ cpu::LogSum<T> log_sum() const { return {max, static_cast<T>(std::log(sum))}; }
};

/// Of `length` elements that are `stride` apart, for all threads of the group; all of them must come. Without
/// elements, or with -inf alone, the maximum is -inf. A NaN is not the maximum, but makes the sum NaN.
///
/// Two passes: the second finds a row of a classifier in the cache, and an exponential that has to be
/// rescaled whenever the maximum changes would cost more.
template <class Group, class T>
__device__ ExponentialSum<T> row_exponential_sum(Group, const T* x, Index length, Index stride = 1) {
  T max = -std::numeric_limits<T>::infinity();
  for (Index c = Group::rank(); c < length; c += Group::width) max = Larger()(max, x[c * stride]);
  max = Group::reduce(max, Larger());
  double sum = 0;
  for (Index c = Group::rank(); c < length; c += Group::width)
    sum += static_cast<double>(std::exp(x[c * stride] - max));
  return {max, Group::reduce(sum, Plus())};
}

/// The same, as what log_softmax needs: log softmax(x)[c] = (x[c] - max) - log_sum.
template <class Group, class T>
__device__ cpu::LogSum<T> row_log_sum(Group group, const T* x, Index length, Index stride = 1) {
  return row_exponential_sum(group, x, length, stride).log_sum();
}

}  // namespace tenbin::gpu
