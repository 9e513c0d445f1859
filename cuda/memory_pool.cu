#include "tenbin/cuda/memory_pool.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "tenbin/cuda/check.cuh"
#include "tenbin/cuda/relaxed_capture.cuh"

namespace tenbin::gpu {

namespace {

std::atomic<bool>& caching() {
  static std::atomic<bool> on = [] {
    const char* setting = std::getenv("TENBIN_CUDA_CACHE");
    return setting == nullptr || std::string(setting) != "0";
  }();
  return on;
}

// The size of the block for `bytes`. There are eight sizes per power of two, so that batches of slightly
// different lengths reuse each other's blocks. Without caching it is exact, so that tools detect overruns.
std::size_t block_size(std::size_t bytes) {
  constexpr std::size_t unit = 512;
  if (!caching()) return bytes == 0 ? 1 : bytes;
  std::size_t step = unit;
  while (step * 16 < bytes) step *= 2;
  return bytes == 0 ? unit : (bytes + step - 1) / step * step;
}

void free_block(void* block) noexcept {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  cudaThreadExchangeStreamCaptureMode(&mode);
  cudaFree(block);  // releasing memory does not throw, so a failure is ignored
  cudaThreadExchangeStreamCaptureMode(&mode);
}

void* take(std::unordered_map<std::size_t, std::vector<void*>>& free, std::size_t size) {
  const auto found = free.find(size);
  if (found == free.end() || found->second.empty()) return nullptr;
  void* const block = found->second.back();
  found->second.pop_back();
  return block;
}

}  // namespace

bool MemoryPool::set_caching(bool on) { return caching().exchange(on); }

void* MemoryPool::allocate(std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::size_t size = block_size(bytes);
  void* block = recording_ != nullptr ? take(recording_->free, size) : nullptr;
  if (block == nullptr && (block = take(free_, size)) != nullptr) cached_bytes_ -= size;
  if (block == nullptr) {
    block = allocate_from_system(size);
    if (!caching()) exact_.insert(block);
  }
  if (recording_ != nullptr) {
    recording_->used[block] = size;
    graph_of_[block] = recording_;
  }
  return block;
}

void* MemoryPool::allocate_from_system(std::size_t size) {
  const RelaxedCapture relaxed;
  void* block = nullptr;
  ++system_allocations_;
  if (cudaMalloc(&block, size) == cudaSuccess) return block;
  cudaGetLastError();
  for (auto& [kept_size, blocks] : free_) {  // frees the cached blocks and tries again
    for (void* kept : blocks) free_block(kept);
    blocks.clear();
  }
  cached_bytes_ = 0;
  TENBIN_CUDA_CHECK(cudaMalloc(&block, size));
  return block;
}

void MemoryPool::release(void* block, std::size_t bytes) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto owner = graph_of_.find(block);
  if (owner != graph_of_.end()) {
    GraphMemory& memory = *owner->second;
    const std::size_t size = memory.used[block];
    memory.used.erase(block);
    memory.free[size].push_back(block);
  } else if (recording_ != nullptr) {  // recorded kernels may read it at every replay
    recording_->held.emplace_back(block, block_size(bytes));
  } else {
    keep(block, block_size(bytes));
  }
}

void MemoryPool::keep(void* block, std::size_t size) {
  if (exact_.erase(block) != 0 || !caching()) return free_block(block);
  free_[size].push_back(block);
  cached_bytes_ += size;
}

void MemoryPool::release_cached() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [size, blocks] : free_)
    for (void* block : blocks) free_block(block);
  free_.clear();
  cached_bytes_ = 0;
}

void MemoryPool::begin_recording(GraphMemory& memory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  recording_ = &memory;
}

void MemoryPool::end_recording() {
  const std::lock_guard<std::mutex> lock(mutex_);
  recording_ = nullptr;
}

void MemoryPool::give_back(GraphMemory& memory) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& used : memory.used) graph_of_.erase(used.first);
  for (const auto& [size, blocks] : memory.free) {
    for (void* block : blocks) {
      graph_of_.erase(block);
      keep(block, size);
    }
  }
  for (const auto& [block, size] : memory.held) keep(block, size);
}

std::size_t MemoryPool::cached_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cached_bytes_;
}

std::size_t MemoryPool::system_allocations() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return system_allocations_;
}

}  // namespace tenbin::gpu
