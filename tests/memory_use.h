// The memory use of the test program, and its number of allocations from the system.
#pragma once

#include <cstddef>

namespace tenbin::testing {

/// The number of calls of operator new so far, in all threads. The tests' operator new counts them.
std::size_t allocation_count();

/// While one exists, operator new of the calling thread succeeds `successes` times, then throws
/// std::bad_alloc `failures` times, then succeeds again.
class FailingMemory {
 public:
  static constexpr std::size_t always = ~std::size_t{0};
  [[nodiscard]] explicit FailingMemory(std::size_t successes, std::size_t failures = always);
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;
  ~FailingMemory();
};

/// The program's resident memory. Always 0 under AddressSanitizer, which keeps released memory for a while.
std::size_t resident_bytes();

}  // namespace tenbin::testing
