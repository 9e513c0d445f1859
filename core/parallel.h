// The library's threads. How work is cut never depends on their number, so neither do the results' bits.
#pragma once

#include <cstddef>
#include <functional>

namespace tenbin {

/// How many threads large operations may use, the caller's included. The default is TENBIN_NUM_THREADS, or
/// the number of processors. Errors: zero.
void set_num_threads(std::size_t count);
std::size_t num_threads();

/// Calls `task(i)` once for every i in [0, count), on several threads if there are any. Returns when all are
/// done; an exception of a task is rethrown here. A task must not write where another one reads or writes.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& task);

}  // namespace tenbin
