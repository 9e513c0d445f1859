// The caching allocator for CPU memory. Arrays, graph nodes and small vectors use it, so that after warm-up a
// training step allocates nothing from the system.
#pragma once

#include <cstddef>

namespace tenbin::memory {

/// Every block is aligned to a cache line, which is also the size of an AVX-512 register.
inline constexpr std::size_t alignment = 64;

/// A block of at least `bytes` bytes, uninitialised. If the system has no memory left, the calling thread's
/// cached blocks and the shared ones are returned to it first. Errors: std::bad_alloc.
void* allocate(std::size_t bytes);

/// Releases a block, from any thread; `bytes` as in `allocate`. The calling thread caches up to 16 MiB;
/// further blocks are shared with all threads.
void release(void* block, std::size_t bytes) noexcept;

/// Returns the calling thread's cached blocks and the shared ones to the system.
void release_cached() noexcept;

/// The most bytes that the process caches, in all threads together; further blocks are returned to the
/// system. The default is 1 GiB, or an eighth of the machine's memory if that is less.
///
///     memory::set_max_cached_bytes(64 << 20);  // in a container of 512 MiB
std::size_t max_cached_bytes() noexcept;
void set_max_cached_bytes(std::size_t bytes) noexcept;

/// Counts of the calling thread and of the shared blocks.
struct Stats {
  std::size_t cached_bytes;        ///< held for reuse by this thread
  std::size_t system_allocations;  ///< blocks fetched from the system so far
  std::size_t shared_bytes;        ///< held for reuse by any thread
};
Stats stats() noexcept;

/// Base of classes whose objects use this allocator, such as the nodes of the graph.
struct Pooled {
  static void* operator new(std::size_t bytes) { return allocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { release(block, bytes); }
};

}  // namespace tenbin::memory
