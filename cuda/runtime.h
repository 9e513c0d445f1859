// What the rest of the library may ask of CUDA. Plain C++: no CUDA header is needed to include it.
// Implemented by runtime.cu, and by no_cuda.cpp in a build without CUDA.
#pragma once

#include <cstddef>

namespace tenbin::gpu {

/// True if this build has the CUDA backend and a device can be used.
bool is_available();
/// How many devices there are; 0 in a build without CUDA, or on a machine without a driver.
int device_count();

/// Waits until a device has done all its work, and throws what its kernels have to report: a label out of
/// range, say. Reading a number from the device does the same.
void synchronize(int device = 0);

/// Whether kernels are waited for one by one, so that the one that fails is the one that throws. Slow; for
/// finding bugs. It starts from TENBIN_CUDA_SYNC=1 in the environment.
void set_synchronous(bool synchronous);
/// Whether released memory is kept for reuse. Without, every array is its own allocation, so that
/// compute-sanitizer sees what oversteps it. It starts from TENBIN_CUDA_CACHE=0 in the environment. Returns
/// what it was before.
bool set_caching(bool caching);
/// Returns the memory that is kept for reuse to the system.
void release_cached(int device = 0);

/// Counts since the program started.
struct Stats {
  std::size_t system_allocations = 0;  ///< cudaMalloc and its like
  std::size_t synchronizations = 0;    ///< how often the CPU waited for the device
  std::size_t launches = 0;            ///< kernels, those of cuBLAS aside
  std::size_t cached_bytes = 0;        ///< held for reuse now
};
Stats stats(int device = 0);

}  // namespace tenbin::gpu
