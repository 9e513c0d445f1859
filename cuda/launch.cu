// Launches: waiting for them one by one, and what cannot be captured.
#include "tenbin/cuda/launch.cuh"

#include <cstdlib>
#include <string>

#include "tenbin/core/function.h"
#include "tenbin/cuda/capture.h"

namespace tenbin::gpu {

std::atomic<bool>& synchronous() {
  static std::atomic<bool> on = [] {
    const char* setting = std::getenv("TENBIN_CUDA_SYNC");
    return setting != nullptr && std::string(setting) == "1";
  }();
  return on;
}

bool is_synchronous() { return synchronous().load(std::memory_order_relaxed) && !is_capturing(); }

void require_not_capturing(const char* what) {
  if (!is_capturing()) return;
  const std::string function = running_function();
  throw Error("CapturedStep: ", what, function.empty() ? "" : " in ", function,
              " cannot be part of a captured step: do it before or after, or make it an input or the result");
}

void wait_if_synchronous(Context& context, const char* what, const char* file, int line) {
  if (!is_synchronous()) return;
  const cudaError_t status = cudaStreamSynchronize(context.stream());
  if (status == cudaSuccess) return;
  const std::string function = running_function();
  check(status, (function.empty() ? what : what + (" of the " + function)).c_str(), file, line);
}

}  // namespace tenbin::gpu
