#include "tenbin/links/initializers.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/random.h"

namespace tenbin {

namespace {

struct Fans {
  double in;
  double out;
};

// At least 1, so that a weight without elements causes no division by zero.
Fans fans(const Shape& shape) {
  if (shape.size() < 2)
    throw Error("Initializer: expected a weight of two axes or more, got the shape ", shape);
  const std::size_t kernel = element_count(Shape(shape.begin() + 2, shape.end()));
  const auto fan = [&](std::size_t units) {
    return static_cast<double>(std::max<std::size_t>(units * kernel, 1));
  };
  return {fan(shape[1]), fan(shape[0])};
}

Array normal(const Shape& shape, double deviation, Dtype dtype) {
  return random::default_generator().normal(shape, 0, deviation, dtype);
}

Array uniform(const Shape& shape, double bound, Dtype dtype) {
  return random::default_generator().uniform(shape, -bound, bound, dtype);
}

}  // namespace

Array Constant::operator()(const Shape& shape, Dtype dtype) const {
  if (!is_array) return Array::full(shape, values.item(), dtype);
  if (values.shape() != shape) throw Error("Constant: expected values of shape ", shape, ", got ", values);
  return values.to(Device::cpu()).astype(dtype).copy();
}

Array Zero::operator()(const Shape& shape, Dtype dtype) const { return Array::zeros(shape, dtype); }

Array One::operator()(const Shape& shape, Dtype dtype) const { return Array::ones(shape, dtype); }

Array Normal::operator()(const Shape& shape, Dtype dtype) const { return normal(shape, scale, dtype); }

Array Uniform::operator()(const Shape& shape, Dtype dtype) const { return uniform(shape, scale, dtype); }

Array LeCunNormal::operator()(const Shape& shape, Dtype dtype) const {
  return normal(shape, scale * std::sqrt(1 / fans(shape).in), dtype);
}

Array LeCunUniform::operator()(const Shape& shape, Dtype dtype) const {
  return uniform(shape, scale * std::sqrt(3 / fans(shape).in), dtype);
}

Array GlorotNormal::operator()(const Shape& shape, Dtype dtype) const {
  return normal(shape, scale * std::sqrt(2 / (fans(shape).in + fans(shape).out)), dtype);
}

Array GlorotUniform::operator()(const Shape& shape, Dtype dtype) const {
  return uniform(shape, scale * std::sqrt(6 / (fans(shape).in + fans(shape).out)), dtype);
}

Array HeNormal::operator()(const Shape& shape, Dtype dtype) const {
  return normal(shape, scale * std::sqrt(2 / fans(shape).in), dtype);
}

Array HeUniform::operator()(const Shape& shape, Dtype dtype) const {
  return uniform(shape, scale * std::sqrt(6 / fans(shape).in), dtype);
}

}  // namespace tenbin
