// The caching allocator of one device. For .cu files; everything else asks gpu::allocate.
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace tenbin::gpu {

/// The memory that a recorded graph uses: its kernels write there at every replay, so nobody else may have it
/// while the graph lives.
struct GraphMemory {
  std::unordered_map<std::size_t, std::vector<void*>> free;  ///< by size; for more arrays of the recording
  std::unordered_map<void*, std::size_t> used;               ///< by arrays that are still alive
  std::vector<std::pair<void*, std::size_t>> held;           ///< older ones that died while it was recorded
};

/// Blocks of one device, kept for reuse when they are released. All work of a device is in one stream, so a
/// block can be handed on at once: what the next owner does to it comes after what the last one did.
class MemoryPool {
 public:
  void* allocate(std::size_t bytes);
  void release(void* block, std::size_t bytes) noexcept;
  /// Returns what is kept to the system.
  void release_cached() noexcept;

  /// From here on, blocks belong to the graph that is being recorded.
  void begin_recording(GraphMemory& memory);
  void end_recording();
  /// The graph dies: what its arrays do not hold any more is free for all.
  void give_back(GraphMemory& memory) noexcept;

  std::size_t cached_bytes() const;
  std::size_t system_allocations() const;

  static bool set_caching(bool caching);

 private:
  void* allocate_from_system(std::size_t bytes);
  void keep(void* block, std::size_t size);

  mutable std::mutex mutex_;
  std::unordered_map<std::size_t, std::vector<void*>> free_;  // by size
  std::unordered_map<void*, GraphMemory*> graph_of_;          // of blocks that a living graph owns
  std::unordered_set<void*> exact_;  // made without caching, too small for what the cache would take them for
  GraphMemory* recording_ = nullptr;
  std::size_t cached_bytes_ = 0;
  std::size_t system_allocations_ = 0;
};

}  // namespace tenbin::gpu
