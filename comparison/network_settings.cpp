#include "tenbin/comparison/network_settings.h"

namespace tenbin::detail {

std::vector<std::size_t> default_hidden() { return {64, 128, 16, 0}; }

}  // namespace tenbin::detail
