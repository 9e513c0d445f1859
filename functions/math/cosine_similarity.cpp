#include "tenbin/functions/math/cosine_similarity.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/functions/detail/arithmetic.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

namespace {

struct Magnitude {
  template <class T>
  constexpr T operator()(T x) const {
    return std::abs(x);
  }
};

// x / largest, whose square does not overflow.
struct Scale {
  template <class T>
  constexpr T operator()(T x, T largest) const {
    return largest > 0 ? x / largest : x;
  }
};

// Of vectors whose norm is largest * sqrt(square).
struct Direction {
  double eps;

  template <class T>
  constexpr T operator()(T x, T scaled, T largest, T square) const {
    const T length = std::sqrt(square);
    return largest * length <= static_cast<T>(eps) ? x / static_cast<T>(eps) : scaled / length;
  }
};

// The derivative of the direction with respect to its vector is `by_vector` (I - along direction direction'),
// times gy; along is 0 where eps stands for the norm. Zeros have none.
struct ByVector {
  double eps;

  template <class T>
  constexpr T operator()(T largest, T square, T gy) const {
    const T length = std::sqrt(square);
    if (largest == 0) return T{0};
    return largest * length <= static_cast<T>(eps) ? gy / static_cast<T>(eps) : gy / length / largest;
  }
};

struct Along {
  double eps;

  template <class T>
  constexpr T operator()(T largest, T square, T y) const {
    return largest * std::sqrt(square) <= static_cast<T>(eps) ? T{0} : y;
  }
};

struct Gradient {
  template <class T>
  constexpr T operator()(T direction, T other, T along, T by_vector) const {
    return by_vector * (other - along * direction);
  }
};

// The vectors of x along an axis. `kept` is x's shape with the length 1 there.
struct Vectors {
  Array direction;
  Array largest;  // the largest magnitude, of shape `kept`
  Array square;   // of the norm divided by it

  Vectors(const Array& x, const Shape& kept, double eps) {
    const auto spread = [&](const Array& of_vector) { return back_end::broadcast_to(of_vector, x.shape()); };
    largest = back_end::max_to(back_end::map(Magnitude(), x), kept);
    const Array scaled = back_end::map(Scale(), x, spread(largest));
    square = back_end::sum_to(back_end::map(detail::Multiply(), scaled, scaled), kept);
    direction = back_end::map(Direction{eps}, x, scaled, spread(largest), spread(square));
  }
};

}  // namespace

Arrays CosineSimilarity::TENBIN_FORWARD(const Arrays& xs) {
  retain_outputs({0});
  shapes_ = reduce_shape(*this, xs[0], {axis_});
  const Vectors a(xs[0], shapes_.kept, eps_), b(xs[1], shapes_.kept, eps_);
  const Array y = back_end::sum_to(back_end::map(detail::Multiply(), a.direction, b.direction), shapes_.kept);
  return {y.reshape(shapes_.result)};
}

Arrays CosineSimilarity::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array y = retained_output(0).reshape(shapes_.kept);
  const Array gy = gys[0].reshape(shapes_.kept);
  const Vectors a(xs[0], shapes_.kept, eps_), b(xs[1], shapes_.kept, eps_);
  const auto gradient = [&](std::size_t input, const Vectors& of, const Vectors& other) {
    if (!needs_grad(input)) return Array();
    const Array along = back_end::map(Along{eps_}, of.largest, of.square, y);
    const Array by_vector = back_end::map(ByVector{eps_}, of.largest, of.square, gy);
    const Shape& shape = of.direction.shape();
    return back_end::map(Gradient(), of.direction, other.direction, back_end::broadcast_to(along, shape),
                         back_end::broadcast_to(by_vector, shape));
  };
  return {gradient(0, a, b), gradient(1, b, a)};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void CosineSimilarity::check(const Arrays& xs) const {
  require_floating(*this, "x0", xs[0]);
  require_same_dtype(*this, "x0", xs[0], "x1", xs[1]);
  require_same_shape(*this, "x0", xs[0], "x1", xs[1]);
  require_axis(*this, xs[0], axis_);
  const bool is_positive = xs[0].dtype() == Dtype::float32 ? static_cast<float>(eps_) > 0 : eps_ > 0;
  if (!is_positive || !std::isfinite(eps_))
    throw Error("cosine_similarity: eps must be positive and finite in ", xs[0].dtype(), ", got ", eps_);
}

TENBIN_NO_GPU(CosineSimilarity);

#endif

}  // namespace tenbin
