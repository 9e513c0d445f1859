// How much memory the test program uses, and how often it asks the system for it.
#pragma once

#include <cstddef>

namespace tenbin::testing {

/// Calls of operator new so far, on any thread. The tests' operator new counts them.
std::size_t allocation_count();

/// While one lives, operator new of the calling thread succeeds `successes` times, then throws
/// std::bad_alloc `failures` times, then succeeds again.
class FailingMemory {
 public:
  static constexpr std::size_t always = ~std::size_t{0};
  [[nodiscard]] explicit FailingMemory(std::size_t successes, std::size_t failures = always);
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;
  ~FailingMemory();
};

/// The program's resident memory. Always 0 under AddressSanitizer, which keeps what is freed for a while.
std::size_t resident_bytes();

}  // namespace tenbin::testing
