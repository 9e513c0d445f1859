// Arithmetic of elements as functors, for `back_end::map`. Internal.
#pragma once

namespace tenbin::detail {

struct Multiply {
  template <class T>
  constexpr T operator()(T a, T b) const {
    return a * b;
  }
};

struct Subtract {
  template <class T>
  constexpr T operator()(T a, T b) const {
    return a - b;
  }
};

}  // namespace tenbin::detail
