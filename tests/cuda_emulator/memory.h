// The emulated devices' memory, and pinned host memory: the owner of every address.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>

namespace cuda_emulator {

enum class Place { device, pinned, pageable };

/// The location of these bytes. Throws if they start in a known block and exceed it.
Place place_of(const void* address, std::size_t bytes);

/// The device whose memory contains the address, -1 if none.
int device_of(const void* address);

/// Throws, with code, unless all of these bytes are in a device's memory. `what` names them in the text.
void require_device(const void* address, std::size_t bytes, const char* what, cudaError_t code);

/// Throws if something was written beyond the end of a block, once for each block. Under AddressSanitizer the
/// sanitizer detects it.
void check_overruns();

/// The calling thread's current device.
int current_device();

}  // namespace cuda_emulator
