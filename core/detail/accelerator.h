// What code that is compiled for the CPU needs of a GPU: memory, copies, loops over elements, captured steps.
// Implemented in cuda/.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "tenbin/core/deferred_error.h"
#include "tenbin/core/device.h"
#include "tenbin/core/dtype.h"

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

/// y[i, ...] = x[indices[i], ...] for int64 indices on x's device, which the caller has checked.
Array gather_rows(const Array& x, const Array& indices);

/// Whether the calling thread is recording a graph.
bool is_capturing();
/// While a graph is recorded, registers `action`, to be called before every replay. No effect otherwise.
void on_replay(std::function<void()> action);
/// While a graph is recorded, keeps the array's memory for as long as the graph exists. Memory that is
/// allocated during the recording is kept anyway. No effect otherwise.
void keep_for_replay(const Array& array);

/// Options of a function, such as class weights: `values` on `device`, which may be the CPU, as `dtype`; an
/// empty array stays empty. While a graph is recorded, values from the CPU are copied at once, into memory
/// that the graph keeps: every replay uses the values of the recording.
Array constant(const Array& values, Device device, Dtype dtype);

/// Has a kernel check `values`, floating and on a device, converted to `dtype`. Errors, at the next read from
/// the device: `ldam_loss: margin must be finite and not negative, got -1 at 2`.
void require_finite(const std::string& function, const char* argument, const Array& values, Dtype dtype,
                    detail::Sign sign);

}  // namespace tenbin::accelerator
