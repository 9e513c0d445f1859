#include "tenbin/links/mlp.h"

#include "tenbin/functions/noise/dropout.h"

namespace tenbin {

MLP::MLP(const std::vector<std::size_t>& sizes, const MLPOptions& options)
    : ChainList({}, "MLP"), activation_(options.activation), dropout_(options.dropout) {
  if (sizes.size() < 2)
    throw Error("MLP: expected the sizes of the input and of the output, got ", sizes.size(), " sizes");
  if (!activation_) throw Error("MLP: the activation is empty");
  if (!(dropout_ >= 0 && dropout_ < 1)) throw Error("MLP: dropout must be in [0, 1), got ", dropout_);
  LinearOptions linear;
  linear.initialW = options.initialW;
  linear.dtype = options.dtype;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    if (sizes[i] == 0) throw Error("MLP: only the first size can be 0, got 0 at ", i);
    append(i == 1 && sizes[0] == 0 ? Linear(sizes[1], linear) : Linear(sizes[i - 1], sizes[i], linear));
  }
}

template <class X>
Variable MLP::call(const X& x) const {
  if (!*this) throw Error("MLP: the link has been moved from");
  Variable h = (*this)[0](x);
  for (std::size_t i = 1; i < size(); ++i) {
    h = activation_(h);
    if (dropout_ > 0) h = dropout(h, dropout_);
    h = (*this)[i](h);
  }
  return h;
}

template Variable MLP::call(const Variable& x) const;
template Variable MLP::call(const CsrMatrix& x) const;

LinkConfig MLP::get_config() const {
  if (!*this) throw Error("MLP: the link has been moved from");
  const LinkConfig first = (*this)[0].get_config();
  std::vector<std::size_t> sizes = {first.size("in_size")};
  for (std::size_t i = 0; i < size(); ++i) {
    const LinkConfig layer = (*this)[i].get_config();
    if (layer.flag("nobias") || layer.dtype("dtype") != first.dtype("dtype"))
      throw Error("MLP: expected layers with b and of one dtype, got ", layer.dtype("dtype"),
                  layer.flag("nobias") ? " without b" : "", " as layer ", i, "; a Sequential can have them");
    sizes.push_back(layer.size("out_size"));
  }
  return LinkConfig("MLP")
      .set("sizes", sizes)
      .set("activation", std::vector<LinkConfig>{detail::config_of(activation_, "MLP: the activation")})
      .set("dropout", dropout_)
      .set("dtype", first.dtype("dtype"));
}

MLP MLP::from_config(const LinkConfig& config) {
  const std::vector<LinkConfig>& activation = config.children("activation");
  if (activation.size() != 1)
    throw Error("LinkConfig: MLP: expected one activation, got ", activation.size());
  MLPOptions options;
  options.activation = detail::function_of(activation[0]);
  options.dropout = config.number("dropout");
  options.dtype = config.dtype("dtype");
  return MLP(config.sizes("sizes"), options);
}

}  // namespace tenbin
