#include "tenbin/cuda/staging.cuh"

#include <algorithm>
#include <cstring>

#include "tenbin/cuda/check.cuh"

namespace tenbin::gpu {

void Staging::upload(void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
  constexpr std::size_t alignment = 256;
  const std::lock_guard<std::mutex> lock(mutex_);
  prepare();
  for (std::size_t done = 0; done < bytes;) {
    if (filled_ == half_bytes) switch_halves(stream);
    const std::size_t part = std::min(bytes - done, half_bytes - filled_);
    char* const place = halves_[current_].memory + filled_;
    std::memcpy(place, static_cast<const char*>(from) + done, part);
    TENBIN_CUDA_CHECK(
        cudaMemcpyAsync(static_cast<char*>(to) + done, place, part, cudaMemcpyHostToDevice, stream));
    filled_ = std::min(half_bytes, (filled_ + part + alignment - 1) / alignment * alignment);
    done += part;
  }
}

void Staging::prepare() {
  for (Half& half : halves_) {
    if (half.copied != nullptr) continue;
    void* memory = half.memory;
    if (memory == nullptr) TENBIN_CUDA_CHECK(cudaMallocHost(&memory, half_bytes));
    half.memory = static_cast<char*>(memory);
    TENBIN_CUDA_CHECK(cudaEventCreateWithFlags(&half.copied, cudaEventDisableTiming));
  }
}

void Staging::switch_halves(cudaStream_t stream) {
  TENBIN_CUDA_CHECK(cudaEventRecord(halves_[current_].copied, stream));
  halves_[current_].in_flight = true;
  current_ = 1 - current_;
  filled_ = 0;
  Half& next = halves_[current_];
  if (!next.in_flight) return;
  if (cudaEventQuery(next.copied) != cudaSuccess) {
    cudaGetLastError();  // clears "not ready", which is no failure
    ++waits_;
    TENBIN_CUDA_CHECK(cudaEventSynchronize(next.copied));
  }
  next.in_flight = false;
}

}  // namespace tenbin::gpu
