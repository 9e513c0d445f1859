// Launch: launches a kernel in the device's stream, checks for errors, and counts. For .cu files.
#pragma once

#include <atomic>
#include <utility>

#include "tenbin/cuda/check.cuh"
#include "tenbin/cuda/context.cuh"

namespace tenbin::gpu {

/// Sizes and indices in kernels.
using Index = long long;

inline constexpr int block_threads = 256;

inline Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

/// The setting of `gpu::set_synchronous`; at first that of TENBIN_CUDA_SYNC.
std::atomic<bool>& synchronous();
/// Whether the CPU waits for every kernel. Never during a capture.
bool is_synchronous();

/// Errors: a step is being captured; `what` cannot be part of it.
void require_not_capturing(const char* what);

/// If `is_synchronous()`: waits for the stream. Errors: its work has failed.
void wait_if_synchronous(Context& context, const char* what, const char* file, int line);

/// Launches a kernel: `Launch(context, blocks, threads)(kernel, arguments...)`.
///
/// Errors: those of the launch; with TENBIN_CUDA_SYNC=1 also those of the kernel, with file and line of this
/// call.
class Launch {
 public:
  Launch(Context& context, dim3 grid, dim3 block, const char* file = __builtin_FILE(),
         int line = __builtin_LINE())
      : context_(context), file_(file), line_(line) {
    config_.gridDim = grid;
    config_.blockDim = block;
    config_.stream = context.stream();
  }

  template <class... Parameters, class... Arguments>
  void operator()(void (*kernel)(Parameters...), Arguments&&... arguments) const {
    check(cudaLaunchKernelEx(&config_, kernel, std::forward<Arguments>(arguments)...), "a kernel launch",
          file_, line_);
    context_.launches.fetch_add(1, std::memory_order_relaxed);
    wait_if_synchronous(context_, "a kernel", file_, line_);
  }

 private:
  Context& context_;
  const char* file_;
  int line_;
  cudaLaunchConfig_t config_{};
};

}  // namespace tenbin::gpu
