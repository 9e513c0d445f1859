// The caching allocator of one device. Plain C++; other code calls accelerator::allocate.
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace tenbin::gpu {

/// The memory of a recorded graph. Its kernels write there at every replay, so nothing else may use it while
/// the graph exists.
struct GraphMemory {
  std::unordered_map<std::size_t, std::vector<void*>> free;  ///< by size; for other arrays of the recording
  std::unordered_map<void*, std::size_t> used;               ///< with sizes; by arrays that exist
  std::vector<std::pair<void*, std::size_t>> held;           ///< older ones, released during the recording
};

/// Blocks of one device, kept for reuse when they are released. All work of a device is in one stream, so a
/// released block can be reused at once: work of its next owner runs after that of the last one.
class MemoryPool {
 public:
  void* allocate(std::size_t bytes);
  void release(void* block, std::size_t bytes) noexcept;
  /// Returns the cached blocks to the system.
  void release_cached() noexcept;

  /// From here on, blocks belong to the graph that is being recorded.
  void begin_recording(GraphMemory& memory);
  void end_recording();
  /// For a graph that is destroyed: makes blocks that no array uses available to all.
  void give_back(GraphMemory& memory) noexcept;

  std::size_t cached_bytes() const;
  std::size_t system_allocations() const;

  static bool set_caching(bool caching);

 private:
  void* allocate_from_system(std::size_t bytes);
  void keep(void* block, std::size_t size);

  mutable std::mutex mutex_;
  std::unordered_map<std::size_t, std::vector<void*>> free_;  // by size
  std::unordered_map<void*, GraphMemory*> graph_of_;          // of blocks that a graph owns
  std::unordered_set<void*> exact_;  // allocated without caching, at their exact size
  GraphMemory* recording_ = nullptr;
  std::size_t cached_bytes_ = 0;
  std::size_t system_allocations_ = 0;
};

}  // namespace tenbin::gpu
