// Runs a kernel: its blocks one after another, the threads of a block alternating at barriers only.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>

namespace cuda_emulator {

/// Throws Failure, with the lines at which threads wait, for barriers that cannot open and similar errors.
void run_kernel(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread);

}  // namespace cuda_emulator
