// The GPU runtime: devices, waiting, caching, counts. Plain C++: it includes no CUDA header. Implemented by
// runtime.cu, and by no_cuda.cpp in a build without CUDA.
#pragma once

#include <cstddef>

namespace tenbin::gpu {

/// True if this build has the CUDA backend and a device can be used.
bool is_available();
/// The number of devices; 0 in a build without CUDA, or on a machine without a driver.
int device_count();

/// Waits until a device has done all its work, and throws the error that its kernels have recorded, such as
/// an invalid label. Reading a number from the device does the same.
void synchronize(int device = 0);

/// Whether the CPU waits for every kernel, so that the launch of a kernel throws its error. Slow; for
/// debugging. Initially on if the environment has TENBIN_CUDA_SYNC=1.
void set_synchronous(bool synchronous);
/// Whether released memory is kept for reuse. Without caching, every array is a separate allocation, so that
/// compute-sanitizer detects overruns. Initially off if the environment has TENBIN_CUDA_CACHE=0. Returns the
/// earlier setting.
bool set_caching(bool caching);
/// Returns cached memory to the system.
void release_cached(int device = 0);

/// Counts since the program started.
struct Stats {
  std::size_t system_allocations = 0;  ///< cudaMalloc and its like
  std::size_t synchronizations = 0;    ///< how often the CPU waited for the device
  std::size_t launches = 0;            ///< kernels, without those of cuBLAS
  std::size_t cached_bytes = 0;        ///< held for reuse now
};
Stats stats(int device = 0);

}  // namespace tenbin::gpu
