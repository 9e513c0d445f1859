#include "tenbin/links/sequential.h"

#include "tenbin/links/network.h"

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

LinkConfig Sequential::get_config() const {
  if (!*this) throw Error("Sequential: the link has been moved from");
  std::vector<LinkConfig> layers;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    layers.push_back(layer.config != nullptr
                         ? layer.config(layer.function, i)
                         : detail::config_of(layer.function, "Sequential: layer " + std::to_string(i)));
    if (layer.config != nullptr) detail::link_kind(layers.back().kind());
  }
  return LinkConfig("Sequential").set("layers", std::move(layers));
}

Sequential Sequential::from_config(const LinkConfig& config) {
  Sequential made;
  for (const LinkConfig& layer : config.children("layers")) {
    if (detail::is_function(layer)) {
      made.append(detail::function_of(layer));
    } else {
      detail::link_kind(layer.kind()).append_to(made, layer);
    }
  }
  return made;
}

void Sequential::throw_no_config(std::size_t i) {
  throw Error("Sequential: layer ", i,
              " is a link that does not describe itself: give it the functions "
              "get_config and from_config, and a name by register_link");
}

void Sequential::throw_no_link(std::size_t i) const {
  if (i >= layers_.size())
    throw Error("Sequential: layer ", i, " is out of range for ", layers_.size(), " layers");
  const bool is_function = layers_[i].name.empty();
  throw Error("Sequential: layer ", i, " is ", is_function ? "a function" : "a link of another type");
}

}  // namespace tenbin
