#include "tenbin/comparison/network_settings.h"

#include "tenbin/core/text.h"

namespace tenbin {

std::string to_text(const NetworkSettings& network) {
  return detail::text_of(network.hidden == 0 ? "no" : std::to_string(network.hidden),
                         " hidden units, weight decay ", network.weight_decay, ", ", network.epochs,
                         network.epochs == 1 ? " epoch" : " epochs");
}

namespace detail {

std::vector<std::size_t> default_hidden() { return {64, 128, 16, 0}; }

}  // namespace detail

}  // namespace tenbin
