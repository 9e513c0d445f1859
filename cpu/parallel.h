// The library's threads. Neither the tasks nor the bits of the results depend on their number.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace tenbin {

/// The number of threads that large operations may use, including the caller's. The default is the
/// environment variable TENBIN_NUM_THREADS, or the number of processors that the process may use, by its
/// affinity (taskset, Slurm) and by the quotas of its control groups (containers), rounded up. It is
/// determined when first needed. Errors: zero, more than 1024.
void set_num_threads(std::size_t count);
std::size_t num_threads();

namespace detail {

void parallel_for(std::size_t count, void (*call)(void* task, std::size_t i), void* task);

}  // namespace detail

/// Calls `task(i)` once for every i in [0, count), on several threads if possible. Returns when all are done;
/// an exception of a task is rethrown here. A task must not write where another one reads or writes. Tasks
/// run in the caller's modes (`NoBackprop`, `TestMode`, ...). Allocates nothing once its threads exist. May
/// be called at exit, also from destructors of static objects, and in a child of fork.
///
///     parallel_for(rows, [&](std::size_t i) { sums[i] = sum_of_row(i); });
template <class Task>
void parallel_for(std::size_t count, Task&& task) {
  using T = std::remove_reference_t<Task>;
  const auto call = [](void* context, std::size_t i) { (*static_cast<T*>(context))(i); };
  detail::parallel_for(count, call, const_cast<std::remove_const_t<T>*>(std::addressof(task)));
}

/// Calls `task(begin, end)` for ranges that together are [0, count), on several threads if there is enough
/// work for them: each range has `worthwhile` elements or more, which should take longer than to wake a
/// thread, 20 us. Fewer than twice as many are one range, in the calling thread.
///
///     parallel_ranges(size, 1 << 16, [&](std::size_t begin, std::size_t end) { ... });
template <class Task>
void parallel_ranges(std::size_t count, std::size_t worthwhile, Task&& task) {
  const std::size_t ranges = count / worthwhile;
  if (ranges < 2) return task(std::size_t{0}, count);
  parallel_for(ranges, [&](std::size_t i) { task(count * i / ranges, count * (i + 1) / ranges); });
}

}  // namespace tenbin
