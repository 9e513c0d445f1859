// The contrastive loss of one pair. The same on the CPU and in kernels. Internal.
#pragma once

#include <cmath>
#include <cstddef>

namespace tenbin::detail {

template <class T, class LabelType>
struct PairElements {
  const T* squared_distance;
  const LabelType* label;
  T margin;

  constexpr T loss(std::size_t i) const {
    if (label[i] == 1) return squared_distance[i] / 2;
    const T missing = missing_distance(i);
    return missing * missing / 2;
  }

  // With respect to the squared distance. That of a distance 0 is -inf: as the distance's own gradient is 0
  // there, 0 stands for it.
  constexpr T gradient(std::size_t i, T gy) const {
    if (label[i] == 1) return gy / 2;
    const T distance = std::sqrt(squared_distance[i]);
    return distance == 0 ? T{0} : -gy * (missing_distance(i) / distance) / 2;
  }

 private:
  // NaN stays NaN.
  constexpr T missing_distance(std::size_t i) const {
    const T missing = margin - std::sqrt(squared_distance[i]);
    return missing < 0 ? T{0} : missing;
  }
};

}  // namespace tenbin::detail
