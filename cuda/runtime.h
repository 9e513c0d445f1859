// What the rest of the library may ask of CUDA. Plain C++: no CUDA header is needed to include it.
// Implemented by runtime.cu, and by no_cuda.cpp in a build without CUDA.
#pragma once

#include <cstddef>

#include "tenbin/core/device.h"

namespace tenbin {
class Array;
}

namespace tenbin::gpu {

/// True if this build has the CUDA backend and a device can be used.
bool is_available();

/// A block of device memory. Errors: no such device, out of memory, a build without CUDA.
void* allocate(std::size_t bytes, int device);
void release(void* block, std::size_t bytes, int device) noexcept;

/// Copies between devices, or between a device and the CPU.
void copy(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes);

/// `to += from`, of one shape, dtype and device.
void add(Array& to, const Array& from);

}  // namespace tenbin::gpu
