#include "tenbin/links/sequential.h"

namespace tenbin {

Variable Sequential::operator()(const Variable& x) const {
  if (!*this) throw Error("Sequential: the link has been moved from");
  Variable h = x;
  for (const Layer& layer : layers_) h = layer.function(h);
  return h;
}

Variable Sequential::operator()(const CsrMatrix& x) const {
  if (!*this) throw Error("Sequential: the link has been moved from");
  if (layers_.empty() || layers_[0].of_sparse == nullptr)
    throw Error("Sequential: the first layer must take a CsrMatrix, as Linear does, for x ", x);
  Variable h = layers_[0].of_sparse(layers_[0], x);
  for (std::size_t i = 1; i < layers_.size(); ++i) h = layers_[i].function(h);
  return h;
}

void Sequential::throw_no_link(std::size_t i) const {
  if (i >= layers_.size())
    throw Error("Sequential: layer ", i, " is out of range for ", layers_.size(), " layers");
  const bool is_function = layers_[i].name.empty();
  throw Error("Sequential: layer ", i, " is ", is_function ? "a function" : "a link of another type");
}

}  // namespace tenbin
