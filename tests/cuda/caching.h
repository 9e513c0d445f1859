// Sets for the length of a scope whether GPUs cache released memory.
#pragma once

#include "tenbin/cuda/runtime.h"

namespace tenbin::testing {

class Caching {
 public:
  explicit Caching(bool on) : before_(gpu::set_caching(on)) {}
  ~Caching() { gpu::set_caching(before_); }
  Caching(const Caching&) = delete;
  Caching& operator=(const Caching&) = delete;

 private:
  const bool before_;
};

}  // namespace tenbin::testing
