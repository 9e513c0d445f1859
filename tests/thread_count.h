// A number of threads for the length of a scope.
#pragma once

#include "tenbin/cpu/parallel.h"

namespace tenbin::testing {

struct ThreadCount {
  explicit ThreadCount(std::size_t count) { set_num_threads(count); }
  ~ThreadCount() { set_num_threads(before); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

  const std::size_t before = num_threads();
};

}  // namespace tenbin::testing
