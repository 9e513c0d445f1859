// The GPU runtime: devices, copies, and what Array needs done to its elements.
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

template <class T>
void fill_with(Array& array, double value) {
  const T element = static_cast<T>(value);
  T* const out = array.data<T>();
  for_each(Context::of(array), array.size(), [=] __device__(Index i) { out[i] = element; });
}

template <class From, class To>
void convert_to(Array& to, const Array& from) {
  const From* const in = from.data<From>();
  To* const out = to.data<To>();
  for_each(Context::of(to), to.size(), [=] __device__(Index i) { out[i] = static_cast<To>(in[i]); });
}

template <class T>
void add_to(Array& to, const Array& from) {
  T* const sum = to.data<T>();
  const T* const more = from.data<T>();
  for_each(Context::of(to), to.size(),
           [=] __device__(Index i) { sum[i] = static_cast<T>(sum[i] + more[i]); });
}

template <class T>
void find_nan(const Array& array, std::int32_t* found) {
  const T* const x = array.data<T>();
  for_each(Context::of(array), array.size(), [=] __device__(Index i) {
    if (x[i] != x[i]) *found = 1;  // by whomever
  });
}

}  // namespace

int device_count() {
  static const int count = [] {
    int devices = 0;  // left as it is where there is no driver
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

void* allocate(std::size_t bytes, int device) { return Context::of(device).pool().allocate(bytes); }

void release(void* block, std::size_t bytes, int device) noexcept {
  // Arrays die anywhere, after a failed kernel or after main, where calls of CUDA fail.
  if (Context* const context = Context::existing(device)) context->pool().release(block, bytes);
}

void copy(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes) {
  if (bytes == 0) return;
  if (from_device.is_cpu()) {
    require_not_capturing("a copy from the CPU");
    Context::of(to_device.index).upload(to, from, bytes);
  } else if (to_device.is_cpu()) {
    require_not_capturing("reading from the device");
    Context::of(from_device.index).download(to, from, bytes);
  } else if (from_device == to_device) {
    const cudaStream_t stream = Context::of(to_device.index).stream();
    TENBIN_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream));
  } else {
    require_not_capturing("a copy between devices");
    Context::of(from_device.index).synchronize();
    const cudaStream_t stream = Context::of(to_device.index).stream();
    TENBIN_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream));
    Context::of(to_device.index).synchronize();  // `from` may be released, and written, on its own device
  }
}

void add(Array& to, const Array& from) {
  visit(to.dtype(), [&](auto zero) { add_to<decltype(zero)>(to, from); });
}

void fill(Array& array, double value) {
  visit(array.dtype(), [&](auto zero) { fill_with<decltype(zero)>(array, value); });
}

void convert(Array& to, const Array& from) {
  visit(from.dtype(), [&](auto from_zero) {
    visit(to.dtype(), [&](auto to_zero) { convert_to<decltype(from_zero), decltype(to_zero)>(to, from); });
  });
}

bool has_nan(const Array& array) {
  Array found = Array::zeros({}, Dtype::int32, array.device());
  visit_floating(array.dtype(),
                 [&](auto zero) { find_nan<decltype(zero)>(array, found.data<std::int32_t>()); });
  return found.item<int>() != 0;
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
