// Staging: asynchronous copies from the CPU through pinned memory. For .cu files.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <mutex>

namespace tenbin::gpu {

/// Pinned memory in two halves: one is filled while the other is copied to the device. A copy waits only if
/// the other half is still being copied when this one is full.
class Staging {
 public:
  /// Copies `bytes` into the stream; `from` may be reused at once.
  void upload(void* to, const void* from, std::size_t bytes, cudaStream_t stream);
  std::size_t waits() const { return waits_; }

 private:
  static constexpr std::size_t half_bytes = std::size_t{2} << 20;

  struct Half {
    char* memory = nullptr;
    cudaEvent_t copied = nullptr;
    bool in_flight = false;
  };

  void prepare();
  void switch_halves(cudaStream_t stream);

  std::mutex mutex_;
  Half halves_[2];
  std::size_t current_ = 0;
  std::size_t filled_ = 0;  // bytes of the current half
  std::size_t waits_ = 0;
};

}  // namespace tenbin::gpu
