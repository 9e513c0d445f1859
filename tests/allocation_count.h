// How often the program has asked the system for memory.
#pragma once

#include <cstddef>

namespace tenbin::testing {

/// Calls of operator new so far, on any thread. The tests' operator new counts them.
std::size_t allocation_count();

}  // namespace tenbin::testing
