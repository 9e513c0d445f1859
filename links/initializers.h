// Initial values of parameters.
#pragma once

#include <functional>

#include "tenbin/core/array.h"

namespace tenbin {

/// Anything that makes a CPU array of a given shape and floating dtype: one of the structs below, or a
/// lambda. Random initializers draw from `random::default_generator()`.
///
///     Linear(784, 256, {.initialW = HeNormal()})
using Initializer = std::function<Array(const Shape&, Dtype)>;

/// Every element is `value`. Errors: values given as an Array have another shape.
struct Constant {
  explicit Constant(double value) : values(Array::scalar(value, Dtype::float64)) {}
  explicit Constant(Array array) : values(std::move(array)), is_array(true) {}
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;

  Array values;
  bool is_array = false;
};

/// Every element is 0.
struct Zero {
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Every element is 1.
struct One {
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Gaussian of mean 0 and standard deviation `scale`.
struct Normal {
  double scale = 0.05;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Uniform in [-scale, scale).
struct Uniform {
  double scale = 0.05;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

// The other initializers scale with the fans of a weight (out, in, k1, ...): fan_in = in k1 ..., fan_out =
// out k1 .... Errors: a shape of fewer than two axes.

/// Gaussian, deviation = scale sqrt(1 / fan_in) (LeCun et al., "Efficient BackProp", 1998). The default of
/// Linear.
struct LeCunNormal {
  double scale = 1;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Uniform within scale sqrt(3 / fan_in).
struct LeCunUniform {
  double scale = 1;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Gaussian, deviation = scale sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio, AISTATS 2010).
struct GlorotNormal {
  double scale = 1;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Uniform within scale sqrt(6 / (fan_in + fan_out)).
struct GlorotUniform {
  double scale = 1;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Gaussian, deviation = scale sqrt(2 / fan_in) (He et al., "Delving deep into rectifiers", ICCV 2015).
struct HeNormal {
  double scale = 1;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

/// Uniform within scale sqrt(6 / fan_in).
struct HeUniform {
  double scale = 1;
  Array operator()(const Shape& shape, Dtype dtype = Dtype::float32) const;
};

}  // namespace tenbin
