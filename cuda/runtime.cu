// The GPU runtime: devices, waiting, counts.
#include "tenbin/cuda/runtime.h"

#include <cstdlib>
#include <string>

#include "tenbin/core/function.h"
#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/elementwise.cuh"

namespace tenbin::gpu {

namespace {

std::atomic<bool>& synchronous() {
  static std::atomic<bool> on = [] {
    const char* setting = std::getenv("TENBIN_CUDA_SYNC");
    return setting != nullptr && std::string(setting) == "1";
  }();
  return on;
}

}  // namespace

int device_count() {
  static const int count = [] {
    int devices = 0;  // stays 0 without a driver
    const bool answered = cudaGetDeviceCount(&devices) == cudaSuccess;
    cudaGetLastError();
    return answered ? devices : 0;
  }();
  return count;
}

bool is_available() { return device_count() > 0; }

void synchronize(int device) {
  require_not_capturing("waiting for the device");
  Context::of(device).synchronize();
}

void set_synchronous(bool on) { synchronous() = on; }

bool is_synchronous() { return synchronous().load(std::memory_order_relaxed) && !is_capturing(); }

bool set_caching(bool on) {
  for (int device = 0; device < device_count(); ++device)
    if (Context::existing(device) != nullptr) release_cached(device);
  return MemoryPool::set_caching(on);
}

void release_cached(int device) {
  Context& context = Context::of(device);
  context.synchronize();
  context.pool().release_cached();
}

Stats stats(int device) {
  Context& context = Context::of(device);
  return {context.pool().system_allocations(), context.synchronizations(), context.launches,
          context.pool().cached_bytes()};
}

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
