// The emulated devices' memory, and pinned host memory: who owns which address.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>

namespace cuda_emulator {

enum class Place { device, pinned, pageable };

/// Where these bytes lie. Throws if they begin in a known block and go beyond it.
Place place_of(const void* address, std::size_t bytes);

/// The device that holds the address, -1 if none does.
int device_of(const void* address);

/// Throws, with code, unless a device holds all of these bytes. `what` names them in the text.
void require_device(const void* address, std::size_t bytes, const char* what, cudaError_t code);

/// Throws if something was written behind the end of a block, once for each block. Under AddressSanitizer it
/// is that which watches.
void check_overruns();

/// The device that the calling thread has set.
int current_device();

}  // namespace cuda_emulator
