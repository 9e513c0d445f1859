#include "tenbin/links/embed_id.h"

#include "tenbin/links/detail/initial_values.h"

namespace tenbin {

EmbedID::EmbedID(std::size_t in_size, std::size_t out_size, const EmbedIDOptions& options)
    : Link("EmbedID"),
      in_size_(in_size),
      out_size_(out_size),
      dtype_(options.dtype),
      ignore_label_(options.ignore_label) {
  W = detail::initialized_param(*this, "W", options.initialW, Normal{1}, {in_size, out_size}, options.dtype);
}

LinkConfig EmbedID::get_config() const {
  LinkConfig config("EmbedID");
  config.set("in_size", in_size_).set("out_size", out_size_).set("dtype", dtype_);
  if (ignore_label_) config.set("ignore_label", *ignore_label_);
  return config;
}

EmbedID EmbedID::from_config(const LinkConfig& config) {
  EmbedIDOptions options;
  if (config.has("ignore_label")) options.ignore_label = config.integer("ignore_label");
  options.dtype = config.dtype("dtype");
  return EmbedID(config.size("in_size"), config.size("out_size"), options);
}

}  // namespace tenbin
