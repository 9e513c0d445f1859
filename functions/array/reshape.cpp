#include "tenbin/functions/array/reshape.h"

namespace tenbin {

namespace {

// Prints as a Shape does, with -1 where it was given.
std::string to_text(const Reshape::Lengths& lengths) {
  detail::TextStream text;
  text << '(';
  for (std::size_t i = 0; i < lengths.size(); ++i) text << (i == 0 ? "" : ", ") << lengths[i].value;
  text << ')';
  return text.str();
}

}  // namespace

Shape Reshape::resolve(const Array& x) const {
  Shape shape;
  std::size_t unknown = shape_.size();
  for (const Length length : shape_) {
    if (length.value < -1)
      throw Error("reshape: a length must be -1 or above, got ", to_text(shape_), " for ", x);
    if (length.value == -1 && unknown != shape_.size())
      throw Error("reshape: only one length can be -1, got ", to_text(shape_), " for ", x);
    if (length.value == -1) unknown = shape.size();
    shape.push_back(length.value == -1 ? 1 : static_cast<std::size_t>(length.value));
  }
  const std::size_t known = element_count(shape);
  if (unknown != shape_.size() && known != 0) shape[unknown] = x.size() / known;
  const bool ambiguous = unknown != shape_.size() && known == 0;
  if (ambiguous || element_count(shape) != x.size())
    throw Error("reshape: ", x, " does not fit the shape ", to_text(shape_));
  return shape;
}

Arrays Reshape::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  input_shape_ = xs[0].shape();
  return {xs[0].reshape(resolve(xs[0]))};
}

Arrays Reshape::backward_cpu(const Arrays&, const Arrays& gys) { return {gys[0].reshape(input_shape_)}; }

}  // namespace tenbin
