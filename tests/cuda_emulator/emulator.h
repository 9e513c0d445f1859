// The interface of the CUDA emulator for tests. README.md describes its behaviour and limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cuda_emulator {

/// Which runnable thread, or block, runs next: the lowest, the highest, or a random one. A kernel without a
/// race gives the same bits in all three orders. `first` is greedy - a thread that a barrier releases
/// continues at once - and so detects threads that overwrite what others still have to read.
enum class Order { first, last, random };

/// Before the first call, the order is that of the environment variable TENBIN_EMULATOR_ORDER (first, last or
/// random), or else first. The seed is for random.
void set_order(Order order, unsigned seed = 1);

/// Counts of all devices since the start of the program. Failed calls are not counted.
struct Counts {
  std::size_t launches;     ///< kernels put into a stream or a graph; without replays and cuBLAS
  std::size_t allocations;  ///< cudaMalloc, cudaMallocHost, cudaHostAlloc
  std::size_t
      synchronizations;  ///< of a stream, event or device; cudaMemcpy, cudaFree, copies to pageable memory
  std::size_t graph_launches;  ///< cudaGraphLaunch
};
Counts counts();

/// Sets the number of devices; before the first call it is TENBIN_EMULATOR_DEVICES, or else 2. With 0
/// cudaGetDeviceCount fails as it does without a driver.
void set_device_count(int count);

/// Sets the memory of each device, 16 GiB before the first call.
void set_device_memory(std::size_t bytes);

/// The failure of work that ran, if no synchronising call has reported it yet; empty if there is none. Clears
/// it, so that work runs again.
std::string take_failure();

}  // namespace cuda_emulator
