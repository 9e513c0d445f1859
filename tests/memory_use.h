// How much memory the test program uses, and how often it asks the system for it.
#pragma once

#include <cstddef>

namespace tenbin::testing {

/// Calls of operator new so far, on any thread. The tests' operator new counts them.
std::size_t allocation_count();

/// The next `count` calls of operator new fail, on any thread.
void refuse_allocations(std::size_t count);

/// The program's resident memory. Always 0 under AddressSanitizer, which keeps what is freed for a while.
std::size_t resident_bytes();

}  // namespace tenbin::testing
