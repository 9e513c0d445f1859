// The maximum of a line and the sum of its exponentials, for softmax. For .cu files.
#pragma once

#include <cmath>
#include <limits>

#include "tenbin/core/log_sum.h"
#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

/// softmax(x)[c] = exp(x[c] - max) / sum. The terms below the largest are also summed separately: in a sum
/// with a much larger one they would be lost.
template <class T>
struct ExponentialSum {
  T max;
  double sum;
  double rest;  // of the terms below 1

  __device__ tenbin::detail::LogSum<T> log_sum() const {
    return {max, static_cast<T>(tenbin::detail::log_of_sum(sum, rest))};
  }
};

/// Calls `use(c, load(c))` for this thread's c in [0, length). Four loads are in flight at a time, to use the
/// memory's bandwidth.
template <class Group, class Load, class Use>
__device__ void for_each_in_line(Group, Index length, Load load, Use use) {
  Index c = Group::rank();
  for (; c + 3 * Group::width < length; c += 4 * Group::width) {
    const auto v0 = load(c);
    const auto v1 = load(c + Group::width);
    const auto v2 = load(c + 2 * Group::width);
    const auto v3 = load(c + 3 * Group::width);
    use(c, v0);
    use(c + Group::width, v1);
    use(c + 2 * Group::width, v2);
    use(c + 3 * Group::width, v3);
  }
  for (; c < length; c += Group::width) use(c, load(c));
}

/// For `length` elements at a distance of `stride`. All threads of the group must call it, and get the
/// result. Without elements, or if all are -inf, the maximum is -inf. A NaN is not the maximum, but makes the
/// sum NaN.
///
/// One pass, since a long line would not stay in the cache for a second one. When the maximum grows, the sum
/// is rescaled; this is done for four elements at a time and takes a quarter of an exponential per element.
template <class Group, class T>
__device__ ExponentialSum<T> line_exponential_sum(Group, const T* x, Index length, Index stride = 1) {
  const Larger larger;
  T max = std::numeric_limits<T>::lowest();  // -inf - -inf would be NaN
  int at_max = 0;                            // number of elements equal to max
  double rest = 0;                           // sum of the others' exponentials
  // Rescales the sum to a maximum that may have grown.
  const auto grow = [&](T grown) {
    if (grown > max) {
      rest += at_max;
      at_max = 0;
    }
    rest *= static_cast<double>(std::exp(max - grown));
    max = grown;
  };
  // The term of an element for `rest`, in double: in float, small terms would be lost beside a large one.
  const auto below = [&](T value) {
    const bool is_max = value == max;
    at_max += is_max ? 1 : 0;
    return static_cast<double>(is_max ? value - max : std::exp(value - max));  // 0, or NaN of infinity
  };
  Index c = Group::rank();
  for (; c + 3 * Group::width < length; c += 4 * Group::width) {
    const T v0 = x[c * stride];
    const T v1 = x[(c + Group::width) * stride];
    const T v2 = x[(c + 2 * Group::width) * stride];
    const T v3 = x[(c + 3 * Group::width) * stride];
    grow(larger(max, larger(larger(v0, v1), larger(v2, v3))));
    rest += (below(v0) + below(v1)) + (below(v2) + below(v3));
  }
  for (; c < length; c += Group::width) {
    const T value = x[c * stride];
    grow(larger(max, value));
    rest += below(value);
  }
  grow(Group::reduce(max, larger));
  rest = Group::reduce(rest, Plus());
  const double sum = rest + Group::reduce(at_max, Plus());
  return {sum == 0 ? -std::numeric_limits<T>::infinity() : max, sum, rest};
}

/// The same as a LogSum, for log_softmax: log softmax(x)[c] = (x[c] - max) - log_sum.
template <class Group, class T>
__device__ tenbin::detail::LogSum<T> line_log_sum(Group group, const T* x, Index length, Index stride = 1) {
  return line_exponential_sum(group, x, length, stride).log_sum();
}

}  // namespace tenbin::gpu
