// The operations that core/ needs on a GPU: memory, copies, loops over elements. Implemented in cuda/.
#pragma once

#include <cstddef>

#include "tenbin/core/device.h"

namespace tenbin {
class Array;
}

namespace tenbin::accelerator {

/// A block of device memory. Errors: no such device, out of memory, a build without CUDA.
void* allocate(std::size_t bytes, int device);
void release(void* block, std::size_t bytes, int device) noexcept;

/// Copies between devices, or between a device and the CPU. A copy to the CPU waits for the device. Errors:
/// those that kernels have recorded; a copy from or to the CPU while a step is captured.
void copy(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes);

/// `to += from`, of one shape, dtype and device.
void add(Array& to, const Array& from);
/// Sets all elements.
void fill(Array& array, double value);
/// Copies elements to another dtype; of one shape and device.
void convert(Array& to, const Array& from);
/// Whether an element is NaN. Waits for the device.
bool has_nan(const Array& array);

/// While a graph is recorded, keeps the array's memory for as long as the graph exists. Memory that is
/// allocated during the recording is kept anyway. No effect otherwise.
void keep_for_replay(const Array& array);

}  // namespace tenbin::accelerator
