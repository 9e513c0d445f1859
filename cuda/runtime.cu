// The GPU runtime: devices, waiting, counts.
#include "tenbin/cuda/runtime.h"

#include "tenbin/cuda/launch.cuh"

namespace tenbin::gpu {

int device_count() { return Context::device_count(); }

bool is_available() { return device_count() > 0; }

void synchronize(int device) {
  require_not_capturing("waiting for the device");
  Context::of(device).synchronize();
}

void set_synchronous(bool on) { synchronous() = on; }

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

}  // namespace tenbin::gpu
