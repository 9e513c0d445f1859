// What tests ask of the CUDA emulator. What it does, and what it does not see: README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cuda_emulator {

/// Which of the threads, or blocks, that can run goes next: the lowest, the highest, or any. A kernel without
/// a race gives the same bits in all three. `first` is greedy - a thread that a barrier lets go runs on at
/// once - and so finds who overwrites what others have yet to read.
enum class Order { first, last, random };

/// Until it is called, the order is that of the environment variable TENBIN_EMULATOR_ORDER (first, last or
/// random), or else first. The seed is that of random.
void set_order(Order order, unsigned seed = 1);

/// Of all devices, since the program's start. A call that fails counts nothing.
struct Counts {
  std::size_t launches;     ///< kernels put into a stream or a graph; replays and cuBLAS do not count
  std::size_t allocations;  ///< cudaMalloc, cudaMallocHost, cudaHostAlloc
  std::size_t
      synchronizations;  ///< of a stream, event or device; cudaMemcpy, cudaFree, copies to pageable memory
  std::size_t graph_launches;  ///< cudaGraphLaunch
};
Counts counts();

/// The number of devices; until it is called, TENBIN_EMULATOR_DEVICES, or else 2. With 0 cudaGetDeviceCount
/// fails as it does without a driver.
void set_device_count(int count);

/// The memory of each device, 16 GiB until it is called.
void set_device_memory(std::size_t bytes);

/// What has failed in work that ran, and no synchronising call has reported yet; empty if nothing has.
/// Forgets it, so that work runs again.
std::string take_failure();

}  // namespace cuda_emulator
