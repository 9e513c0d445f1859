#include "tenbin/core/config.h"

namespace tenbin {

namespace detail {

Config& mutable_config() {
  thread_local Config config;
  return config;
}

}  // namespace detail

const Config& config() { return detail::mutable_config(); }

}  // namespace tenbin
