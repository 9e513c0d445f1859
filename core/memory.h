// The caching allocator for CPU memory: arrays, graph nodes and small vectors all come from here, so that a
// training step that has warmed up asks the system for nothing.
#pragma once

#include <cstddef>

namespace tenbin::memory {

/// Every block is aligned to a cache line, which is also an AVX-512 register.
inline constexpr std::size_t alignment = 64;

/// A block of at least `bytes` bytes, uninitialised. Errors: std::bad_alloc.
void* allocate(std::size_t bytes);

/// Gives a block back to the calling thread's cache; `bytes` as it was asked for.
void release(void* block, std::size_t bytes) noexcept;

/// Returns the calling thread's cached blocks to the system.
void release_cached() noexcept;

/// Counts of the calling thread.
struct Stats {
  std::size_t cached_bytes;        ///< held for reuse
  std::size_t system_allocations;  ///< blocks fetched from the system so far
};
Stats stats() noexcept;

/// Classes whose objects come from the pool: nodes of the graph.
struct Pooled {
  static void* operator new(std::size_t bytes) { return allocate(bytes); }
  static void operator delete(void* block, std::size_t bytes) noexcept { release(block, bytes); }
};

}  // namespace tenbin::memory
